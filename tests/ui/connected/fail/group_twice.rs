use os_session::connected;

#[connected(allow = ["admin", "staff", "admin"])]
async fn home() {}

fn main() {}
