use os_session::public;

#[public(reason = "the shop")]
#[public(reason = "the window")]
async fn home() {}

fn main() {}
