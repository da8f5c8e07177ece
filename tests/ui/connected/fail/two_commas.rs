use os_session::connected;

#[connected(allow = "admin",, opt)]
async fn home() {}

fn main() {}
