use os_session::connected;

use axum::extract::State;

#[derive(Clone)]
struct App;

#[derive(Clone)]
struct Shop;

async fn sorry(_: State<Shop>) {}

#[connected(allow = "admin", deny_fun = sorry, state = App)]
async fn home() {}

fn main() {}
