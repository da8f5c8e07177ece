//! A slot is no function.

use os_session::slot;

#[slot]
async fn cart() {}

fn main() {}
