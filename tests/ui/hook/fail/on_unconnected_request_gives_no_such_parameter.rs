use os_session::{UserId, on_unconnected_request};

#[on_unconnected_request]
async fn hook(_: Option<UserId>) {}

fn main() {}
