use os_session::routing::{Router, get};
use os_session::public;

#[public(reason = "the shop window")]
async fn home() {}

fn main() {
    let router: Router = Router::new().route("/", get(home));
    let _: axum::Router = router;
}
