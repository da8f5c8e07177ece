//! Who came, who went and who was refused, in the application's own table.
//!
//! A hook that fails before a session is open prevents it: nobody is logged in of whom the audit knows nothing.

use axum::extract::State;
use axum::http::Uri;
use os_session::{BoxError, CloseReason, Denial, UserId, on_denied_request, on_open_session, on_post_close_session};
use sqlx::PgPool;

use crate::App;

#[on_open_session(state = App)]
async fn logged_in(user: UserId, State(pool): State<PgPool>) -> Result<(), BoxError> {
    write(&pool, Some(&user), "logged in").await
}

/// Runs for every session that ends, wherever and why ever: log-out, log-out everywhere, the limit, the end of its time.
#[on_post_close_session(state = App)]
async fn ended(user: UserId, reason: CloseReason, State(pool): State<PgPool>) -> Result<(), BoxError> {
    write(&pool, Some(&user), &format!("session ended: {reason}")).await
}

#[on_denied_request(state = App)]
async fn denied(user: Option<UserId>, denial: Denial, uri: Uri, State(pool): State<PgPool>) -> Result<(), BoxError> {
    write(&pool, user.as_ref(), &format!("{}: {denial}", uri.path())).await
}

async fn write(pool: &PgPool, user: Option<&UserId>, what: &str) -> Result<(), BoxError> {
    let user = user.map(UserId::parse::<i64>).transpose()?;
    sqlx::query("insert into audit (user_id, what) values ($1, $2)").bind(user).bind(what).execute(pool).await?;
    Ok(())
}
