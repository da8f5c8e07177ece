use os_session::{connected, on_open_session};

#[on_open_session]
#[connected]
async fn greet() {}

fn main() {}
