use os_session::on_post_close_session;

#[on_post_close_session]
async fn hook(_: axum::Extension<u8>) {}

fn main() {}
