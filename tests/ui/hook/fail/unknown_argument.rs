use os_session::on_open_session;

#[on_open_session(ordr = 3)]
async fn greet() {}

fn main() {}
