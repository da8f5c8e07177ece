//! axum-login 0.18 over tower-sessions' sqlx stores, as their documentation shows: users in a table, read at each request.

use std::collections::HashSet;

use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum_login::{AuthManagerLayerBuilder, AuthSession, AuthUser, AuthnBackend, AuthzBackend, permission_required};
use sqlx::{PgPool, SqlitePool};
use tower_sessions::{SessionManagerLayer, SessionStore};

use crate::site::Site;

#[derive(Clone, Debug, sqlx::FromRow)]
pub struct User {
    id: i64,
    password_hash: String,
}

impl AuthUser for User {
    type Id = i64;

    fn id(&self) -> i64 {
        self.id
    }

    fn session_auth_hash(&self) -> &[u8] {
        self.password_hash.as_bytes()
    }
}

/// Where the table of users is.
#[derive(Clone, Debug)]
pub enum Backend {
    Postgres(PgPool),
    Sqlite(SqlitePool),
}

const USER: &str = "select id, password_hash from users where id = $1";

impl AuthnBackend for Backend {
    type User = User;
    type Credentials = i64;
    type Error = sqlx::Error;

    async fn authenticate(&self, id: i64) -> Result<Option<User>, sqlx::Error> {
        self.get_user(&id).await
    }

    async fn get_user(&self, id: &i64) -> Result<Option<User>, sqlx::Error> {
        match self {
            Self::Postgres(pool) => sqlx::query_as(USER).bind(id).fetch_optional(pool).await,
            Self::Sqlite(pool) => sqlx::query_as(USER).bind(id).fetch_optional(pool).await,
        }
    }
}

/// Free of charge: os-session reads its groups from the database.
impl AuthzBackend for Backend {
    type Permission = &'static str;

    async fn get_group_permissions(&self, _: &User) -> Result<HashSet<&'static str>, sqlx::Error> {
        Ok(HashSet::from(["admin"]))
    }
}

async fn me(auth: AuthSession<Backend>) -> Result<String, StatusCode> {
    auth.user.map(|user| user.id.to_string()).ok_or(StatusCode::UNAUTHORIZED)
}

async fn enter(mut auth: AuthSession<Backend>, Path(id): Path<i64>) -> StatusCode {
    let Ok(Some(user)) = auth.authenticate(id).await else { return StatusCode::UNAUTHORIZED };
    auth.login(&user).await.map_or(StatusCode::INTERNAL_SERVER_ERROR, |()| StatusCode::NO_CONTENT)
}

async fn leave(mut auth: AuthSession<Backend>) -> StatusCode {
    auth.logout().await.map_or(StatusCode::INTERNAL_SERVER_ERROR, |_| StatusCode::NO_CONTENT)
}

pub fn site(name: &'static str, backend: Backend, store: impl SessionStore + Clone) -> Site {
    let router = Router::new()
        .route("/me", get(me))
        .route_layer(permission_required!(Backend, "admin"))
        .route("/login/{user}", post(enter))
        .route("/logout", post(leave))
        .layer(AuthManagerLayerBuilder::new(backend, SessionManagerLayer::new(store)).build());
    Site { name, router, logs_out_everywhere: false }
}
