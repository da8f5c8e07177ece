use os_session::connected;

#[connected(force_unconnected)]
async fn home() {}

fn main() {}
