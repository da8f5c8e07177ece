use os_session::public;
use os_session::routing::{Router, get};

#[public(reason = "the shop window")]
async fn home() {}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    let router: Router = Router::new().route("/", get(home));
    axum::serve(listener, router).await
}
