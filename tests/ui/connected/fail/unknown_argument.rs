use os_session::connected;

#[connected(alow = "admin")]
async fn home() {}

fn main() {}
