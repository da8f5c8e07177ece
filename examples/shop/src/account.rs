//! Log-in, log-out, and the list of places where one is logged in.

use std::time::SystemTime;

use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use os_session::{Error, ReturnTo, Session, SessionHandle, SessionInfo, UserId, connected};
use serde::Deserialize;

use crate::html::page;
use crate::users::Users;

#[connected(opt)]
pub async fn login_form(session: Session, user: Option<UserId>) -> Markup {
    form(&session, user.as_ref(), "", None)
}

#[derive(Deserialize)]
pub struct LogIn {
    name: String,
    password: String,
    /// A ticked box is sent as `on`, another one not at all.
    remember: Option<String>,
}

/// Checks the password, opens the session, and leads back to the page that asked for it.
#[connected(opt)]
pub async fn login(
    session: Session,
    user: Option<UserId>,
    next: ReturnTo,
    State(users): State<Users>,
    Form(LogIn { name, password, remember }): Form<LogIn>,
) -> Result<Response, Error> {
    match users.verify(name.clone(), password).await {
        Some(verified) => {
            session.connect(verified).expire(remember.is_none()).await?;
            Ok(next.or("/").into_response())
        }
        None => {
            let again = form(&session, user.as_ref(), &name, Some("Wrong name or password."));
            Ok((StatusCode::UNPROCESSABLE_ENTITY, again).into_response())
        }
    }
}

/// The form names no action, so it is posted to the address it was shown at, `?next=` included.
fn form(session: &Session, user: Option<&UserId>, name: &str, mistake: Option<&str>) -> Markup {
    let content = html! {
        @if let Some(mistake) = mistake {
            p.mistake role="alert" { (mistake) }
        }
        form.card method="post" {
            label { "Name" input name="name" value=(name) autocomplete="username" required; }
            label { "Password" input name="password" type="password" autocomplete="current-password" required; }
            label.inline { input name="remember" type="checkbox"; "Remember me on this device" }
            button { "Log in" }
        }
        p.hint { "alice, bob and mallory share the password " code { "quickstart" } "." }
    };
    page("Log in", session, user, content)
}

/// Optional, because to log out twice is no mistake.
#[connected(opt)]
pub async fn logout(session: Session) -> Result<Redirect, Error> {
    session.disconnect().await?;
    Ok(Redirect::to("/"))
}

#[connected]
pub async fn logout_everywhere(session: Session) -> Result<Redirect, Error> {
    session.disconnect_all().await?;
    Ok(Redirect::to("/"))
}

#[connected]
pub async fn devices(session: Session, user: UserId) -> Result<Markup, Error> {
    let devices = session.sessions().of_user(&user).await?;
    let content = html! {
        ul.devices { @for device in &devices { li { (entry(device)) } } }
        form method="post" action="/logout-everywhere" { button { "Log out everywhere" } }
    };
    Ok(page("Devices", &session, Some(&user), content))
}

fn entry(device: &SessionInfo) -> Markup {
    html! {
        span {
            strong { (device.device.as_deref().unwrap_or("Unknown device")) }
            " since " (ago(device.since)) ", last seen " (ago(device.last_seen))
        }
        @if device.current {
            em { "this one" }
        } @else {
            form method="post" action={ "/devices/" (device.handle) "/close" } { button { "Log out" } }
        }
    }
}

/// A handle that is not one of the user's own closes nothing.
#[connected]
pub async fn close_device(session: Session, Path(handle): Path<SessionHandle>) -> Result<Redirect, Error> {
    session.close(handle).await?;
    Ok(Redirect::to("/devices"))
}

fn ago(moment: SystemTime) -> String {
    match moment.elapsed().unwrap_or_default().as_secs() / 60 {
        0 => "just now".to_owned(),
        minutes @ 1..60 => format!("{minutes} min ago"),
        minutes @ 60..1440 => format!("{} h ago", minutes / 60),
        minutes => format!("{} days ago", minutes / 1440),
    }
}
