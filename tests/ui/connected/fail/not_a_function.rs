use os_session::connected;

#[connected]
struct Home;

fn main() {}
