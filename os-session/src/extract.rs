//! Who is connected, as extractors: in any position, in annotated and plain handlers alike.

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::request::Parts;

use crate::account::{FromUser, User};
use crate::context::Session;
use crate::error::Error;
use crate::lifecycle::account;
use crate::user::UserId;

/// The request's session, once the cross-site rule has let it pass.
fn session(parts: &Parts) -> Result<Session, Error> {
    let session = Session::of(parts).filter(|session| !session.0.is_public());
    let session = session.ok_or(Error::NoLayer)?;
    session.0.judge()?;
    Ok(session.clone())
}

fn not_connected(session: &Session, parts: &Parts) -> Error {
    session.0.note_way_back(parts);
    Error::NotConnected
}

impl<S> FromRequestParts<S> for Session
where
    S: Send + Sync,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        let session = session(parts)?;
        session.0.origin.note_user_agent(&parts.headers);
        Ok(session)
    }
}

impl<S> FromRequestParts<S> for UserId
where
    S: Send + Sync,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        let session = session(parts)?;
        session.user().await?.ok_or_else(|| not_connected(&session, parts))
    }
}

impl<S> OptionalFromRequestParts<S> for UserId
where
    S: Send + Sync,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Error> {
        session(parts)?.user().await
    }
}

#[diagnostic::do_not_recommend]
impl<T, S> FromRequestParts<S> for User<T>
where
    T: FromUser<S>,
    S: Send + Sync,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let session = session(parts)?;
        let user = account(&session, state).await?;
        user.map(User).ok_or_else(|| not_connected(&session, parts))
    }
}

#[diagnostic::do_not_recommend]
impl<T, S> OptionalFromRequestParts<S> for User<T>
where
    T: FromUser<S>,
    S: Send + Sync,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, Error> {
        let session = session(parts)?;
        match account(&session, state).await? {
            Some(user) => Ok(Some(User(user))),
            // The rule let a user in whose account is gone: what it asked for does not hold any more.
            None if session.0.requires_connection() => Err(not_connected(&session, parts)),
            None => Ok(None),
        }
    }
}
