//! Documents that belong to somebody: run with `cargo run -p documents`, and talk to it with curl.
//!
//! alice is in group `admin`, bob owns a document, carol may edit it, and mallory is in `banned`; the password of each is `documents`.
//!
//! ```console
//! $ curl -c jar -H 'Content-Type: application/json' -d '{"name": "bob", "password": "documents"}' localhost:3000/login
//! $ curl -b jar localhost:3000/documents/1
//! ```
//!
//! Sessions are kept in `documents.db`, or the file that `DOCUMENTS_DB` names; the documents themselves go with the process.
//!
//! What to read, in this order: [`pages`] for the rules, [`policies`] for what they ask, [`sharing`] for a rule on a function that is no
//! handler. `access.txt` beside this crate says who reaches what, and its test fails when that changes unnoticed.

mod account;
mod documents;
mod pages;
mod policies;
mod sharing;
#[path = "../../quickstart/src/stop.rs"]
mod stop;
#[cfg(test)]
mod tests;
mod users;

use std::error::Error;
use std::net::Ipv4Addr;
use std::process::ExitCode;

use axum::extract::FromRef;
use os_session::routing::{Router, get, post};
use os_session::{Sessions, SessionsBuilder, SqliteStore};
use tokio::net::TcpListener;

use crate::documents::Documents;
use crate::users::{Group, Users};

/// The application's own state.
#[derive(Clone, FromRef)]
struct App {
    users: Users,
    documents: Documents,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("documents: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let app = App { users: Users::with_people()?, documents: Documents::with_examples() };
    let file = std::env::var_os("DOCUMENTS_DB").unwrap_or_else(|| "documents.db".into());
    let sessions = builder(&app).store(SqliteStore::open(file).await?).build().await?;
    let router = routes().with_state(app);
    println!("{}", router.access_table());

    let port = std::env::var("PORT").map_or(Ok(3000), |port| {
        port.parse().map_err(|_| format!("PORT is `{port}`, which is no port; give a number up to 65535"))
    })?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    println!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, router.with_sessions(&sessions)?)
        .with_graceful_shutdown(stop::in_good_order(sessions, stop::told()))
        .await?;
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
        .state(app.clone())
        .confirm_url("/confirm")
        .insecure_plain_http() // the cookie works without HTTPS: for this machine alone
}

fn routes() -> Router<App> {
    Router::new()
        .route("/", get(pages::about))
        .route("/login", post(account::login))
        .route("/logout", post(account::logout))
        .route("/confirm", get(account::how_to_confirm).post(account::confirm))
        .route("/documents", get(pages::list).post(pages::create))
        .route("/documents/{id}", get(pages::read).put(pages::write).delete(pages::delete))
        .route("/documents/{id}/editors", post(pages::share))
}
