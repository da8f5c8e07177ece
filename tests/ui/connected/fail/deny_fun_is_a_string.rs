use os_session::connected;

#[connected(allow = "admin", deny_fun = "sorry")]
async fn home() {}

fn main() {}
