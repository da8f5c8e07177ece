//! A small site over a shared store.

use std::time::Duration;

use axum::Router;
use axum::extract::Path;
use os_session::routing::{self, get, post};
use os_session::{Error, Session, Sessions, SessionsBuilder, Store, UserId, connected};

pub(crate) const COOKIE: &str = "__Host-os-session";

#[connected(opt)]
async fn who(user: Option<UserId>) -> String {
    user.map_or_else(|| "None".to_owned(), |user| user.to_string())
}

#[connected(allow = "admin", deny = "banned")]
async fn admin() -> &'static str {
    "the safe"
}

#[connected(opt)]
async fn login(session: Session, Path(user): Path<String>) -> Result<(), Error> {
    session.connect(user).await
}

#[connected(opt)]
async fn logout(session: Session) -> Result<(), Error> {
    session.disconnect().await
}

/// The site on one node, with the groups that its rules name.
pub(crate) async fn node(
    store: &(impl Store + Clone),
    configure: impl FnOnce(SessionsBuilder) -> SessionsBuilder,
) -> (Sessions, Router) {
    let builder = Sessions::builder().store(store.clone()).purge_interval(Duration::from_hours(1));
    let sessions = configure(builder).build().await.expect("the configuration works");
    for group in ["admin", "banned"] {
        sessions.groups().create(group).await.expect("a group can be created");
    }
    let app = routing::Router::new()
        .route("/who", get(who))
        .route("/admin", get(admin))
        .route("/login/{user}", post(login))
        .route("/logout", post(logout))
        .with_sessions(&sessions)
        .expect("every rule can be decided");
    (sessions, app)
}
