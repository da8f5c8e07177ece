use os_session::public;

#[public(reason = "the shop window")]
fn home() {}

fn main() {}
