use os_session::connected;

#[connected(allow = b"admin")]
async fn home() {}

fn main() {}
