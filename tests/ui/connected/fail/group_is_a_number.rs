use os_session::connected;

#[connected(allow = 3)]
async fn home() {}

fn main() {}
