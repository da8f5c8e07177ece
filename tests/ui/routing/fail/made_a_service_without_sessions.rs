use os_session::public;
use os_session::routing::{Router, get};

#[public(reason = "the shop window")]
async fn home() {}

#[tokio::main]
async fn main() {
    let router = || Router::<()>::new().route("/", get(home));
    let _ = router().into_make_service();
    let _ = router().into_make_service_with_connect_info::<std::net::SocketAddr>();
    let _ = router().into_service::<axum::body::Body>();
    let _ = router().oneshot(axum::extract::Request::default()).await;
}
