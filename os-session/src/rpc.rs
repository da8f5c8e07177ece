//! Rules on functions that are called inside a request: server functions, service functions.

use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};

use crate::account::FromUser;
use crate::context::Session;
use crate::declaration::Declaration;
use crate::deny::{Denied, DenyFn, answer};
use crate::error::Error;
use crate::guard::{self, Refusal};
use crate::lifecycle::account;
use crate::policy::{AskPolicy, OfCall};

/// What a function under `#[connected_rpc]` or `#[connected_wrapper]` may return: something that can say that it was refused.
#[diagnostic::on_unimplemented(
    message = "a function with a rule cannot return `{Self}`: it could not say that it was refused",
    label = "not a `Result<_, E>` with `E: From<os_session::Error>`",
    note = "return `Result<T, E>` where `E` implements `From<os_session::Error>`, or an axum `Response`"
)]
pub trait FromRefusal {
    /// The refusal, as an answer of this type.
    fn from_refusal(error: Error) -> Self;
}

#[diagnostic::do_not_recommend]
impl<T, E> FromRefusal for Result<T, E>
where
    E: From<Error>,
{
    fn from_refusal(error: Error) -> Self {
        Err(error.into())
    }
}

#[diagnostic::do_not_recommend]
impl FromRefusal for Response {
    fn from_refusal(error: Error) -> Self {
        error.into_response()
    }
}

/// Admits a call by its rule, and hands over who calls.
///
/// # Errors
///
/// The refusal.
pub async fn caller<T, S>(rule: &'static Declaration, ask: Option<AskPolicy<S>>) -> Result<T, Refusal>
where
    T: FromUser<S>,
    S: Send + Sync + 'static,
{
    match admitted(rule, ask).await? {
        (_, Some(user)) => Ok(user),
        (session, None) => Err(Refusal::NotConnected(session)),
    }
}

/// The same where nobody may call as well.
///
/// # Errors
///
/// The refusal.
pub async fn caller_opt<S, T>(rule: &'static Declaration, ask: Option<AskPolicy<S>>) -> Result<Option<T>, Refusal>
where
    T: FromUser<S>,
    S: Send + Sync + 'static,
{
    let (session, user) = admitted(rule, ask).await?;
    match user {
        None if rule.requires_connection() => Err(Refusal::NotConnected(session)),
        user => Ok(user),
    }
}

/// Admits a call by its rule.
///
/// # Errors
///
/// The refusal.
pub async fn wrapper<S>(rule: &'static Declaration, ask: Option<AskPolicy<S>>) -> Result<(), Refusal>
where
    S: Send + Sync + 'static,
{
    enter(rule, ask).await.map(|_| ())
}

/// A refusal, in the function's own type.
#[must_use]
pub fn refuse<R>(refusal: Refusal) -> R
where
    R: FromRefusal,
{
    R::from_refusal(refusal.into())
}

/// A refusal, as the function's `deny_fun` answers it; what is no denial goes its own way.
pub async fn refuse_with<F, Args, S, R>(deny_fun: F, refusal: Refusal) -> R
where
    F: DenyFn<Args, S, Output = R>,
    S: Send + Sync + 'static,
    R: FromRefusal,
{
    let Refusal::Denied { session, denial } = &refusal else {
        return refuse(refusal);
    };
    let answer = match (state::<S>(session), &session.0.parts) {
        (Ok(state), Some(head)) => {
            let denied = Denied { session, denial: *denial, head };
            answer::<F, _>(denied, async { deny_fun.call(denied, state).await }).await
        }
        (Err(error), _) => Err(error),
        (_, None) => Err(Error::NoLayer),
    };
    answer.unwrap_or_else(R::from_refusal)
}

async fn enter<S>(rule: &'static Declaration, ask: Option<AskPolicy<S>>) -> Result<Session, Refusal>
where
    S: Send + Sync + 'static,
{
    let session = Session::current()?;
    session.0.read_again_if_stale().await?;
    match ask {
        None => guard::enter(&session, rule, None).await?,
        Some(ask) => {
            let state = state::<S>(&session)?;
            let mut parts = Parts::clone(session.0.parts.as_deref().ok_or(Error::NoLayer)?);
            parts.extensions.insert(session.clone());
            guard::enter(&session, rule, Some(&mut OfCall { ask, parts, state })).await?;
        }
    }
    Ok(session)
}

async fn admitted<T, S>(rule: &'static Declaration, ask: Option<AskPolicy<S>>) -> Result<(Session, Option<T>), Refusal>
where
    T: FromUser<S>,
    S: Send + Sync + 'static,
{
    let session = enter(rule, ask).await?;
    let user = account(&session, state::<S>(&session)?).await?;
    Ok((session, user))
}

fn state<S: 'static>(session: &Session) -> Result<&S, Error> {
    session.sessions().0.states.get().ok_or(Error::NoState(std::any::type_name::<S>()))
}
