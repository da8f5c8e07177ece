//! Admission: the order of a wrapped request, and the hidden parameter that keeps it.

use std::fmt;
use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};

use crate::context::Session;
use crate::declaration::Declaration;
use crate::deny::{BoxFuture, Denied, DenyFun};
use crate::error::{Denial, Error};
use crate::policy::{AskPolicy, OfHandler};
use crate::respond::{to_confirm, to_login};

mod enter;
mod watch;

use self::enter::decide;
pub(crate) use self::enter::enter;
pub(crate) use self::watch::{Outcome, Seen, Watch};

/// A function that carries a rule: implemented by what an attribute puts beside it.
pub trait Declared: Send + Sync + 'static {
    /// Whether it is `#[public]`: its requests need no session, and are routed without what would find one.
    const PUBLIC: bool = false;

    /// The rule, as it was registered.
    fn declaration() -> &'static Declaration;
}

/// The same, for handlers of a router with state `S`.
#[diagnostic::on_unimplemented(
    message = "the rule of this handler is for another state than `{S}`",
    note = "`state = …` in the attribute names the state of the router that the handler is routed in"
)]
pub trait Rule<S>: Declared {
    /// The handler's own answer to a refusal.
    const DENY_FUN: Option<DenyFun<S>> = None;

    /// The policies that the rule names.
    const POLICIES: Option<AskPolicy<S>> = None;
}

/// The hidden first parameter of a declared handler: there is one only for a request that its rule admits.
///
/// As the first extractor it decides before any other runs, and before the body is read.
pub struct Admitted<R>(PhantomData<fn() -> R>);

impl<R> Admitted<R> {
    pub(crate) fn new() -> Self {
        Self(PhantomData)
    }
}

impl<R> fmt::Debug for Admitted<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Admitted")
    }
}

#[diagnostic::do_not_recommend]
impl<R, S> FromRequestParts<S> for Admitted<R>
where
    R: Rule<S>,
    S: Send + Sync,
{
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        // This is compiled for every handler, and its future is in the box of every request: the rest is elsewhere.
        match admits(parts, R::declaration()) {
            Ok(None) => {}
            undecided => take_time(undecided, R::declaration(), (R::POLICIES, R::DENY_FUN), parts, state).await?,
        }
        Ok(Self::new())
    }
}

/// What is left where a request is not admitted at once: hooks, a store to be waited for, policies, a refusal.
fn take_time<'a, S>(
    undecided: Result<Option<Session>, Error>,
    declaration: &'static Declaration,
    (policies, deny_fun): (Option<AskPolicy<S>>, Option<DenyFun<S>>),
    parts: &'a mut Parts,
    state: &'a S,
) -> BoxFuture<'a, Result<(), Response>>
where
    S: Sync,
{
    Box::pin(async move {
        let admitted = match undecided {
            Ok(Some(session)) => {
                let admitted = match policies {
                    None => decide(&session, declaration, None).await,
                    Some(ask) => decide(&session, declaration, Some(&mut OfHandler { ask, parts, state })).await,
                };
                if admitted.is_ok() {
                    session.0.note_admission(declaration);
                    note_visitor(&session, declaration, parts);
                }
                admitted
            }
            Ok(None) => Ok(()),
            Err(error) => Err(error.into()),
        };
        let Err(refused) = admitted else {
            return if watch::is_watched() { Err(StatusCode::NO_CONTENT.into_response()) } else { Ok(()) };
        };
        refused.note_way_back(parts);
        if let (Refusal::Denied { session, denial }, Some(deny_fun)) = (&refused, deny_fun) {
            return Err(deny_fun(Denied { session, denial: *denial, head: parts }, state).await);
        }
        Err(answer(refused, parts).await)
    })
}

/// A refusal on its way to becoming an answer.
#[derive(Debug)]
pub enum Refusal {
    /// Nobody is connected, and the rule wants somebody, whoever it is.
    NotConnected(Session),
    /// The rule looked at who is there and refused.
    Denied {
        /// Whose request it is.
        session: Session,
        /// Why.
        denial: Denial,
    },
    /// There was no decision.
    Failed(Error),
    /// There was none because of this policy, which answered the request itself.
    Answered {
        /// Its name in the rule.
        policy: &'static str,
        /// The answer.
        response: Box<Response>,
    },
}

impl Refusal {
    /// Where the request lacks a connection, or a fresh one, a browser may be sent to a page for that, and from there where it wanted
    /// to go.
    fn note_way_back(&self, parts: &Parts) {
        if let Self::NotConnected(session) | Self::Denied { session, denial: Denial::NotConnected | Denial::NotFresh } =
            self
        {
            session.0.note_way_back(parts);
        }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotConnected(_) => Self::NotConnected,
            Refusal::Denied { denial, .. } => denial.into(),
            Refusal::Failed(error) => error,
            Refusal::Answered { policy, response } => Self::Policy { policy, status: response.status() },
        }
    }
}

/// [`admits_at_once`] for the session of this request. Compiled once, and not for every handler, as its caller is.
fn admits(parts: &Parts, declaration: &'static Declaration) -> Result<Option<Session>, Error> {
    let session = Session::of(parts);
    let undecided = admits_at_once(session, declaration)?;
    if let (None, Some(session)) = (&undecided, session) {
        note_visitor(session, declaration, parts);
    }
    Ok(undecided)
}

/// A handler that visitors reach may require a login itself.
fn note_visitor(session: &Session, declaration: &Declaration, parts: &Parts) {
    if !declaration.requires_connection() && !declaration.is_public() {
        session.0.note_way_back_of_visitor(parts);
    }
}

/// `None` for a request that reaches its handler; the session where that is yet to be decided.
fn admits_at_once(session: Option<&Session>, declaration: &'static Declaration) -> Result<Option<Session>, Error> {
    if declaration.is_public() {
        if let Some(session) = session {
            session.0.declare_public();
        }
        return Ok(None);
    }
    let session = session.ok_or(Error::NoLayer)?;
    if declaration.cross_site_reason().is_some() {
        session.0.admit_cross_site();
    }
    session.0.note_handler(declaration);
    session.0.judge()?;
    let admitted = enter::admits_at_once(session, declaration)?;
    if admitted {
        session.0.note_admission(declaration);
    }
    Ok((!admitted).then(|| session.clone()))
}

/// What answers a refusal that its handler has no answer for: the log-in page, the application's `deny_fun`, a problem.
async fn answer(refusal: Refusal, head: &Parts) -> Response {
    let (session, denial) = match refusal {
        Refusal::NotConnected(session) => (session, Denial::NotConnected),
        Refusal::Denied { session, denial } => (session, denial),
        Refusal::Failed(error) => return error.into_response(),
        Refusal::Answered { response, .. } => return *response,
    };
    let elsewhere = match denial {
        Denial::NotConnected => to_login(&session.0),
        Denial::NotFresh => to_confirm(&session.0),
        Denial::PermissionDenied => None,
    };
    if let Some(response) = elsewhere {
        return response;
    }
    match &session.sessions().0.deny_fun {
        Some(deny_fun) => deny_fun(Denied { session: &session, denial, head }).await,
        None => Error::from(denial).into_response(),
    }
}
