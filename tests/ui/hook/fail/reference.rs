use os_session::{UserId, on_open_session};

#[on_open_session]
async fn greet(_: &UserId) {}

fn main() {}
