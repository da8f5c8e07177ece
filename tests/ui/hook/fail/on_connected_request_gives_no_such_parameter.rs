use os_session::{Denial, on_connected_request};

#[on_connected_request]
async fn hook(_: Denial) {}

fn main() {}
