use os_session::on_open_session;

use axum::extract::State;

struct App;

#[derive(Clone)]
struct Shop;

#[on_open_session(state = App)]
async fn greet(_: State<Shop>) {}

fn main() {}
