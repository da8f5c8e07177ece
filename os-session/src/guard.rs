//! Admission: the order of a wrapped request, and the hidden parameter that keeps it.

use std::fmt;
use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};

use crate::context::{Connected, Look, Session};
use crate::declaration::Declaration;
use crate::deny::{Denied, DenyFun};
use crate::error::{Denial, Error};
use crate::hook::{self, EventKind, HookInput};
use crate::lifecycle;
use crate::respond::to_login;

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
        let declaration = R::declaration();
        let refused = match admit(parts, declaration).await {
            Ok(()) => return Ok(Self::new()),
            Err(refused) => refused,
        };
        if let (Refusal::Denied { session, denial }, Some(deny_fun)) = (&refused, R::DENY_FUN) {
            return Err(deny_fun(Denied { session, denial: *denial, head: parts }, state).await);
        }
        Err(Box::pin(answer(refused, parts)).await)
    }
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
        }
    }
}

/// Decides whether a request reaches its handler.
async fn admit(parts: &Parts, declaration: &'static Declaration) -> Result<(), Refusal> {
    let session = parts.extensions.get::<Session>();
    if declaration.is_public() {
        if let Some(session) = session {
            session.0.declare_public();
        }
        return Ok(());
    }
    let session = session.ok_or(Error::NoLayer)?;
    if declaration.cross_site_reason().is_some() {
        session.0.admit_cross_site();
    }
    session.0.judge()?;
    match enter(session, declaration).await {
        Err(refusal @ (Refusal::NotConnected(_) | Refusal::Denied { denial: Denial::NotConnected, .. })) => {
            session.0.note_way_back(parts);
            Err(refusal)
        }
        outcome => outcome,
    }
}

/// What answers a refusal that its handler has no answer for: the log-in page, the application's `deny_fun`, a problem.
async fn answer(refusal: Refusal, head: &Parts) -> Response {
    let (session, denial) = match &refusal {
        Refusal::NotConnected(session) => (session, Denial::NotConnected),
        Refusal::Denied { session, denial } => (session, *denial),
        Refusal::Failed(_) => return Error::from(refusal).into_response(),
    };
    if denial == Denial::NotConnected
        && let Some(response) = to_login(&session.0)
    {
        return response;
    }
    match &session.sessions().0.deny_fun {
        Some(deny_fun) => deny_fun(Denied { session, denial, head }).await,
        None => Error::from(denial).into_response(),
    }
}

/// Runs a wrapped request up to its handler: connection, `on_request`, start hooks, rule, `on_connected_request` or
/// `on_unconnected_request`. Hooks run once a request, the rule wherever there is one; inside a hook the rule alone.
pub(crate) async fn enter(session: &Session, declaration: &'static Declaration) -> Result<(), Refusal> {
    if admits_at_once(session, declaration)? {
        return Ok(());
    }
    // Boxed: the futures of handlers stay small, and hooks, a refusal or a store to be waited for outweigh it.
    Box::pin(enter_step_by_step(session, declaration)).await
}

/// Whether it can be told without waiting, and without a hook to be run, that the request is admitted: most are.
fn admits_at_once(session: &Session, rule: &'static Declaration) -> Result<bool, Error> {
    let sessions = session.sessions();
    if sessions.0.has_request_hooks || rule.ignores_session() {
        return Ok(false);
    }
    if rule.requires_connection() {
        session.0.require_connection();
    }
    let admitted = session.0.look(|connected| {
        !rule.names_groups()
            || sessions.knows_groups_of(rule)
                && session.0.groups_at_once(connected).is_some_and(|groups| rule.admits(&groups))
    })?;
    Ok(match admitted {
        Look::User(admitted) => admitted,
        Look::Nobody => !rule.requires_connection(),
        Look::Ask(_) => false,
    })
}

async fn enter_step_by_step(session: &Session, declaration: &'static Declaration) -> Result<(), Refusal> {
    let Session(context) = session;
    if declaration.ignores_session() {
        context.ignore_session();
    }
    if declaration.requires_connection() {
        context.require_connection();
    }
    let mut connected = context.connected().await?;
    if let Some(connected) = &connected {
        resume(session, connected).await?;
    }
    if let Some(gone) = noticed_gone(session, begin(session, connected.as_ref()).await).await? {
        connected = gone;
    }
    match decide(session, declaration, connected.as_ref()).await? {
        Decision::NotConnected => {
            once_unconnected(session).await?;
            return Err(Refusal::NotConnected(session.clone()));
        }
        Decision::Denied(denial) => return Err(refuse(session, declaration, connected.as_ref(), denial).await),
        Decision::Admitted => {}
    }
    let Some(admitted) = &connected else {
        once_unconnected(session).await?;
        return Ok(());
    };
    match noticed_gone(session, once_connected(session, admitted).await).await? {
        Some(None) if declaration.requires_connection() => Err(Refusal::NotConnected(session.clone())),
        _ => Ok(()),
    }
}

/// Whether hooks for one of these events are to run: a function with a rule that a hook calls starts no hooks of its own.
fn runs_hooks(events: &[EventKind]) -> bool {
    hook::any(events) && !hook::is_running()
}

/// The hooks that run before the rule, once a request.
async fn begin(session: &Session, connected: Option<&Connected>) -> Result<(), Error> {
    if !runs_hooks(hook::START) && !runs_hooks(&[EventKind::Request]) {
        return Ok(());
    }
    let input = HookInput::of(session, connected.map(|connected| &connected.user));
    let begin = async || {
        hook::run(&[EventKind::Request], input).await?;
        if session.0.starts_process() {
            let start = if connected.is_some() { hook::START_CONNECTED } else { hook::START_UNCONNECTED };
            hook::run(start, input).await?;
        }
        Ok(())
    };
    session.0.more().once.request.get_or_try_init(begin).await.copied()
}

/// A hook may find that the account behind the session is gone. Then the session is, and whatever the hook made of it,
/// the request goes on with what is connected after that: `Some` says that this changed.
async fn noticed_gone(session: &Session, hooks: Result<(), Error>) -> Result<Option<Option<Connected>>, Error> {
    if !session.0.account_is_gone() {
        return hooks.map(|()| None);
    }
    lifecycle::close_gone(session).await?;
    Ok(Some(session.0.connected().await?))
}

/// `on_resume_session`, at the first request of a session that this process did not open.
async fn resume(session: &Session, connected: &Connected) -> Result<(), Error> {
    let sessions = session.sessions();
    if !runs_hooks(&[EventKind::ResumeSession]) || !sessions.note_resumed(connected.handle) {
        return Ok(());
    }
    let resumed = hook::run(&[EventKind::ResumeSession], HookInput::of(session, Some(&connected.user))).await;
    if resumed.is_err() {
        // It has not been resumed: the next request tries again.
        sessions.forget_resumed(connected.handle);
    }
    resumed
}

async fn once_connected(session: &Session, connected: &Connected) -> Result<(), Error> {
    if !runs_hooks(&[EventKind::ConnectedRequest]) {
        return Ok(());
    }
    let input = HookInput::of(session, Some(&connected.user));
    let run = async || hook::run(&[EventKind::ConnectedRequest], input).await;
    session.0.more().once.connected.get_or_try_init(run).await.copied()
}

async fn once_unconnected(session: &Session) -> Result<(), Error> {
    if !runs_hooks(&[EventKind::UnconnectedRequest]) {
        return Ok(());
    }
    let run = async || hook::run(&[EventKind::UnconnectedRequest], HookInput::of(session, None)).await;
    session.0.more().once.unconnected.get_or_try_init(run).await.copied()
}

enum Decision {
    Admitted,
    NotConnected,
    Denied(Denial),
}

/// The rule itself.
async fn decide(
    session: &Session,
    rule: &'static Declaration,
    connected: Option<&Connected>,
) -> Result<Decision, Error> {
    let Some(connected) = connected else {
        return Ok(match (rule.allows_only_some(), rule.requires_connection()) {
            (true, _) => Decision::Denied(Denial::NotConnected),
            (false, true) => Decision::NotConnected,
            (false, false) => Decision::Admitted,
        });
    };
    if !rule.names_groups() {
        return Ok(Decision::Admitted);
    }
    session.sessions().check_groups_of(rule).await?;
    let groups = session.0.groups_of(connected).await?;
    Ok(if rule.admits(&groups) { Decision::Admitted } else { Decision::Denied(Denial::PermissionDenied) })
}

/// `on_denied_request`, and the line in the log: who was refused what, and no secret.
async fn refuse(
    session: &Session,
    rule: &'static Declaration,
    connected: Option<&Connected>,
    denial: Denial,
) -> Refusal {
    let user = connected.map(|connected| &connected.user);
    tracing::info!(handler = %rule.place(), %rule, user = user.map(tracing::field::display), %denial, "request denied");
    if !runs_hooks(&[EventKind::DeniedRequest]) {
        return Refusal::Denied { session: session.clone(), denial };
    }
    let input = HookInput::of(session, user).denied(denial);
    match hook::run(&[EventKind::DeniedRequest], input).await {
        Ok(()) => Refusal::Denied { session: session.clone(), denial },
        Err(error) => Refusal::Failed(error),
    }
}
