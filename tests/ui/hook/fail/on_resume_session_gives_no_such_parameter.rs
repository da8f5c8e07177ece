use os_session::{CloseReason, on_resume_session};

#[on_resume_session]
async fn hook(_: CloseReason) {}

fn main() {}
