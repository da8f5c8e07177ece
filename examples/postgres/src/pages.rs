//! Pages, and who gets to see them.

use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use os_session::{BoxError, Error, ReturnTo, Session, User, UserId, connected, public};
use serde::Deserialize;
use sqlx::PgPool;

use crate::users::{Account, Role, Users};

/// The account comes from the application's table, loaded once a request.
#[connected]
pub async fn home(User(account): User<Account>) -> String {
    format!("welcome {}, who is {}\n", account.name, account.role)
}

#[connected(allow = Role::Admin | Role::Editor)]
pub async fn articles(user: UserId) -> String {
    format!("articles for {user} to write\n")
}

/// What the hooks in [`crate::audit`] wrote.
#[connected(allow = Role::Admin)]
pub async fn admin(State(pool): State<PgPool>) -> Result<String, StatusCode> {
    let rows = sqlx::query_as::<_, (Option<i64>, String)>("select user_id, what from audit order by at desc limit 50");
    let rows = rows.fetch_all(&pool).await.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    let line = |(user, what): (Option<i64>, String)| {
        format!("{}: {what}\n", user.map_or("nobody".into(), |id| id.to_string()))
    };
    Ok(rows.into_iter().map(line).collect())
}

/// Ends every session of a user, on every node, before this returns.
#[connected(allow = Role::Admin)]
pub async fn log_user_out(session: Session, Path(id): Path<i64>) -> Result<StatusCode, Error> {
    session.sessions().disconnect_all(id).await?;
    Ok(StatusCode::NO_CONTENT)
}

const FORM: &str = "<!doctype html><title>Log in</title><form method=post>
    <input name=name autocomplete=username required> <input name=password type=password autocomplete=current-password required>
    <button>Log in</button></form>";

#[public(reason = "a form, the same for everybody")]
pub async fn login_form() -> Html<&'static str> {
    Html(FORM)
}

#[derive(Deserialize)]
pub struct LogIn {
    name: String,
    password: String,
}

#[connected(opt)]
pub async fn login(
    session: Session,
    next: ReturnTo,
    State(users): State<Users>,
    Form(LogIn { name, password }): Form<LogIn>,
) -> Result<Response, Error> {
    let unavailable = |error: BoxError| Error::User(error);
    let Some(id) = users.verify(&name, password).await.map_err(unavailable)? else {
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(FORM)).into_response());
    };
    session.connect(id).await?;
    Ok(next.or("/").into_response())
}

#[connected(opt)]
pub async fn logout(session: Session) -> Result<Redirect, Error> {
    session.disconnect().await?;
    Ok(Redirect::to("/login"))
}

#[connected]
pub async fn logout_everywhere(session: Session) -> Result<Redirect, Error> {
    session.disconnect_all().await?;
    Ok(Redirect::to("/login"))
}
