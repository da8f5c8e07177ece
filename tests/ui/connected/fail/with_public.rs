use os_session::{connected, public};

#[connected]
#[public(reason = "a mistake")]
async fn home() {}

fn main() {}
