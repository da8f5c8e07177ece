use os_session::{UserId, public};

#[public(reason = "the shop window")]
async fn home(_: Option<UserId>) {}

fn main() {}
