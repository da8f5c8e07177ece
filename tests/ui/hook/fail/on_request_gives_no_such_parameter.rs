use os_session::{UserId, on_request};

#[on_request]
async fn hook(_: UserId) {}

fn main() {}
