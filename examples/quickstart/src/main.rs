//! Run with `cargo run -p quickstart`, then open the address that it prints.
//!
//! Log in as `alice` (in group `admin`), `bob` (in none) or `mallory` (in `admin` and in `banned`); the password of each
//! is `quickstart`. `PORT` chooses another port than 3000, and `QUICKSTART_DB` another file for the sessions than `quickstart.db`: whoever
//! is logged in stays so when this is started again.
//!
//! What to read, in this order: the routes below, [`pages`] for who gets in where, [`account`] for log-in and log-out,
//! [`hooks`] for what happens beside. [`users`] and [`html`] are an application's own business.

mod account;
mod hooks;
mod html;
mod pages;
mod stop;
mod users;

use std::error::Error;
use std::net::Ipv4Addr;
use std::process::ExitCode;

use axum::extract::FromRef;
use os_session::routing::{Router, get, post};
use os_session::{Sessions, SqliteStore};
use tokio::net::TcpListener;

use crate::hooks::HookLog;
use crate::users::Users;

/// The application's own state. Nothing of sessions is in it: a handler asks for its `Session`.
#[derive(Clone, FromRef)]
struct App {
    users: Users,
    log: HookLog,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        // In words: the error of a `main` would be shown as its `Debug` form.
        Err(error) => {
            eprintln!("quickstart: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let app = App { users: Users::with_people()?, log: HookLog::default() };

    let file = std::env::var_os("QUICKSTART_DB").unwrap_or_else(|| "quickstart.db".into());
    let sessions = Sessions::builder()
        .store(SqliteStore::open(file).await?) // without this line they last as long as the process
        .state(app.clone())
        .login_url("/login")
        .deny_fun(pages::refused)
        .insecure_plain_http() // the cookie works without HTTPS: for this machine alone
        .build()
        .await?;
    set_up_groups(&sessions).await?;

    let router = routes().with_state(app);
    println!("The access table:\n\n{}", router.access_table());
    println!("The hooks:\n");
    for hook in os_session::hooks() {
        println!("{hook}");
    }

    // Fails if a rule names a group that nobody created.
    let service = html::with_headers(router.with_sessions(&sessions)?);

    let port = std::env::var("PORT").map_or(Ok(3000), |port| {
        port.parse().map_err(|_| format!("PORT is `{port}`, which is no port; give a number up to 65535"))
    })?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    println!("\nlistening on http://{}", listener.local_addr()?);
    axum::serve(listener, service).with_graceful_shutdown(stop::in_good_order(sessions, stop::told())).await?;
    Ok(())
}

/// A handler that says neither `#[connected]` nor `#[public]` does not compile here.
fn routes() -> Router<App> {
    Router::new()
        .route("/", get(pages::home))
        .route("/me", get(pages::me))
        .route("/admin", get(pages::admin))
        .route("/about", get(pages::about))
        .route("/login", get(account::login_form).post(account::login))
        .route("/logout", post(account::logout))
        .route("/logout-everywhere", post(account::logout_everywhere))
        .route("/devices", get(account::devices))
        .route("/devices/{handle}/close", post(account::close_device))
        .route("/hooks", get(hooks::show))
        .route("/style.css", get(html::stylesheet))
}

/// Groups live in the store, beside the sessions. An application that has its own would hand them to the builder.
async fn set_up_groups(sessions: &Sessions) -> Result<(), os_session::Error> {
    let groups = sessions.groups();
    if groups.all().await?.iter().any(|group| group == "admin") {
        return Ok(()); // An earlier start did it, and what was changed since stays.
    }
    groups.create("admin").await?;
    groups.create("banned").await?;
    groups.add_user_in_group("alice", "admin").await?;
    groups.add_user_in_group("mallory", "admin").await?;
    groups.add_user_in_group("mallory", "banned").await
}
