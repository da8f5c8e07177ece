//! axum_session 0.22 with axum_session_auth 0.22, without a database: its sessions live in memory anyway.

use async_trait::async_trait;
use axum::{
    Router,
    extract::Path,
    http::{Method, StatusCode},
    routing::{get, post},
};
use axum_session::{SessionConfig, SessionLayer, SessionNullPool, SessionStore};
use axum_session_auth::{Auth, AuthConfig, AuthSession, AuthSessionLayer, Authentication, HasPermission, Rights};
use os_session_benches::{
    harness::{Prepared, Shape, log_in, log_in_many},
    plain::USER,
};

use crate::{name, number};

/// Where an application's users would come from.
#[derive(Clone, Debug)]
struct Users;

#[derive(Clone, Debug)]
struct User(i64);

#[async_trait]
impl Authentication<User, i64, Users> for User {
    async fn load_user(id: i64, _: Option<&Users>) -> Result<User, anyhow::Error> {
        Ok(User(id))
    }

    fn is_authenticated(&self) -> bool {
        true
    }

    fn is_active(&self) -> bool {
        true
    }

    fn is_anonymous(&self) -> bool {
        false
    }
}

#[async_trait]
impl HasPermission<Users> for User {
    async fn has(&self, permission: &str, _: &Option<&Users>) -> bool {
        permission == "admin"
    }
}

type Current = AuthSession<User, i64, SessionNullPool, Users>;

async fn me(method: Method, auth: Current) -> Result<String, StatusCode> {
    let user = auth.current_user.as_ref().ok_or(StatusCode::UNAUTHORIZED)?;
    let mut rule = Auth::<User, i64, Users>::build([Method::GET], true);
    if !rule.requires(Rights::permission("admin")).validate(user, &method, None).await {
        return Err(StatusCode::FORBIDDEN);
    }
    Ok(name(user.0).to_owned())
}

async fn about() -> String {
    USER.to_owned()
}

async fn enter(auth: Current, Path(user): Path<String>) -> StatusCode {
    auth.login_user(number(&user));
    StatusCode::NO_CONTENT
}

async fn router() -> Router {
    let store = SessionStore::<SessionNullPool>::new(None, SessionConfig::default()).await.expect("a store in memory");
    let users = AuthSessionLayer::<User, i64, SessionNullPool, Users>::new(Some(Users));
    Router::new()
        .route("/me", get(me))
        .route("/about", get(about))
        .route("/login/{user}", post(enter))
        .layer(users.with_config(AuthConfig::default()))
        .layer(SessionLayer::new(store))
}

pub async fn app(shape: Shape) -> Prepared {
    let router = router().await;
    let cookie = log_in(&router, USER, "session").await;
    Prepared::new(shape, router, &cookie, USER)
}

pub async fn fill(users: u64) -> Router {
    log_in_many(router().await, users).await
}
