use os_session::connected;

#[connected(allow = admin)]
async fn home() {}

fn main() {}
