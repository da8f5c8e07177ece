use os_session::{UserId, on_start_connected_process};

#[on_start_connected_process]
async fn hook(_: Option<UserId>) {}

fn main() {}
