//! One of the nodes. Nothing in it knows that there is another.

use std::error::Error;
use std::net::Ipv4Addr;

use axum::Json;
use axum::extract::State;
use os_session::routing::{Router, get, post};
use os_session::{Sessions, public};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::hooks::HookLog;
use crate::store::{AnyStore, Counts};
use crate::users::Users;
use crate::{App, account, hooks, html, pages, starter, stop};

/// Before its address, when it serves.
pub const LISTENING: &str = "listening on";

pub async fn serve(port: &str) -> Result<(), Box<dyn Error>> {
    let app = App { users: Users::with_people()?, log: HookLog::default() };
    let store = AnyStore::from_environment().await?;
    let counts = store.counts();
    let sessions = store
        .builder()
        .state(app.clone())
        .login_url("/login")
        .deny_fun(pages::refused)
        .insecure_plain_http() // the cookie works without HTTPS: for this machine alone
        .build()
        .await?;
    set_up_groups(&sessions).await?;

    let router = routes().merge(sessions.routes()).with_state(app);
    let router = router.merge(Router::new().route("/stats", get(stats)).with_state(counts));
    let service = html::with_headers(router.with_sessions(&sessions)?);
    let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, port.parse()?)).await;
    let listener = bound.map_err(|error| format!("port {port} cannot be listened on: {error}"))?;
    println!("{LISTENING} http://{}", listener.local_addr()?);
    axum::serve(listener, service).with_graceful_shutdown(stop::in_good_order(sessions, told_to_stop())).await?;
    Ok(())
}

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

#[public(reason = "numbers of this example, about nobody")]
async fn stats(State(counts): State<Counts>) -> Json<Value> {
    Json(json!({
        "mode": counts.mode(),
        "store_round_trips": counts.round_trips(),
        "decisions_from_memory": counts.decided_in_memory(),
        "lease_renewals": counts.renewals(),
        "holds_lease": counts.holds_lease(),
    }))
}

/// Whichever node comes first.
async fn set_up_groups(sessions: &Sessions) -> Result<(), os_session::Error> {
    let groups = sessions.groups();
    if groups.all().await?.iter().any(|group| group == "admin") {
        return Ok(());
    }
    groups.create("banned").await?;
    groups.create("admin").await?;
    groups.add_user_in_group("alice", "admin").await?;
    groups.add_user_in_group("mallory", "admin").await?;
    groups.add_user_in_group("mallory", "banned").await
}

/// The one who started this node is gone, or somebody wants it to end.
async fn told_to_stop() {
    tokio::select! {
        () = starter::is_gone() => {}
        () = stop::told() => {}
    }
}
