use os_session::connected;

#[connected(allow = "admin")]
#[connected(deny = "banned")]
async fn home() {}

fn main() {}
