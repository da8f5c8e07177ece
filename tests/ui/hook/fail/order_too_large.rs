use os_session::on_open_session;

#[on_open_session(order = 99999999999)]
async fn greet() {}

fn main() {}
