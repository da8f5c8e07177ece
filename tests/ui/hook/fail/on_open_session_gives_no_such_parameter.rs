use os_session::on_open_session;

#[on_open_session]
async fn hook(_: String) {}

fn main() {}
