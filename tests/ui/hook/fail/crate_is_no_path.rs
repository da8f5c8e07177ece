use os_session::on_open_session;

#[on_open_session(crate = "os_session")]
async fn greet() {}

fn main() {}
