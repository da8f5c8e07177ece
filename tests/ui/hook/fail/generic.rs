use os_session::on_open_session;

#[on_open_session]
async fn greet<T>() {}

fn main() {}
