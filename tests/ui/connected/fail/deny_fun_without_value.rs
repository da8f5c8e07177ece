use os_session::connected;

#[connected(deny_fun)]
async fn home() {}

fn main() {}
