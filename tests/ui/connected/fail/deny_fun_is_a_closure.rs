use os_session::connected;

#[connected(allow = "admin", deny_fun = || async {})]
async fn home() {}

fn main() {}
