//! A store finds a value by its name.

use os_session::{Slot, scope};

static SEEN: Slot<u32, scope::User> = Slot::persistent("");

fn main() {}
