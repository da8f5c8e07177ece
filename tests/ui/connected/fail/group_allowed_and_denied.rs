use os_session::connected;

#[connected(allow = ["admin", "staff"], deny = "admin")]
async fn home() {}

fn main() {}
