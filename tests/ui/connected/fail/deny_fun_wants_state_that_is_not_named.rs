use os_session::connected;

use axum::extract::State;

#[derive(Clone)]
struct App;

async fn sorry(_: State<App>) {}

#[connected(allow = "admin", deny_fun = sorry)]
async fn home() {}

fn main() {}
