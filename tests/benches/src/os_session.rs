//! The same routes, declared, in three settings of one thing: where the groups come from.
//!
//! The default keeps them in the session store, where the floor has them too: the case `os-session`.
//! An application that answers for its users' groups itself is asked by a closure at every request (`…-asked`),
//! or once and then after each change (`…-cached`).

use axum::{extract::Path, http::StatusCode};
use os_session::{
    Error, Groups, Session, Sessions, UserId, connected, public,
    routing::{Router, get, post},
};

use crate::{
    floor::COOKIE,
    harness::{Prepared, Shape, log_in, log_in_many},
    plain::USER,
};

#[connected(allow = "admin", deny = "banned")]
async fn me(user: UserId) -> String {
    user.as_str().to_owned()
}

#[public(reason = "measured as what anybody may read")]
async fn about() -> String {
    std::hint::black_box(USER).to_owned()
}

#[connected(opt)]
async fn enter(session: Session, Path(user): Path<String>) -> Result<StatusCode, Error> {
    session.connect(user).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn router(sessions: &Sessions) -> axum::Router {
    Router::new()
        .route("/me", get(me))
        .route("/about", get(about))
        .route("/login/{user}", post(enter))
        .with_sessions(sessions)
        .expect("every group that a rule names exists")
}

async fn prepared(sessions: &Sessions, shape: Shape) -> Prepared {
    let router = router(sessions);
    let cookie = log_in(&router, USER, COOKIE).await;
    Prepared::new(shape, router, &cookie, USER)
}

async fn with_stored_groups() -> Result<Sessions, Error> {
    let sessions = Sessions::builder().build().await?;
    for group in ["admin", "banned"] {
        sessions.groups().create(group).await?;
    }
    sessions.groups().add_user_in_group(USER, "admin").await?;
    Ok(sessions)
}

async fn with_groups(provider: impl Groups) -> Result<Sessions, Error> {
    Sessions::builder().groups(["admin", "banned"], provider).build().await
}

async fn groups_of(_: UserId) -> [&'static str; 1] {
    ["admin"]
}

/// Groups in the store. The protected and the public route, and their user logged in.
pub async fn app(shape: Shape) -> Prepared {
    prepared(&with_stored_groups().await.expect("a memory store"), shape).await
}

/// Groups from a closure, at every request.
pub async fn asked(shape: Shape) -> Prepared {
    prepared(&with_groups(groups_of).await.expect("a configuration without faults"), shape).await
}

/// Groups from a closure whose answers are kept.
pub async fn cached(shape: Shape) -> Prepared {
    prepared(&with_groups(groups_of.cached()).await.expect("a configuration without faults"), shape).await
}

/// An application that `users` have logged in to.
pub async fn fill(users: u64) -> axum::Router {
    log_in_many(router(&with_stored_groups().await.expect("a memory store")), users).await
}
