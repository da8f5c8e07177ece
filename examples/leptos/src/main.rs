//! Server functions of Leptos, each with its rule: run with `cargo run --manifest-path examples/leptos/Cargo.toml`, then open
//! <http://127.0.0.1:3000>.
//!
//! alice is in group `editor` and bob is not; the password of both is `leptos`.
//!
//! What to read, in this order: [`functions`] for the rules, [`error`] for what a caller is told, [`handlers`] for how a request gets to a
//! function, [`tasks`] for functions that a page calls while the server renders it. `README.md` beside this says what changes with a client
//! in the browser, and with Dioxus.

mod error;
mod functions;
mod handlers;
mod home;
mod tasks;
#[cfg(test)]
mod tests;
mod users;

use os_session::routing::{Router, get, post};
use os_session::{Sessions, SessionsBuilder};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tasks::init()?;
    let sessions = builder().build().await?;
    let router = routes();
    println!("{}", router.access_table());

    let listener = TcpListener::bind("127.0.0.1:3000").await?;
    println!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, router.with_sessions(&sessions)?).await?;
    Ok(())
}

fn builder() -> SessionsBuilder {
    Sessions::builder()
        .groups(["editor"], |user| async move { users::is_editor(&user).then_some("editor") })
        .insecure_plain_http() // the cookie works without HTTPS: for this machine alone
}

fn routes() -> Router {
    Router::new().route("/", get(handlers::page)).route("/api/{*function}", post(handlers::server_functions))
}
