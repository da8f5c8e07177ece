use os_session::connected;

#[connected(state = "App")]
async fn home() {}

fn main() {}
