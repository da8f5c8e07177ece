use os_session::on_open_session;

#[on_open_session(order)]
async fn greet() {}

fn main() {}
