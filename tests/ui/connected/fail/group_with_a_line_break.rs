use os_session::connected;

#[connected(allow = "admin\n")]
async fn home() {}

fn main() {}
