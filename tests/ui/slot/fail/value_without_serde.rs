//! A store keeps what serde can write and read.

use os_session::{Slot, scope};

struct Cart;

static CART: Slot<Cart, scope::UserIndepSession> = Slot::persistent("cart");

fn main() {}
