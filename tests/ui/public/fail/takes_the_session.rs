use os_session::{Session, public};

#[public(reason = "the shop window")]
async fn home(_: Session) {}

fn main() {}
