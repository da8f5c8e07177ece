use os_session::{Session, on_post_close_session};

#[on_post_close_session]
async fn hook(_: Session) {}

fn main() {}
