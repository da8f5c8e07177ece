use os_session::connected;

#[connected(crate = "os_session")]
async fn home() {}

fn main() {}
