use os_session::connected;

async fn sorry(_: u8) {}

#[connected(allow = "admin", deny_fun = sorry)]
async fn home() {}

fn main() {}
