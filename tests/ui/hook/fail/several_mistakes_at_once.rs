use os_session::on_open_session;

#[on_open_session(ordr = 3, state)]
fn greet<T>(_: &T) {}

fn main() {}
