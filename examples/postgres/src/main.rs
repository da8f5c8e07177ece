//! The path of most applications: users in a table of their own, reached by sqlx, and sessions in the same database.
//!
//! Run with `DATABASE_URL=postgres://… cargo run -p postgres-example`, then open the address that it prints. Log in as `alice` (role
//! `admin`), `bob` (`editor`) or `carol` (`reader`); the password of each is `postgres`.
//!
//! What to read, in this order: [`users`] for how the application's rows become users and groups, [`pages`] for who gets in where, and
//! [`audit`] for hooks that write with the application's pool.

mod audit;
mod pages;
#[path = "../../quickstart/src/stop.rs"]
mod stop;
mod users;

use std::net::Ipv4Addr;
use std::process::ExitCode;
use std::time::Duration;

use axum::extract::FromRef;
use os_session::routing::{Router, get, post};
use os_session::{BoxError, PostgresStore, Sessions};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tokio::net::TcpListener;
use tracing_subscriber::filter::LevelFilter;

use crate::users::{Role, Users};

/// The application's own state: its pool, and what works with it.
#[derive(Clone, FromRef)]
struct App {
    pool: PgPool,
    users: Users,
}

#[tokio::main]
async fn main() -> ExitCode {
    // Why a request was answered with 503, for one.
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_max_level(LevelFilter::WARN).init();
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("postgres-example: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), BoxError> {
    let url = std::env::var("DATABASE_URL")
        .map_err(|_| "say where the database is: DATABASE_URL=postgres://user@host/name")?;
    // By default the pool would go on trying for half a minute.
    let pool = PgPoolOptions::new().acquire_timeout(Duration::from_secs(5)).connect(&url).await;
    let pool = pool.map_err(|error| format!("the database of `DATABASE_URL` cannot be used: {error}"))?;
    sqlx::migrate!().run(&pool).await.map_err(|error| format!("the tables of the application: {error}"))?;
    let app = App { users: Users::new(pool.clone()), pool };
    app.users.seed().await?;

    let users = app.users.clone();
    let sessions = Sessions::builder()
        // Connections of its own and a schema of its own; the application's pool stays the application's.
        .store(PostgresStore::connect(&url).await?)
        .groups(Role::ALL, move |user| {
            let users = users.clone();
            async move { users.role_of(&user).await }
        })
        .state(app.clone()) // for the hooks in `audit`
        .login_url("/login")
        .insecure_plain_http() // the cookie works without HTTPS: for this machine alone
        .build()
        .await?;

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

fn routes() -> Router<App> {
    Router::new()
        .route("/", get(pages::home))
        .route("/login", get(pages::login_form).post(pages::login))
        .route("/logout", post(pages::logout))
        .route("/logout-everywhere", post(pages::logout_everywhere))
        .route("/articles", get(pages::articles))
        .route("/admin", get(pages::admin))
        .route("/admin/users/{id}/logout", post(pages::log_user_out))
}
