use os_session::connected;

#[connected(allow = "admin", allow = "staff")]
async fn home() {}

fn main() {}
