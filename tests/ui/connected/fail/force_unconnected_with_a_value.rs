use os_session::connected;

#[connected(opt, force_unconnected = "always")]
async fn home() {}

fn main() {}
