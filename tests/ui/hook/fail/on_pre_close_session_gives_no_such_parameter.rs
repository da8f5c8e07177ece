use os_session::{Session, on_pre_close_session};

#[on_pre_close_session]
async fn hook(_: Option<Session>) {}

fn main() {}
