use os_session::{UserId, on_denied_request};

#[on_denied_request]
async fn hook(_: UserId) {}

fn main() {}
