use os_session::on_open_session;

#[on_open_session(state = "App")]
async fn greet() {}

fn main() {}
