//! os-session over each of its stores, with groups in the store.

use axum::extract::Path;
use axum::http::StatusCode;
use os_session::routing::{Router, get, post};
use os_session::{Error, Session, Sessions, Store, UserId, connected};

use crate::site::Site;

#[connected(allow = "admin", deny = "banned")]
async fn me(user: UserId) -> String {
    user.to_string()
}

#[connected(opt)]
async fn enter(session: Session, Path(user): Path<String>) -> Result<StatusCode, Error> {
    session.connect(user).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[connected(opt)]
async fn leave(session: Session) -> Result<StatusCode, Error> {
    session.disconnect().await?;
    Ok(StatusCode::NO_CONTENT)
}

#[connected(opt)]
async fn leave_everywhere(session: Session) -> Result<StatusCode, Error> {
    session.disconnect_all().await?;
    Ok(StatusCode::NO_CONTENT)
}

pub async fn site(name: &'static str, store: impl Store) -> Site {
    let sessions = Sessions::builder().store(store).build().await.expect("the configuration works");
    for group in ["admin", "banned"] {
        sessions.groups().create(group).await.expect("a group is made");
    }
    for user in 0..100 {
        sessions.groups().add_user_in_group(user, "admin").await.expect("a member is added");
    }
    let router = Router::new()
        .route("/me", get(me))
        .route("/login/{user}", post(enter))
        .route("/logout", post(leave))
        .route("/logout-everywhere", post(leave_everywhere));
    let router = router.with_sessions(&sessions).expect("the groups are known");
    Site { name, router, logs_out_everywhere: true }
}
