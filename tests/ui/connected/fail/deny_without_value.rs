use os_session::connected;

#[connected(deny = )]
async fn home() {}

fn main() {}
