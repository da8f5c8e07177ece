//! axum-login 0.18 on tower-sessions' `MemoryStore`.

use std::{collections::HashSet, convert::Infallible};

use axum::{
    Router,
    extract::Path,
    http::StatusCode,
    routing::{get, post},
};
use axum_login::{AuthManagerLayerBuilder, AuthSession, AuthUser, AuthnBackend, AuthzBackend, permission_required};
use os_session_benches::{
    harness::{Prepared, Shape, log_in, log_in_many},
    plain::USER,
};
use tower_sessions::{MemoryStore, SessionManagerLayer};

use crate::{name, number};

#[derive(Clone, Debug)]
struct User(i64);

impl AuthUser for User {
    type Id = i64;

    fn id(&self) -> i64 {
        self.0
    }

    fn session_auth_hash(&self) -> &[u8] {
        b"changes with the password"
    }
}

#[derive(Clone)]
struct Backend;

impl AuthnBackend for Backend {
    type User = User;
    type Credentials = i64;
    type Error = Infallible;

    async fn authenticate(&self, id: i64) -> Result<Option<User>, Infallible> {
        Ok(Some(User(id)))
    }

    async fn get_user(&self, id: &i64) -> Result<Option<User>, Infallible> {
        Ok(Some(User(*id)))
    }
}

impl AuthzBackend for Backend {
    type Permission = &'static str;

    async fn get_group_permissions(&self, _: &User) -> Result<HashSet<&'static str>, Infallible> {
        Ok(HashSet::from(["admin"]))
    }
}

async fn me(auth: AuthSession<Backend>) -> Result<String, StatusCode> {
    let user = auth.user.ok_or(StatusCode::UNAUTHORIZED)?;
    Ok(name(user.0).to_owned())
}

async fn about() -> String {
    USER.to_owned()
}

async fn enter(mut auth: AuthSession<Backend>, Path(user): Path<String>) -> StatusCode {
    let Ok(Some(user)) = auth.authenticate(number(&user)).await else { return StatusCode::UNAUTHORIZED };
    auth.login(&user).await.map_or(StatusCode::INTERNAL_SERVER_ERROR, |()| StatusCode::NO_CONTENT)
}

fn router() -> Router {
    let sessions = SessionManagerLayer::new(MemoryStore::default());
    Router::new()
        .route("/me", get(me))
        .route_layer(permission_required!(Backend, "admin"))
        .route("/about", get(about))
        .route("/login/{user}", post(enter))
        .layer(AuthManagerLayerBuilder::new(Backend, sessions).build())
}

pub async fn app(shape: Shape) -> Prepared {
    let router = router();
    let cookie = log_in(&router, USER, "id").await;
    Prepared::new(shape, router, &cookie, USER)
}

pub async fn fill(users: u64) -> Router {
    log_in_many(router(), users).await
}
