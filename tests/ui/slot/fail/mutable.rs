//! Nobody has to change the slot itself.

use os_session::{Slot, scope, slot};

#[slot]
static mut CART: Slot<u32, scope::User> = Slot::persistent("cart");

fn main() {}
