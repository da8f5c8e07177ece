use os_session::connected;

#[connected]
async unsafe fn home() {}

fn main() {}
