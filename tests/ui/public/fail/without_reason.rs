use os_session::public;

#[public]
async fn home() {}

fn main() {}
