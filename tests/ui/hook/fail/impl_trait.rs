use os_session::on_open_session;

#[on_open_session]
async fn greet(_: impl Clone) {}

fn main() {}
