use os_session::connected;

#[connected(allow = groups::admin)]
async fn home() {}

fn main() {}
