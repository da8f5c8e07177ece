use os_session::public;

#[public("the shop window")]
async fn home() {}

fn main() {}
