use os_session::on_open_session;

#[on_open_session]
fn greet() {}

fn main() {}
