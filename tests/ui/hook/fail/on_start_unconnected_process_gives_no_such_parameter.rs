use os_session::{UserId, on_start_unconnected_process};

#[on_start_unconnected_process]
async fn hook(_: UserId) {}

fn main() {}
