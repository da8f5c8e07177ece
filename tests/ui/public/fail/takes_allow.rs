use os_session::public;

#[public(reason = "the shop window", allow = "admin")]
async fn home() {}

fn main() {}
