//! Only slots can be known as such.

use os_session::slot;

#[slot(name = "cart")]
static CART: u32 = 7;

#[slot]
static ORDERS: u32 = 7;

fn main() {}
