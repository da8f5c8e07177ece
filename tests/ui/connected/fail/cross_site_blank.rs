use os_session::connected;

#[connected(cross_site = "")]
async fn home() {}

fn main() {}
