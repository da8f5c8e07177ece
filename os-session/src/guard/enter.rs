//! The order of a wrapped request: connection, `on_request`, start hooks, rule, `on_connected_request` or `on_unconnected_request`.

use std::sync::atomic::Ordering;

use axum::http::StatusCode;
use axum::response::Response;
use tokio::sync::OnceCell;
use tracing::field::display;

use crate::application::Function;
use crate::context::{Connected, Look, Session};
use crate::declaration::{Declaration, Verdict};
use crate::error::{Denial, Error};
use crate::expression::Answers;
use crate::group::GroupSet;
use crate::guard::{Refusal, watch};
use crate::hook::{self, EventKind, HookInput};
use crate::lifecycle;
use crate::one_line::Field;
use crate::policy::Policies;
use crate::user::UserId;

/// Runs a wrapped request up to its handler. Hooks run once a request, the rule wherever there is one; inside a hook the rule
/// alone.
pub(crate) async fn enter<'a>(
    session: &'a Session,
    rule: &'static Declaration,
    policies: Option<&'a mut dyn Policies>,
) -> Result<(), Refusal> {
    session.0.note_handler(rule);
    if admits_at_once(session, rule)? {
        return Ok(());
    }
    // Boxed: the futures of functions stay small, and hooks, a refusal or a store to be waited for outweigh it.
    Box::pin(decide(session, rule, policies)).await
}

/// What is left where it cannot be told at once.
pub(super) async fn decide(
    session: &Session,
    rule: &'static Declaration,
    policies: Option<&mut dyn Policies>,
) -> Result<(), Refusal> {
    let decision = step_by_step(session, rule, policies).await;
    watch::note_decision(rule, &decision);
    decision
}

/// Whether it can be told without waiting, and without a hook to be run, that the request is admitted: most are.
pub(super) fn admits_at_once(session: &Session, rule: &'static Declaration) -> Result<bool, Error> {
    let sessions = session.sessions();
    if sessions.0.goes_step_by_step.load(Ordering::Relaxed) || rule.ignores_session() {
        return Ok(false);
    }
    if rule.requires_connection() {
        session.0.require_connection();
    }
    let admits = |groups: &GroupSet| rule.verdict(groups, Answers::default()) == Verdict::Admitted;
    let looked = session.0.look(|connected| {
        if !rule.is_fresh_enough(|| connected.times.proved()) {
            AtOnce::Decided(false)
        } else if !rule.has_expressions() {
            AtOnce::Decided(true)
        } else if !sessions.knows_groups_of(rule) {
            AtOnce::Decided(false)
        } else if sessions.0.groups.is_none() {
            AtOnce::Decided(connected.groups.as_ref().is_some_and(admits))
        } else {
            AtOnce::ByProvider(connected.user.clone())
        }
    })?;
    Ok(match looked {
        Look::User(AtOnce::Decided(admitted)) => admitted,
        Look::User(AtOnce::ByProvider(user)) => {
            session.0.remembered_groups(&user)?.is_some_and(|groups| admits(&groups))
        }
        Look::Nobody => !rule.requires_connection(),
        Look::Ask(_) => rule.admits_everybody(),
    })
}

/// What a look at the session under the request's lock decides.
enum AtOnce {
    Decided(bool),
    /// The application's provider may have this user's groups in memory. It is asked without the
    /// lock.
    ByProvider(UserId),
}

async fn step_by_step(
    session: &Session,
    rule: &'static Declaration,
    policies: Option<&mut dyn Policies>,
) -> Result<(), Refusal> {
    let Session(context) = session;
    if rule.ignores_session() {
        context.ignore_session();
    }
    if rule.requires_connection() {
        context.require_connection();
    }
    // After each step that runs hooks: one of them may find that the account behind the session is gone.
    let mut connected = context.connected().await?;
    if let Some(resumed) = &connected {
        let hooks = resume(session, resumed).await;
        connected = settle(session, connected, hooks).await?;
    }
    let hooks = once(session, |once| &once.request, &[EventKind::Request], connected.as_ref()).await;
    connected = settle(session, connected, hooks).await?;
    if context.starts_process() {
        let start = if connected.is_some() { hook::START_CONNECTED } else { hook::START_UNCONNECTED };
        let hooks = once(session, |once| &once.start, start, connected.as_ref()).await;
        connected = settle(session, connected, hooks).await?;
    }

    match decision(session, rule, connected.as_ref(), policies).await? {
        Decision::Admitted => {}
        Decision::NotConnected => {
            unconnected(session).await?;
            return Err(Refusal::NotConnected(session.clone()));
        }
        Decision::Denied(denial) => {
            let hooks = denied(session, rule, connected.as_ref(), denial).await;
            settle(session, connected, hooks).await?;
            return Err(Refusal::Denied { session: session.clone(), denial });
        }
        Decision::Answered(policy, response) => {
            policy_failed(rule, connected.as_ref(), policy, response.status());
            return Err(Refusal::Answered { policy, response });
        }
    }
    if connected.is_some() {
        let hooks = once(session, |once| &once.connected, &[EventKind::ConnectedRequest], connected.as_ref()).await;
        connected = settle(session, connected, hooks).await?;
    } else {
        unconnected(session).await?;
    }
    match connected {
        None if rule.requires_connection() => Err(Refusal::NotConnected(session.clone())),
        _ => Ok(()),
    }
}

/// Whether hooks for one of these events are to run: a function with a rule that a hook calls starts no hooks of its own.
fn runs_hooks(events: &[EventKind]) -> bool {
    hook::any(events) && !hook::is_running()
}

/// Runs the hooks of these events, unless that was done for this request.
async fn once(
    session: &Session,
    done: fn(&crate::context::Once) -> &OnceCell<()>,
    events: &[EventKind],
    connected: Option<&Connected>,
) -> Result<(), Error> {
    if !runs_hooks(events) {
        return Ok(());
    }
    let input = HookInput::of(session, connected.map(|connected| &connected.user));
    let run = async || match hook::run(events, input).await {
        // The session ends for it, and that is all: the hooks before that one have run.
        Err(error) if error.is_account_gone() => Ok(()),
        outcome => outcome,
    };
    done(&session.0.more().once).get_or_try_init(run).await.copied()
}

async fn unconnected(session: &Session) -> Result<(), Error> {
    once(session, |once| &once.unconnected, &[EventKind::UnconnectedRequest], None).await
}

/// Who is connected after hooks have run. If one of them found the account gone, its session is, whatever the hook made of it, and
/// the request goes on unconnected.
async fn settle(
    session: &Session,
    connected: Option<Connected>,
    hooks: Result<(), Error>,
) -> Result<Option<Connected>, Error> {
    match &connected {
        Some(found) if session.0.account_is_gone(&found.user) => {
            lifecycle::close_gone(session).await?;
            session.0.connected().await
        }
        _ => hooks.map(|()| connected),
    }
}

/// `on_resume_session`, at the first request of a session that this process did not open.
async fn resume(session: &Session, connected: &Connected) -> Result<(), Error> {
    let sessions = session.sessions();
    if !runs_hooks(&[EventKind::ResumeSession]) || !sessions.note_resumed(connected) {
        return Ok(());
    }
    // Until the hooks have succeeded it has not been resumed, however they end: the next request tries again.
    let unresumed = Unresumed { session, connected };
    hook::run(&[EventKind::ResumeSession], HookInput::of(session, Some(&connected.user))).await?;
    std::mem::forget(unresumed);
    Ok(())
}

struct Unresumed<'a> {
    session: &'a Session,
    connected: &'a Connected,
}

impl Drop for Unresumed<'_> {
    fn drop(&mut self) {
        self.session.sessions().forget_resumed(self.connected.handle);
    }
}

enum Decision {
    Admitted,
    NotConnected,
    Denied(Denial),
    /// The policy of that name failed, and answered the request.
    Answered(&'static str, Box<Response>),
}

/// The rule itself, and then how long ago the user proved who they are: who is refused anyway need not do that again.
async fn decision(
    session: &Session,
    rule: &'static Declaration,
    connected: Option<&Connected>,
    policies: Option<&mut dyn Policies>,
) -> Result<Decision, Error> {
    let decision = decide_who(session, rule, connected, policies).await?;
    Ok(match (decision, connected) {
        (Decision::Admitted, Some(connected)) if !rule.is_fresh_enough(|| connected.times.proved()) => {
            Decision::Denied(Denial::NotFresh)
        }
        (decision, _) => decision,
    })
}

async fn decide_who(
    session: &Session,
    rule: &'static Declaration,
    connected: Option<&Connected>,
    mut policies: Option<&mut dyn Policies>,
) -> Result<Decision, Error> {
    let Some(connected) = connected else {
        return Ok(match (rule.allows_only_some(), rule.requires_connection()) {
            (true, _) => Decision::Denied(Denial::NotConnected),
            (false, true) => Decision::NotConnected,
            (false, false) => Decision::Admitted,
        });
    };
    if !rule.has_expressions() {
        return Ok(Decision::Admitted);
    }
    session.sessions().check_groups_of(rule).await?;
    let groups = session.0.groups_of(connected).await?;
    let mut answers = Answers::default();
    loop {
        let number = match rule.verdict(&groups, answers) {
            Verdict::Admitted => {
                if answers != Answers::default() {
                    session.0.note_answers(rule, answers);
                }
                return Ok(Decision::Admitted);
            }
            Verdict::Refused => return Ok(Decision::Denied(Denial::PermissionDenied)),
            Verdict::Ask(number) => number,
        };
        let Some(policies) = &mut policies else {
            return Ok(Decision::Denied(Denial::PermissionDenied));
        };
        let name = rule.policy_name(number);
        let deadline = session.sessions().0.config.hook_deadline;
        match Function::Policy(name).outcome(deadline, async { policies.ask(number).await }).await? {
            Ok(answer) => answers = answers.with(number, answer),
            Err(response) => return Ok(Decision::Answered(name, response)),
        }
        watch::note_answers(answers);
    }
}

/// A policy that fails by what the client sent, the id in a path for example, is no warning: any
/// client can cause it.
fn policy_failed(rule: &Declaration, connected: Option<&Connected>, policy: &str, status: StatusCode) {
    let user = connected.map(|connected| display(Field(&connected.user)));
    let session = connected.map(|connected| display(connected.handle));
    let (handler, status) = (rule.place(), status.as_u16());
    if status < 500 {
        tracing::info!(%handler, %rule, user, session, policy, status, "policy rejected the request");
    } else {
        tracing::warn!(%handler, %rule, user, session, policy, status, "policy failed, request refused");
    }
}

/// `on_denied_request`, and the line in the log: who was refused what, and no secret.
async fn denied(
    session: &Session,
    rule: &'static Declaration,
    connected: Option<&Connected>,
    denial: Denial,
) -> Result<(), Error> {
    let user = connected.map(|connected| &connected.user);
    let handle = connected.map(|connected| display(connected.handle));
    tracing::info!(handler = %rule.place(), %rule, user = user.map(|user| display(Field(user))), session = handle, %denial, "request denied");
    if !runs_hooks(&[EventKind::DeniedRequest]) {
        return Ok(());
    }
    hook::run(&[EventKind::DeniedRequest], HookInput::of(session, user).denied(denial)).await
}
