use os_session::public;

#[public(reason)]
async fn home() {}

fn main() {}
