use os_session::on_open_session;

#[on_open_session]
struct Greeting;

fn main() {}
