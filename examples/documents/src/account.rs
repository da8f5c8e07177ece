//! Log-in, log-out, and the password once more.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use os_session::{Error, ReturnTo, Session, UserId, connected};
use serde::Deserialize;

use crate::users::Users;

#[derive(Deserialize)]
pub struct LogIn {
    name: String,
    password: String,
}

#[connected(opt)]
pub async fn login(
    session: Session,
    State(users): State<Users>,
    Json(LogIn { name, password }): Json<LogIn>,
) -> Result<StatusCode, Error> {
    match users.verify(name, password).await {
        Some(user) => session.connect(user).await.map(|()| StatusCode::NO_CONTENT),
        None => Ok(StatusCode::UNPROCESSABLE_ENTITY),
    }
}

#[connected(opt)]
pub async fn logout(session: Session) -> Result<StatusCode, Error> {
    session.disconnect().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Where a browser is sent that wants what needs a fresh password.
#[connected]
pub async fn how_to_confirm() -> &'static str {
    "post your password here once more, as {\"password\": \"…\"}\n"
}

#[derive(Deserialize)]
pub struct Password {
    password: String,
}

/// The password was right: the session gets a new token, counts as fresh, and the way leads back to where it was needed.
#[connected]
pub async fn confirm(
    session: Session,
    user: UserId,
    next: ReturnTo,
    State(users): State<Users>,
    Json(Password { password }): Json<Password>,
) -> Result<Response, Error> {
    if users.verify(user.to_string(), password).await.is_none() {
        return Ok(StatusCode::UNPROCESSABLE_ENTITY.into_response());
    }
    session.confirm().await?;
    Ok(next.path().map_or_else(|| StatusCode::NO_CONTENT.into_response(), |path| Redirect::to(path).into_response()))
}
