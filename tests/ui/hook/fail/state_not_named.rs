use os_session::on_open_session;

use axum::extract::State;

#[derive(Clone)]
struct App;

#[on_open_session]
async fn greet(_: State<App>) {}

fn main() {}
