use os_session::connected;

#[connected(allow = bool, state = ())]
async fn home() {}

fn main() {}
