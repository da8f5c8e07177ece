//! A constant would be another slot wherever it is named.

use os_session::{Slot, scope, slot};

#[slot]
const CART: Slot<u32, scope::User> = Slot::persistent("cart");

fn main() {}
