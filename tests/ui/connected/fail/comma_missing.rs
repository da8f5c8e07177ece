use os_session::connected;

#[connected(allow = "admin" deny = "banned")]
async fn home() {}

fn main() {}
