use os_session::connected;

#[connected(opt, force_unconnected, allow = "admin")]
async fn home() {}

fn main() {}
