use os_session::{connected, on_request};

#[connected]
#[on_request]
async fn home() {}

fn main() {}
