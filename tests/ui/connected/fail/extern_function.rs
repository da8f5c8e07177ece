use os_session::connected;

#[connected]
async extern "C" fn home() {}

fn main() {}
