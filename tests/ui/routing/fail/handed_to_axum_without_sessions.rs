use os_session::public;
use os_session::routing::{Router, get};

#[public(reason = "the shop window")]
async fn home() {}

fn main() {
    let router: Router = Router::new().route("/", get(home));
    let _ = axum::Router::<()>::new().merge(router.clone()).nest_service("/shop", router);
}
