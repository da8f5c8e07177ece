use os_session::on_open_session;

#[on_open_session(order = "first")]
async fn greet() {}

fn main() {}
