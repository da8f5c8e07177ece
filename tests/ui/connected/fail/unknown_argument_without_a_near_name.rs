use os_session::connected;

#[connected(role = "admin")]
async fn home() {}

fn main() {}
