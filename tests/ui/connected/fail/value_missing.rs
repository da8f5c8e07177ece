use os_session::connected;

#[connected(allow)]
async fn home() {}

fn main() {}
