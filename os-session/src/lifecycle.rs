//! Opening, changing and closing sessions: store, cookie and hooks, in that order.
//!
//! Every change runs in a task of its own: it goes to its end although the request is dropped half-way.

use std::collections::HashMap;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::{MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::config::Config;
use crate::context::{CURRENT, Connected, Context, Session, Undelivered};
use crate::device;
use crate::error::Error;
use crate::hook::{self, CloseReason, EventKind, HookInput};
use crate::sessions::Sessions;
use crate::store::{Authenticated, End, Ended, Inserted, NewSession, Rotation, SessionHandle};
use crate::tasks::Tasks;
use crate::token::{SessionKey, Token};
use crate::user::UserId;

/// The three start hooks are one queue, as in the original.
pub(crate) const START_CONNECTED: &[EventKind] = &[EventKind::StartProcess, EventKind::StartConnectedProcess];
pub(crate) const START_UNCONNECTED: &[EventKind] = &[EventKind::StartProcess, EventKind::StartUnconnectedProcess];

type Change<T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send>>;

/// A log-in that waits to be awaited: what [`Session::connect`] returns.
#[derive(Debug)]
#[must_use = "nobody is connected until this is awaited"]
pub struct Connect {
    session: Session,
    user: UserId,
    expire: bool,
}

impl Connect {
    /// With `true` the connection ends when the browser exits: its cookie is a browser session's, and the server keeps
    /// it shorter. By default the cookie outlives the browser.
    pub fn expire(mut self, expire: bool) -> Self {
        self.expire = expire;
        self
    }
}

impl IntoFuture for Connect {
    type Output = Result<(), Error>;
    type IntoFuture = Change<()>;

    fn into_future(self) -> Change<()> {
        let Self { session, user, expire } = self;
        Box::pin(session.clone().change(async move { connect(&session, user, expire).await }))
    }
}

/// A log-out everywhere that waits to be awaited: what [`Session::disconnect_all`] returns.
#[derive(Debug)]
#[must_use = "nobody is disconnected until this is awaited"]
pub struct DisconnectAll {
    session: Session,
}

impl IntoFuture for DisconnectAll {
    type Output = Result<(), Error>;
    type IntoFuture = Change<()>;

    fn into_future(self) -> Change<()> {
        let Self { session } = self;
        Box::pin(session.clone().change(async move { disconnect_all(&session).await }))
    }
}

/// The same for anybody, from anywhere: what [`Sessions::disconnect_all`] returns.
#[derive(Debug)]
#[must_use = "nobody is disconnected until this is awaited"]
pub struct DisconnectAllOf {
    sessions: Sessions,
    user: UserId,
}

impl IntoFuture for DisconnectAllOf {
    type Output = Result<(), Error>;
    type IntoFuture = Change<()>;

    fn into_future(self) -> Change<()> {
        let Self { sessions, user } = self;
        Box::pin(async move {
            // In a request of that very user the request itself is no longer connected afterwards.
            match Session::current() {
                Ok(session) if session.sessions().is(&sessions) => {
                    session.clone().change(async move { disconnect_user(&sessions, Some(&session), &user).await }).await
                }
                _ => {
                    let of = sessions.clone();
                    sessions.change(async move { disconnect_user(&of, None, &user).await }).await
                }
            }
        })
    }
}

/// Logging in and out.
impl Session {
    /// Opens a session for this user in the browser that sent the request; whatever session it had is closed.
    ///
    /// The browser gets a new token. `on_open_session` hooks run, then the start hooks as connected. It is all or nothing:
    /// if a hook fails, the new session is gone; if the request is dropped before its answer left, it is closed again. Once
    /// the handler answers, with whatever status, the log-in stands and its cookie is sent.
    ///
    /// ```
    /// use axum::{Form, response::Redirect};
    /// use os_session::{Error, Session, connected};
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Credentials { name: String, password: String, #[serde(default)] remember: bool }
    /// # async fn verify(_: &Credentials) -> bool { true }
    ///
    /// #[connected(opt)]
    /// async fn login(session: Session, Form(form): Form<Credentials>) -> Result<Redirect, Error> {
    ///     if !verify(&form).await {
    ///         return Ok(Redirect::to("/login"));
    ///     }
    ///     session.connect(form.name).expire(!form.remember).await?;
    ///     Ok(Redirect::to("/"))
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::UserId`] for a blank user, [`Error::CrossSite`] in a safe request that another site caused,
    /// [`Error::PlainHttp`] where the browser would drop the cookie, [`Error::TooManySessions`] where the limit refuses,
    /// [`Error::Hook`] if an open or start hook fails, [`Error::InsideHook`] in a hook, [`Error::AnswerSent`] in what outlives the
    /// request, [`Error::Store`] if the store fails. After each of them nobody is half connected.
    pub fn connect(&self, user: impl Into<UserId>) -> Connect {
        Connect { session: self.clone(), user: user.into(), expire: false }
    }

    /// Closes the session of the browser that sent the request, if it has one, and takes its cookie away.
    ///
    /// `on_pre_close_session` hooks run before, and the failure of one of them keeps the session open; `on_post_close_session`
    /// hooks run after. With nobody connected no hook runs.
    ///
    /// # Errors
    ///
    /// [`Error::Hook`] if a pre-close hook fails, [`Error::InsideHook`] in a hook, [`Error::Store`] if the store fails: the
    /// session is open as before.
    pub async fn disconnect(&self) -> Result<(), Error> {
        let session = self.clone();
        self.clone().change(async move { disconnect(&session).await }).await
    }

    /// Closes all sessions of the current user, this one included. With nobody connected nothing happens.
    ///
    /// Close hooks run as for [`disconnect`](Session::disconnect), once for each session; only here a failing pre-close hook
    /// is logged and keeps nothing open.
    ///
    /// Awaiting it fails with [`Error::InsideHook`] in a hook, and with [`Error::Store`] if the store fails: then all sessions
    /// are open as before.
    pub fn disconnect_all(&self) -> DisconnectAll {
        DisconnectAll { session: self.clone() }
    }

    /// Closes every other session of the current user; this one gets a new token. For a changed password, for example.
    ///
    /// # Errors
    ///
    /// [`Error::NotConnected`] if nobody is, [`Error::InsideHook`] in a hook, [`Error::AnswerSent`] in what outlives the
    /// request, [`Error::Store`] if the store fails.
    pub async fn disconnect_others(&self) -> Result<(), Error> {
        let session = self.clone();
        self.clone().change(async move { disconnect_others(&session).await }).await
    }

    /// Closes one of the current user's own sessions. Any other handle, and any handle while nobody is connected, is a no-op:
    /// the answer does not tell whether it is somebody's.
    ///
    /// # Errors
    ///
    /// [`Error::InsideHook`] in a hook, [`Error::Store`] if the store fails.
    pub async fn close(&self, handle: SessionHandle) -> Result<(), Error> {
        let session = self.clone();
        self.clone().change(async move { close(&session, handle).await }).await
    }

    /// The user proved who they are again: the session gets a new token, and counts as authenticated now.
    ///
    /// # Errors
    ///
    /// [`Error::NotConnected`] if nobody is, [`Error::InsideHook`] in a hook, [`Error::AnswerSent`] in what outlives the
    /// request, [`Error::Store`] if the store fails.
    pub async fn confirm(&self) -> Result<(), Error> {
        let session = self.clone();
        let change = async move {
            let connected = session.0.connected().await?.ok_or(Error::NotConnected)?;
            rotate(&session, connected, Authenticated::Now).await
        };
        self.clone().change(change).await
    }

    /// One change of a request's connection at a time, in a task of its own.
    async fn change<T>(self, change: impl Future<Output = Result<T, Error>> + Send + 'static) -> Result<T, Error>
    where
        T: Send + 'static,
    {
        let sessions = self.sessions().clone();
        let session = self.clone();
        sessions
            .change(CURRENT.scope(self, async move {
                let _one_at_a_time = session.0.more().changing.lock().await;
                change.await
            }))
            .await
    }
}

/// Closing sessions from anywhere.
impl Sessions {
    /// Closes all sessions of a user. Post-close hooks run once for each.
    ///
    /// Once this has returned, no further request of the user is admitted anywhere. Awaiting it fails with
    /// [`Error::InsideHook`] in a hook, and with [`Error::Store`] if the store fails: then all sessions are open as before.
    ///
    /// ```
    /// # async fn block(sessions: os_session::Sessions) -> Result<(), os_session::Error> {
    /// sessions.disconnect_all("mallory").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn disconnect_all(&self, user: impl Into<UserId>) -> DisconnectAllOf {
        DisconnectAllOf { sessions: self.clone(), user: user.into() }
    }

    /// Closes one of a user's sessions. A handle that is not of this user is a no-op.
    ///
    /// # Errors
    ///
    /// [`Error::InsideHook`] in a hook, [`Error::Store`] if the store fails.
    pub async fn close(&self, user: impl Into<UserId>, handle: SessionHandle) -> Result<(), Error> {
        let user = user.into();
        let sessions = self.clone();
        self.change(async move {
            let ended = sessions.0.store.close_handle(&user, handle).await?;
            sessions.after_close(None, ended, CloseReason::Closed).await;
            Ok(())
        })
        .await
    }

    /// Stops what runs in the background and waits for log-ins and log-outs that were begun. Requests are served as before.
    pub async fn shutdown(&self) {
        self.0.tasks.shutdown().await;
    }

    async fn change<T>(&self, change: impl Future<Output = Result<T, Error>> + Send + 'static) -> Result<T, Error>
    where
        T: Send + 'static,
    {
        if hook::is_running() {
            return Err(Error::InsideHook);
        }
        Tasks::outcome(self.0.tasks.spawn(change)).await
    }

    /// Removes expired sessions until none is left, a batch at a time, and runs their close hooks.
    pub(crate) async fn purge(&self) -> Result<usize, Error> {
        const BATCH: usize = 1000;
        let mut purged = 0;
        loop {
            let ended = self.0.store.purge(BATCH).await?;
            let count = ended.len();
            purged += count;
            self.after_close(None, ended, CloseReason::Expired).await;
            if count < BATCH {
                return Ok(purged);
            }
        }
    }

    /// What is left to do for sessions that the store has removed.
    async fn after_close(
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
            tracing::info!(%user, session = %handle, %reason, "session closed");
            self.forget_resumed(handle);
            let input = HookInput { sessions: self, session, user: Some(&user), reason: Some(reason), denial: None };
            hook::run_all(EventKind::PostCloseSession, input).await;
        }
    }
}

async fn connect(session: &Session, user: UserId, expire: bool) -> Result<(), Error> {
    let Session(context) = session;
    let sessions = session.sessions();
    let config = &sessions.0.config;
    if user.is_blank() {
        return Err(Error::UserId("a user id cannot be blank".to_owned()));
    }
    answerable(context)?;
    context.judge_log_in()?;

    let before = context.connected_behind().await?;
    if let Some(before) = &before {
        let input = HookInput::of(session, Some(&before.user)).closing(CloseReason::Replaced);
        hook::run_all(EventKind::PreCloseSession, input).await;
    }

    let token = Token::random().map_err(Error::Random)?;
    let new = new_session(context, config, user.clone(), token.key(), expire, before.map(|before| before.key))?;
    let cookie_life = (!expire).then_some(new.absolute);
    let connected = Connected { key: new.key, user, handle: new.handle, cookie_life, read: None };
    let ended = match sessions.0.store.insert(new, config.limit()).await? {
        Inserted::Opened(ended) => ended,
        Inserted::Full => return Err(Error::TooManySessions(config.max_sessions)),
    };
    sessions.note_resumed(connected.handle);
    let (user, handle) = (connected.user.clone(), connected.handle);
    let awaited = context.opened(connected, &token);
    sessions.after_close(Some(session), ended, CloseReason::Replaced).await;
    if !awaited {
        take_back(session).await;
        return Err(Error::AnswerSent);
    }

    tracing::info!(%user, session = %handle, "session opened");
    let input = HookInput::of(session, Some(&user));
    let mut hooks = hook::run(&[EventKind::OpenSession], input).await;
    if hooks.is_ok() {
        hooks = hook::run(START_CONNECTED, input).await;
    }
    if let Err(error) = hooks {
        close_current(session, CloseReason::LogInFailed).await?;
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
    replaces: Option<SessionKey>,
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
        replaces,
    })
}

async fn disconnect(session: &Session) -> Result<(), Error> {
    let Session(context) = session;
    if let Some(connected) = context.connected().await? {
        let input = HookInput::of(session, Some(&connected.user)).closing(CloseReason::Disconnected);
        hook::run(&[EventKind::PreCloseSession], input).await?;
        close_current(session, CloseReason::Disconnected).await?;
    }
    context.remove_cookie();
    Ok(())
}

async fn disconnect_all(session: &Session) -> Result<(), Error> {
    match session.0.connected().await? {
        Some(connected) => disconnect_user(session.sessions(), Some(session), &connected.user).await,
        None => Ok(()),
    }
}

/// Closes all sessions of a user, from inside a request or not.
async fn disconnect_user(sessions: &Sessions, session: Option<&Session>, user: &UserId) -> Result<(), Error> {
    let mut own = None;
    if let Some(session) = session {
        own = session.0.connected().await?.filter(|connected| connected.user == *user).map(|_| session);
    }
    if let Some(session) = own {
        let input = HookInput::of(session, Some(user)).closing(CloseReason::DisconnectedAll);
        hook::run_all(EventKind::PreCloseSession, input).await;
    }
    let ended = sessions.0.store.close_all(user, None).await?;
    if let Some(session) = own {
        session.0.ended();
        session.0.remove_cookie();
    }
    sessions.after_close(session, ended, CloseReason::DisconnectedAll).await;
    Ok(())
}

async fn disconnect_others(session: &Session) -> Result<(), Error> {
    let connected = session.0.connected().await?.ok_or(Error::NotConnected)?;
    answerable(&session.0)?;
    // The token first: after it the session of this request is the one with the new key.
    let user = connected.user.clone();
    rotate(session, connected, Authenticated::Unchanged).await?;
    let key = session.0.key();
    let ended = session.sessions().0.store.close_all(&user, key.as_ref()).await?;
    session.sessions().after_close(Some(session), ended, CloseReason::DisconnectedAll).await;
    Ok(())
}

async fn close(session: &Session, handle: SessionHandle) -> Result<(), Error> {
    let Some(connected) = session.0.connected().await? else {
        return Ok(());
    };
    if connected.handle == handle {
        let input = HookInput::of(session, Some(&connected.user)).closing(CloseReason::Closed);
        hook::run_all(EventKind::PreCloseSession, input).await;
        close_current(session, CloseReason::Closed).await?;
        session.0.remove_cookie();
        return Ok(());
    }
    let ended = session.sessions().0.store.close_handle(&connected.user, handle).await?;
    session.sessions().after_close(Some(session), ended, CloseReason::Closed).await;
    Ok(())
}

/// Exchanges the token of the current session.
async fn rotate(session: &Session, before: Connected, authenticated: Authenticated) -> Result<(), Error> {
    let Session(context) = session;
    answerable(context)?;
    let token = Token::random().map_err(Error::Random)?;
    let rotation = Rotation { from: before.key, to: token.key(), authenticated };
    if !session.sessions().0.store.rotate(rotation).await? {
        context.ended();
        return Err(Error::NotConnected);
    }
    if !context.rotated(before, &token) {
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
    session.clone().change(change).await
}

/// Removes the current session from the store, then from the request, and runs the post-close hooks.
async fn close_current(session: &Session, reason: CloseReason) -> Result<(), Error> {
    let Some(connected) = session.0.connected().await? else {
        return Ok(());
    };
    let ended = session.sessions().0.store.close(&connected.key).await?;
    session.0.ended();
    session.sessions().after_close(Some(session), ended, reason).await;
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
            sessions.0.store.rotate(back).await.map(|_| ()).map_err(Error::from)
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
    });
}

/// Which sessions this process has met, for `on_resume_session`; nothing is kept where no such hook is linked in.
impl Sessions {
    /// Whether this process meets the session for the first time.
    pub(crate) fn note_resumed(&self, handle: SessionHandle) -> bool {
        if !hook::any(&[EventKind::ResumeSession]) {
            return false;
        }
        let config = &self.0.config;
        let longest: Duration = config.persistent.absolute.max(config.browser.absolute);
        self.resumed().insert(handle, Instant::now() + longest).is_none()
    }

    pub(crate) fn forget_resumed(&self, handle: SessionHandle) {
        if hook::any(&[EventKind::ResumeSession]) {
            self.resumed().remove(&handle);
        }
    }

    pub(crate) fn prune_resumed(&self) {
        let now = Instant::now();
        self.resumed().retain(|_, until| *until > now);
    }

    fn resumed(&self) -> MutexGuard<'_, HashMap<SessionHandle, Instant>> {
        self.0.resumed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
