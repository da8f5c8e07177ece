use os_session::{UserId, on_start_process};

#[on_start_process]
async fn hook(_: UserId) {}

fn main() {}
