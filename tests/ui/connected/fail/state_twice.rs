use os_session::connected;

#[connected(state = App, state = Shop)]
async fn home() {}

fn main() {}
