use os_session::public;

#[public(reason = "the shop", reason = "the window")]
async fn home() {}

fn main() {}
