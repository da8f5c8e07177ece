//! Opening, changing and closing sessions: store, cookie and hooks, in that order.
//!
//! Every change runs in a task of its own: it goes to its end although the request is dropped half-way.

mod account;
mod change;
mod remembered;

pub(crate) use self::account::account;
pub(crate) use self::change::{abandon, close_gone};
pub(crate) use self::remembered::Remembered;

use std::future::{Future, IntoFuture};
use std::pin::Pin;

use self::change::{Also, close, connect, disconnect, disconnect_all, disconnect_others, disconnect_user, rotate};
use crate::context::{CURRENT, Session};
use crate::error::Error;
use crate::hook::{self, CloseReason};
use crate::sessions::Sessions;
use crate::store::{Authenticated, SessionHandle};
use crate::tasks::Tasks;
use crate::user::UserId;

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
        Box::pin(async move {
            let of = session.clone();
            let outcome = of.change(async move { connect(&session, user, expire).await }).await;
            if let Err(error) = &outcome {
                // The title is ours; the error may quote what the client sent.
                tracing::debug!(reason = error.title(), "log-in refused");
            }
            outcome
        })
    }
}

/// A log-out everywhere that waits to be awaited: what [`Session::disconnect_all`] returns.
#[derive(Debug)]
#[must_use = "nobody is disconnected until this is awaited"]
pub struct DisconnectAll {
    session: Session,
    user_indep: bool,
    with_restart: bool,
}

impl DisconnectAll {
    /// Whether the browsers of these sessions also lose what is kept for them whoever is connected, in
    /// [`scope::UserIndepSession`](crate::scope::UserIndepSession) and [`scope::UserIndepProcess`](crate::scope::UserIndepProcess). By default
    /// they do.
    pub fn user_indep(mut self, user_indep: bool) -> Self {
        self.user_indep = user_indep;
        self
    }

    /// Whether the tab that sent the request restarts as well, as all other tabs of the user do, in every browser: a page with the
    /// [client](crate::Process::head) shows a warning and loads itself anew, htmx is told `HX-Refresh`. By default it does. A page that is the
    /// answer to a form is a new one in any case.
    pub fn with_restart(mut self, with_restart: bool) -> Self {
        self.with_restart = with_restart;
        self
    }
}

impl IntoFuture for DisconnectAll {
    type Output = Result<(), Error>;
    type IntoFuture = Change<()>;

    fn into_future(self) -> Change<()> {
        let Self { session, user_indep, with_restart } = self;
        Box::pin(session.clone().change(async move { disconnect_all(&session, user_indep, with_restart).await }))
    }
}

/// The same for anybody, from anywhere: what [`Sessions::disconnect_all`] returns.
#[derive(Debug)]
#[must_use = "nobody is disconnected until this is awaited"]
pub struct DisconnectAllOf {
    sessions: Sessions,
    user: UserId,
    user_indep: bool,
}

impl DisconnectAllOf {
    /// As [`DisconnectAll::user_indep`].
    pub fn user_indep(mut self, user_indep: bool) -> Self {
        self.user_indep = user_indep;
        self
    }
}

impl IntoFuture for DisconnectAllOf {
    type Output = Result<(), Error>;
    type IntoFuture = Change<()>;

    fn into_future(self) -> Change<()> {
        let Self { sessions, user, user_indep } = self;
        let also = Also { user_indep, with_restart: true };
        Box::pin(async move {
            user.validate()?;
            // In a request of that very user the request itself is no longer connected afterwards.
            match Session::current() {
                Ok(session) if session.sessions().is(&sessions) => {
                    session.judge_change_of(&user).await?;
                    session
                        .clone()
                        .change_anyway(async move { disconnect_user(&sessions, Some(&session), &user, also).await })
                        .await
                }
                _ => {
                    let of = sessions.clone();
                    sessions.change(async move { disconnect_user(&of, None, &user, also).await }).await
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
    /// [`Error::UserId`] for a user id that is not [valid](UserId::validate), [`Error::CrossSite`]
    /// in a safe request that another site caused, [`Error::PlainHttp`] where the browser would
    /// drop the cookie, [`Error::TooManySessions`] where the limit refuses, [`Error::Hook`] if an
    /// open or start hook fails, [`Error::InsideHook`] in a hook, [`Error::AnswerSent`] in what
    /// outlives the request, [`Error::Store`] if the store fails. After each of them nobody is half
    /// connected.
    pub fn connect(&self, user: impl Into<UserId>) -> Connect {
        Connect { session: self.clone(), user: user.into(), expire: false }
    }

    /// Closes the session of the browser that sent the request, if it has one, and takes its cookie away.
    ///
    /// `on_pre_close_session` hooks run before, and the failure of one of them keeps the session open; `on_post_close_session`
    /// hooks run after. With nobody connected no hook runs.
    ///
    /// A request that another site caused is refused, a safe one as well. A front-channel logout of
    /// OIDC, which the provider's page loads by GET, has `cross_site = "…"` on its
    /// handler.
    ///
    /// # Errors
    ///
    /// [`Error::CrossSite`] in a request that another site caused, [`Error::Hook`] if a pre-close
    /// hook fails, [`Error::InsideHook`] in a hook, [`Error::Store`] if the store fails: asking
    /// again is safe, whether the session was closed or not.
    pub async fn disconnect(&self) -> Result<(), Error> {
        let session = self.clone();
        self.clone().change(async move { disconnect(&session).await }).await
    }

    /// Closes all sessions of the current user, this one included. With nobody connected nothing happens.
    ///
    /// Close hooks run as for [`disconnect`](Session::disconnect), once for each session; only here a failing pre-close hook
    /// is logged and keeps nothing open.
    ///
    /// A request that another site caused is refused, a safe one as well. A front-channel logout of
    /// OIDC, which the provider's page loads by GET, has `cross_site = "…"` on its
    /// handler.
    ///
    /// Awaiting it fails with [`Error::CrossSite`] in such a request, with [`Error::InsideHook`] in
    /// a hook, and with [`Error::Store`] if the store fails: all sessions were closed or none, and
    /// asking again is safe.
    pub fn disconnect_all(&self) -> DisconnectAll {
        DisconnectAll { session: self.clone(), user_indep: true, with_restart: true }
    }

    /// Closes every other session of the current user; this one gets a new token. For a changed password, for example.
    ///
    /// # Errors
    ///
    /// [`Error::NotConnected`] if no user is logged in, [`Error::CrossSite`] in a request that
    /// another site caused, a safe one as well, [`Error::InsideHook`] in a hook,
    /// [`Error::AnswerSent`] in what outlives the request, [`Error::Store`] if the store fails.
    pub async fn disconnect_others(&self) -> Result<(), Error> {
        let session = self.clone();
        self.clone().change(async move { disconnect_others(&session).await }).await
    }

    /// Closes one of the current user's own sessions. Any other handle, and any handle while nobody is connected, is a no-op:
    /// the answer does not tell whether it is somebody's.
    ///
    /// # Errors
    ///
    /// [`Error::CrossSite`] in a request that another site caused, a safe one as well,
    /// [`Error::InsideHook`] in a hook, [`Error::Store`] if the store fails.
    pub async fn close(&self, handle: SessionHandle) -> Result<(), Error> {
        let session = self.clone();
        self.clone().change(async move { close(&session, handle).await }).await
    }

    /// The user proved who they are again: the session gets a new token, and counts as authenticated now.
    ///
    /// # Errors
    ///
    /// [`Error::NotConnected`] if no user is logged in, [`Error::CrossSite`] in a request that
    /// another site caused, a safe one as well, [`Error::InsideHook`] in a hook,
    /// [`Error::AnswerSent`] in what outlives the request, [`Error::Store`] if the store fails.
    pub async fn confirm(&self) -> Result<(), Error> {
        let session = self.clone();
        let change = async move {
            let connected = session.0.connected().await?.ok_or(Error::NotConnected)?;
            rotate(&session, connected, Authenticated::Now).await
        };
        self.clone().change(change).await
    }

    /// Makes a change that the request asks for, unless another site caused the request.
    async fn change<T>(self, change: impl Future<Output = Result<T, Error>> + Send + 'static) -> Result<T, Error>
    where
        T: Send + 'static,
    {
        self.0.judge_change()?;
        self.change_anyway(change).await
    }

    /// Refuses a change of this user's sessions if this is a request of that user, and another site
    /// caused it.
    async fn judge_change_of(&self, user: &UserId) -> Result<(), Error> {
        let is_of_another = self.0.is_foreign() && self.user().await?.as_ref() != Some(user);
        if is_of_another { Ok(()) } else { self.0.judge_change() }
    }

    /// Makes one change of a request's connection at a time, in a task of its own.
    async fn change_anyway<T>(self, change: impl Future<Output = Result<T, Error>> + Send + 'static) -> Result<T, Error>
    where
        T: Send + 'static,
    {
        let sessions = self.sessions().clone();
        let session = self.clone();
        sessions
            .change(CURRENT.scope(Some(self), async move {
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
    /// [`Error::UserId`] for a user id that is not [valid](UserId::validate), with
    /// [`Error::CrossSite`] in a request of that user that another site caused, with
    /// [`Error::InsideHook`] in a hook, and with [`Error::Store`] if the store fails: all sessions
    /// were closed or none, and asking again is safe.
    ///
    /// ```
    /// # async fn block(sessions: os_session::Sessions) -> Result<(), os_session::Error> {
    /// sessions.disconnect_all("mallory").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn disconnect_all(&self, user: impl Into<UserId>) -> DisconnectAllOf {
        DisconnectAllOf { sessions: self.clone(), user: user.into(), user_indep: true }
    }

    /// Closes one of a user's sessions. A handle that is not of this user is a no-op.
    ///
    /// # Errors
    ///
    /// [`Error::UserId`] for a user id that is not [valid](UserId::validate),
    /// [`Error::CrossSite`] in a request of that user that another site caused,
    /// [`Error::InsideHook`] in a hook, [`Error::Store`] if the store fails.
    pub async fn close(&self, user: impl Into<UserId>, handle: SessionHandle) -> Result<(), Error> {
        let user = user.into();
        user.validate()?;
        if let Ok(session) = Session::current()
            && session.sessions().is(self)
        {
            session.judge_change_of(&user).await?;
        }
        let sessions = self.clone();
        self.change(async move {
            let ended = sessions.outcome(sessions.0.store.close_handle(&user, handle).await)?;
            sessions.after_close(None, ended, CloseReason::Closed).await;
            Ok(())
        })
        .await
    }

    /// Stops what runs in the background and waits for log-ins and log-outs that were begun. Requests are served as before.
    pub async fn shutdown(&self) {
        self.0.tasks.shutdown().await;
        self.0.store.stop().await;
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
}
