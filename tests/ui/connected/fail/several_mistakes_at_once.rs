use os_session::connected;

#[connected(alow = "admin", deny = [], opt, opt)]
fn home() {}

fn main() {}
