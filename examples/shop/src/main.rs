//! A shop with state of tabs, browsers and users, whose pages hear of changes: run with `cargo run -p shop`, then open the address that it
//! prints, in two tabs and in two browsers.
//!
//! Log in as `alice`, `bob` or `mallory` (who is in `banned`, and has nothing to say in the chat); the password of each is `quickstart`. `PORT`
//! chooses another port than 3000, and `SHOP_DB` another file than `shop.db`: sessions, carts and drafts are in it when this is started again.
//!
//! What to read, in this order: the routes below, [`cart`] and [`draft`] for state, [`orders`] and [`chat`] for what goes on after its handler
//! has returned, [`html`] for the one line that makes a page live, and `shop.js` for what scripts do with it.

mod account;
mod cart;
mod chat;
mod draft;
mod html;
mod orders;
#[path = "../../quickstart/src/stop.rs"]
mod stop;
#[cfg(test)]
mod tests;
mod users;
mod window;

use std::error::Error;
use std::net::Ipv4Addr;
use std::process::ExitCode;

use axum::extract::FromRef;
use os_session::routing::{Router, get, post};
use os_session::{Sessions, SessionsBuilder, SqliteStore};
use tokio::net::TcpListener;

use crate::chat::Chat;
use crate::users::{Group, Users};

/// The application's own state. Carts, drafts and the like are not in it: they are in slots.
#[derive(Clone, FromRef)]
struct App {
    users: Users,
    chat: Chat,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("shop: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let file = std::env::var_os("SHOP_DB").unwrap_or_else(|| "shop.db".into());
    let app = App { users: Users::with_people()?, chat: Chat::new() };
    let sessions = builder(&app).store(SqliteStore::open(file).await?).build().await?;
    let router = routes(&sessions).with_state(app);
    println!("{}", router.access_table());

    let service = html::with_headers(router.with_sessions(&sessions)?);
    let port = std::env::var("PORT").map_or(Ok(3000), |port| {
        port.parse().map_err(|_| format!("PORT is `{port}`, which is no port; give a number up to 65535"))
    })?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    println!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, service).with_graceful_shutdown(stop::in_good_order(sessions, stop::told())).await?;
    Ok(())
}

/// The groups are the application's own, in the rows of its users.
fn builder(app: &App) -> SessionsBuilder {
    let users = app.users.clone();
    Sessions::builder()
        .groups(Group::ALL, move |user| {
            let users = users.clone();
            async move { users.groups_of(&user) }
        })
        .login_url("/login")
        .insecure_plain_http() // the cookie works without HTTPS: for this machine alone
}

fn routes(sessions: &Sessions) -> Router<App> {
    Router::new()
        .route("/", get(window::show))
        .route("/cart", get(cart::show).post(cart::add))
        .route("/order", post(orders::order))
        .route("/notifications", get(orders::notifications))
        .route("/draft", get(draft::show).post(draft::save))
        .route("/chat", get(chat::join))
        .route("/login", get(account::login_form).post(account::login))
        .route("/logout", post(account::logout))
        .route("/logout-everywhere", post(account::logout_everywhere))
        .route("/devices", get(account::devices))
        .route("/devices/{handle}/close", post(account::close_device))
        .route("/shop.js", get(html::script))
        .route("/style.css", get(html::stylesheet))
        .merge(sessions.routes()) // the client module, and what it asks for
}
