use os_session::public;

#[public(reason = "the shop window", crate = "os_session")]
async fn home() {}

fn main() {}
