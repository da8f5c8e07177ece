use os_session::connected;

#[connected(deny = "banned ")]
async fn home() {}

fn main() {}
