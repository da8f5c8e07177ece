use os_session::connected;

#[connected(deny = !"staff")]
async fn home() {}

fn main() {}
