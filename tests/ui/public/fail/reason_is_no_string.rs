use os_session::public;

#[public(reason = shop)]
async fn home() {}

fn main() {}
