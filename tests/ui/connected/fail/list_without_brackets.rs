use os_session::connected;

#[connected(allow = "admin", "staff")]
async fn home() {}

fn main() {}
