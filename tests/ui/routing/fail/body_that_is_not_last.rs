use os_session::routing::{Router, get};
use os_session::connected;

#[connected]
async fn home(_: String, _: axum::http::Method) {}

fn main() {
    let _: Router = Router::new().route("/", get(home));
}
