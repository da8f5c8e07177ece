use os_session::on_open_session;

#[on_open_session(order = 1, order = 2)]
async fn greet() {}

fn main() {}
