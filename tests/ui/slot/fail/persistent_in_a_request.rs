//! Nothing outlives its request there.

use os_session::{Slot, scope};

static SEEN: Slot<u32, scope::Request> = Slot::persistent("seen");

fn main() {}
