use os_session::routing::{Router, get};
use axum::extract::State;
use os_session::connected;

#[derive(Clone)]
struct App;

#[connected]
async fn home(_: State<App>) {}

fn main() {
    let _: Router<()> = Router::new().route("/", get(home));
}
