//! axum_session 0.22 with axum_session_auth 0.22 over its stores for PostgreSQL and Redis, as their documentation shows: users in a table of PostgreSQL.

use async_trait::async_trait;
use axum::Router;
use axum::extract::Path;
use axum::http::{Method, StatusCode};
use axum::routing::{get, post};
use axum_session::{DatabasePool, SessionConfig, SessionLayer, SessionStore};
use axum_session_auth::{Auth, AuthConfig, AuthSession, AuthSessionLayer, Authentication, HasPermission, Rights};
use sqlx::PgPool;

use crate::site::Site;

#[derive(Clone, Debug)]
struct User(i64);

#[async_trait]
impl Authentication<User, i64, PgPool> for User {
    async fn load_user(id: i64, pool: Option<&PgPool>) -> Result<User, anyhow::Error> {
        let pool = pool.ok_or_else(|| anyhow::anyhow!("a pool is given"))?;
        let (id, _): (i64, String) =
            sqlx::query_as("select id, password_hash from users where id = $1").bind(id).fetch_one(pool).await?;
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

/// Free of charge: os-session reads its groups from the store.
#[async_trait]
impl HasPermission<PgPool> for User {
    async fn has(&self, permission: &str, _: &Option<&PgPool>) -> bool {
        permission == "admin"
    }
}

async fn me<P>(method: Method, auth: AuthSession<User, i64, P, PgPool>) -> Result<String, StatusCode>
where
    P: DatabasePool + Clone + std::fmt::Debug + Sync + Send + 'static,
{
    let user = auth.current_user.as_ref().ok_or(StatusCode::UNAUTHORIZED)?;
    let mut rule = Auth::<User, i64, PgPool>::build([Method::GET], true);
    if !rule.requires(Rights::permission("admin")).validate(user, &method, None).await {
        return Err(StatusCode::FORBIDDEN);
    }
    Ok(user.0.to_string())
}

async fn enter<P>(auth: AuthSession<User, i64, P, PgPool>, Path(id): Path<i64>) -> StatusCode
where
    P: DatabasePool + Clone + std::fmt::Debug + Sync + Send + 'static,
{
    auth.login_user(id);
    StatusCode::NO_CONTENT
}

async fn leave<P>(auth: AuthSession<User, i64, P, PgPool>) -> StatusCode
where
    P: DatabasePool + Clone + std::fmt::Debug + Sync + Send + 'static,
{
    auth.logout_user();
    StatusCode::NO_CONTENT
}

pub async fn site<P>(name: &'static str, sessions: P, users: PgPool) -> Site
where
    P: DatabasePool + Clone + std::fmt::Debug + Sync + Send + 'static,
{
    let config = SessionConfig::default().with_secure(false);
    let store = SessionStore::new(Some(sessions), config).await.expect("tables are made");
    let router = Router::new()
        .route("/me", get(me::<P>))
        .route("/login/{user}", post(enter::<P>))
        .route("/logout", post(leave::<P>))
        .layer(
            AuthSessionLayer::<User, i64, P, PgPool>::new(Some(users))
                .with_config(AuthConfig::<i64>::default().with_anonymous_user_id(None).set_cache(false)),
        )
        .layer(SessionLayer::new(store));
    Site { name, router, logs_out_everywhere: false }
}
