use os_session::connected;

#[connected(opt = true)]
async fn home() {}

fn main() {}
