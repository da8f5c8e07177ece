//! The changes themselves, step by step. Each runs in a task of its own, one at a time for each request.

use crate::awaited::Subject;
use crate::config::Config;
use crate::context::{Connected, Context, Session, Times, Undelivered, log_unknown_token};
use crate::device;
use crate::error::Error;
use crate::hook::{self, CloseReason, EventKind, HookInput};
use crate::one_line::Field;
use crate::sessions::Sessions;
use crate::store::{Authenticated, End, Ended, Inserted, NewSession, Rotation, SessionHandle};
use crate::token::{SessionKey, Token};
use crate::user::UserId;

pub(super) async fn connect(session: &Session, user: UserId, expire: bool) -> Result<(), Error> {
    let Session(context) = session;
    let sessions = session.sessions();
    let config = &sessions.0.config;
    user.validate()?;
    answerable(context)?;
    context.judge_log_in()?;

    let before = context.connected_behind().await?;
    let before_key = before.as_ref().map(|before| before.key);
    let replaced = match before {
        Some(before) => Some((before.user, before.handle)),
        None => exchanged(session).await?,
    };
    if let Some((user, _)) = &replaced {
        let input = HookInput::of(session, Some(user)).closing(CloseReason::Replaced);
        hook::run_all(EventKind::PreCloseSession, input).await;
    }

    let token = Token::random().map_err(Error::Random)?;
    let mut new = new_session(context, config, user.clone(), token.key(), expire)?;
    new.replaces = before_key;
    new.replaces_session = replaced;
    let cookie_life = (!expire).then_some(new.absolute);
    let connected =
        Connected { key: new.key, user, handle: new.handle, times: Times::of_new(cookie_life), groups: None };
    let ended = match sessions.outcome(sessions.0.store.insert(new, config.limit()).await)? {
        Inserted::Opened(ended) => ended,
        Inserted::Full => return Err(Error::TooManySessions(config.max_sessions)),
    };
    sessions.note_resumed(&connected);
    let (user, handle) = (connected.user.clone(), connected.handle);
    let awaited = context.opened(connected, &token);
    sessions.after_close(Some(session), ended, CloseReason::Replaced).await;
    if !awaited {
        take_back(session).await;
        return Err(Error::AnswerSent);
    }

    tracing::info!(user = %Field(&user), session = %handle, "session opened");
    let input = HookInput::of(session, Some(&user));
    let mut hooks = session.renew_browser(handle).await;
    if hooks.is_ok() {
        hooks = hook::run(&[EventKind::OpenSession], input).await;
    }
    if hooks.is_ok() {
        hooks = hook::run(hook::START_CONNECTED, input).await;
    }
    if let Err(error) = hooks {
        if let Err(error) = close_current(session, CloseReason::LogInFailed).await {
            tracing::error!(%error, "a session whose log-in failed could not be closed; nobody has its token");
            context.ended();
        }
        return Err(error);
    }
    if context.is_answered() {
        take_back(session).await;
        return Err(Error::AnswerSent);
    }
    Ok(())
}

fn new_session(
    context: &Context,
    config: &Config,
    user: UserId,
    key: SessionKey,
    expire: bool,
) -> Result<NewSession, Error> {
    let lifetime = config.lifetime(expire);
    Ok(NewSession {
        key,
        user,
        handle: SessionHandle::from_u64(getrandom::u64().map_err(Error::Random)?),
        device: context.origin.user_agent().and_then(device::label).map(Into::into),
        idle: lifetime.idle,
        absolute: lifetime.absolute,
        expire,
        replaces: None,
        replaces_session: None,
    })
}

pub(super) async fn disconnect(session: &Session) -> Result<(), Error> {
    let Session(context) = session;
    if !hook::any(&[EventKind::PreCloseSession])
        && let Some(key) = context.unread_key()?
    {
        // Nobody has to be told who leaves, so the store is not asked.
        close_key(session, &key, CloseReason::Disconnected).await?;
    } else if let Some(connected) = context.connected().await? {
        let input = HookInput::of(session, Some(&connected.user)).closing(CloseReason::Disconnected);
        hook::run(&[EventKind::PreCloseSession], input).await?;
        close_current(session, CloseReason::Disconnected).await?;
    } else {
        close_gone_key(session).await?;
    }
    context.remove_cookie();
    Ok(())
}

pub(super) async fn disconnect_all(session: &Session, user_indep: bool, with_restart: bool) -> Result<(), Error> {
    let also = Also { user_indep, with_restart };
    if let Some(connected) = session.0.connected().await? {
        return disconnect_user(session.sessions(), Some(session), &connected.user, also).await;
    }
    let Some((user, _)) = exchanged(session).await? else { return close_gone_key(session).await };
    disconnect_user(session.sessions(), Some(session), &user, also).await?;
    session.0.remove_cookie();
    Ok(())
}

/// What a log-out everywhere does besides.
#[derive(Debug, Clone, Copy)]
pub(super) struct Also {
    /// It clears the browsers.
    pub(super) user_indep: bool,
    /// It restarts the tab that asked for it, if that is one of the user's.
    pub(super) with_restart: bool,
}

/// Closes all sessions of a user, from inside a request or not.
pub(super) async fn disconnect_user(
    sessions: &Sessions,
    session: Option<&Session>,
    user: &UserId,
    Also { user_indep, with_restart }: Also,
) -> Result<(), Error> {
    let mut own = None;
    if let Some(session) = session {
        own = session.0.connected().await?.filter(|connected| connected.user == *user).map(|_| session);
    }
    if let Some(session) = own {
        let input = HookInput::of(session, Some(user)).closing(CloseReason::DisconnectedAll);
        hook::run_all(EventKind::PreCloseSession, input).await;
    }
    let ended = sessions.outcome(match user_indep {
        true => sessions.0.store.close_all_with_browsers(user).await,
        false => sessions.0.store.close_all(user, None).await,
    })?;
    if user_indep {
        let handles: Vec<_> = ended.iter().map(|ended| ended.handle).collect();
        sessions.0.volatile.forget_browsers_of(&handles);
    }
    if let Some(session) = own {
        session.0.ended();
        session.0.remove_cookie();
        if user_indep {
            session.0.browser_is_gone();
        }
        if with_restart {
            session.0.restart_caller();
        }
    }
    sessions.after_close(session, ended, CloseReason::DisconnectedAll).await;
    Ok(())
}

pub(super) async fn disconnect_others(session: &Session) -> Result<(), Error> {
    let connected = session.0.connected().await?.ok_or(Error::NotConnected)?;
    answerable(&session.0)?;
    // The token first: after it the session of this request is the one with the new key. That a new token cannot reach its browser
    // any more is no reason to leave the others open.
    let user = connected.user.clone();
    let rotated = rotate(session, connected, Authenticated::Unchanged).await;
    let Some(key) = session.0.key() else {
        return rotated;
    };
    if matches!(rotated, Err(Error::Store(_))) {
        return rotated;
    }
    let sessions = session.sessions();
    let ended = sessions.outcome(sessions.0.store.close_all(&user, Some(&key)).await)?;
    sessions.after_close(Some(session), ended, CloseReason::DisconnectedAll).await;
    rotated
}

pub(super) async fn close(session: &Session, handle: SessionHandle) -> Result<(), Error> {
    let Some(connected) = session.0.connected().await? else {
        let Some((user, _)) = exchanged(session).await? else { return close_gone_key(session).await };
        return close_of(session, &user, handle).await;
    };
    if connected.handle == handle {
        let input = HookInput::of(session, Some(&connected.user)).closing(CloseReason::Closed);
        hook::run_all(EventKind::PreCloseSession, input).await;
        close_current(session, CloseReason::Closed).await?;
        session.0.remove_cookie();
        return Ok(());
    }
    close_of(session, &connected.user, handle).await
}

/// Closes one of this user's sessions.
async fn close_of(session: &Session, user: &UserId, handle: SessionHandle) -> Result<(), Error> {
    let sessions = session.sessions();
    let ended = sessions.outcome(sessions.0.store.close_handle(user, handle).await)?;
    sessions.after_close(Some(session), ended, CloseReason::Closed).await;
    Ok(())
}

/// Exchanges the token of the current session.
pub(super) async fn rotate(session: &Session, before: Connected, authenticated: Authenticated) -> Result<(), Error> {
    let Session(context) = session;
    answerable(context)?;
    let token = Token::random().map_err(Error::Random)?;
    let rotation = Rotation { from: before.key, to: token.key(), authenticated };
    let sessions = session.sessions();
    // Before the exchange, so that a request that no longer finds the old key finds this.
    sessions.0.exchanged.note(before.key, (before.user.clone(), before.handle));
    if !sessions.outcome(sessions.0.store.rotate(rotation).await)? {
        context.ended();
        return Err(Error::NotConnected);
    }
    sessions.0.awaited.rotated(before.handle, rotation.to);
    tracing::debug!(session = %before.handle, "session token exchanged");
    if !context.rotated(before, &token, authenticated) {
        take_back(session).await;
        return Err(Error::AnswerSent);
    }
    Ok(())
}

/// The account behind the current session is gone: so is the session.
pub(crate) async fn close_gone(session: &Session) -> Result<(), Error> {
    let change = {
        let session = session.clone();
        async move {
            let Some(connected) = session.0.connected().await? else {
                return Ok(());
            };
            let input = HookInput::of(&session, Some(&connected.user)).closing(CloseReason::AccountGone);
            hook::run_all(EventKind::PreCloseSession, input).await;
            close_current(&session, CloseReason::AccountGone).await
        }
    };
    session.clone().change_anyway(change).await
}

/// Removes the current session from the store, then from the request, and runs the post-close hooks.
async fn close_current(session: &Session, reason: CloseReason) -> Result<(), Error> {
    let Some(connected) = session.0.connected().await? else {
        return Ok(());
    };
    close_key(session, &connected.key, reason).await
}

/// The cookie's session was gone when it was looked for. If a log-out has ended it whose answer was lost, this one waits for the nodes in its place.
async fn close_gone_key(session: &Session) -> Result<(), Error> {
    match session.0.gone_key() {
        Some(key) => close_key(session, &key, CloseReason::Disconnected).await,
        None => Ok(()),
    }
}

/// Returns the live session whose key, which is the cookie's, another request of this browser has
/// exchanged lately.
async fn exchanged(session: &Session) -> Result<Option<(UserId, SessionHandle)>, Error> {
    let sessions = session.sessions();
    let Some(key) = session.0.gone_key() else { return Ok(None) };
    let Some((user, handle)) = session.0.known_by(&key) else { return Ok(None) };
    let found = sessions.look_again(key, handle, &user).await?;
    Ok(found.map(|(_, found)| (found.user, found.handle)))
}

async fn close_key(session: &Session, key: &SessionKey, reason: CloseReason) -> Result<(), Error> {
    let sessions = session.sessions();
    let mut ended = sessions.outcome(sessions.0.store.close(key).await)?;
    if ended.is_none()
        && let Some((user, handle)) = session.0.known_by(key)
    {
        // Another request may have exchanged the key; the session keeps its name.
        ended = sessions.outcome(sessions.0.store.close_handle(&user, handle).await)?;
    }
    match &ended {
        Some(ended) => session.0.note_came_with(ended.handle),
        None if session.0.gone_key().is_none() => log_unknown_token(),
        None => {}
    }
    session.0.ended();
    sessions.after_close(Some(session), ended, reason).await;
    Ok(())
}

fn answerable(context: &Context) -> Result<(), Error> {
    if context.is_answered() { Err(Error::AnswerSent) } else { Ok(()) }
}

/// Takes back what the browser will never hear of.
async fn take_back(session: &Session) {
    let Some((undelivered, connected)) = session.0.take_undelivered() else {
        return;
    };
    let sessions = session.sessions();
    let outcome = match undelivered {
        Undelivered::Opened => close_current(session, CloseReason::Undelivered).await,
        Undelivered::Rotated { from, authenticated } => {
            let authenticated = authenticated.map_or(Authenticated::Unchanged, Authenticated::At);
            let back = Rotation { from: connected.key, to: from, authenticated };
            let outcome = sessions.0.store.rotate(back).await;
            sessions.0.exchanged.forget(&from);
            sessions.0.awaited.rotated(connected.handle, from);
            session.0.rotated_back(from);
            outcome.map(|_| ()).map_err(Error::from)
        }
    };
    if let Err(error) = outcome {
        tracing::error!(%error, "a change of a session whose answer never left could not be taken back; it ends by its lifetime");
    }
}

/// The answer will never leave: what was opened for it is closed.
pub(crate) fn abandon(session: &Session) {
    session.0.drop_answer();
    if tokio::runtime::Handle::try_current().is_err() {
        return; // The runtime is gone, and the process with it.
    }
    let session = session.clone();
    let sessions = session.sessions().clone();
    let _task = sessions.0.tasks.spawn(async move {
        // After a change that is under way, which may see for itself that nobody waits any more.
        let _one_at_a_time = session.0.more().changing.lock().await;
        take_back(&session).await;
        session.take_back_browser().await;
    });
}

impl Sessions {
    /// What is left to do for sessions that the store has removed.
    pub(super) async fn after_close(
        &self,
        session: Option<&Session>,
        ended: impl IntoIterator<Item = Ended>,
        reason: CloseReason,
    ) {
        for Ended { user, handle, why } in ended {
            let reason = match why {
                End::Closed => reason,
                End::Replaced => CloseReason::Replaced,
                End::Evicted => CloseReason::Evicted,
                End::Expired => CloseReason::Expired,
            };
            tracing::info!(user = %Field(&user), session = %handle, %reason, "session closed");
            let by = session.and_then(|session| session.0.told_already(handle));
            self.0.awaited.over(Subject::Session(handle), by);
            self.forget_session(handle);
            let input = HookInput { sessions: self, session, user: Some(&user), reason: Some(reason), denial: None };
            hook::run_all(EventKind::PostCloseSession, input).await;
        }
    }
}
