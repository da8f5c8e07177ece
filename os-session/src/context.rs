//! One request: who is connected, and what its answer has to say about it.

use std::any::{Any, TypeId};
use std::borrow::Cow;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use axum::extract::OriginalUri;
use axum::http::{HeaderMap, HeaderValue, Uri, header, request::Parts};
use axum::response::Response;
use tokio::sync::{Mutex as AsyncMutex, OnceCell};
use tokio::time::Instant;

use crate::declaration;
use crate::error::Error;
use crate::group::GroupSet;
use crate::request::{self, Origin};
use crate::sessions::Sessions;
use crate::store::{Found, SessionHandle, Timestamp};
use crate::token::{SessionKey, Token};
use crate::user::UserId;

tokio::task_local! {
    /// The session of the request that this task handles.
    pub(crate) static CURRENT: Session;
}

/// The current request's side of its session: who is connected, logging in and out.
///
/// It is an extractor in every handler whose requests meet the [`Sessions`], and [`Session::current`] finds it from
/// inside any function that such a handler calls. A cheap handle; all handles of one request are the same.
#[derive(Clone)]
pub struct Session(pub(crate) Arc<Context>);

pub(crate) struct Context {
    pub(crate) sessions: Sessions,
    pub(crate) origin: Origin,
    /// The head of the request, kept where a hook or a `deny_fun` of this binary wants it.
    pub(crate) parts: Option<Box<Parts>>,
    starts_process: bool,
    /// Another site sent this, and it could change something.
    cross_site: bool,
    /// The handler said `cross_site = "reason"`.
    cross_site_admitted: AtomicBool,
    /// A rule on the way wanted a connection.
    requires_connection: AtomicBool,
    /// The handler is declared public: what asks for the session in it is a mistake.
    public: AtomicBool,
    /// The application looked for the user's account and found none.
    account_gone: AtomicBool,
    /// Where a browser that lacks a connection wanted to go.
    way_back: OnceLock<Box<WayBack>>,
    state: Mutex<State>,
    /// What few requests need, made when one does.
    more: OnceLock<Box<More>>,
}

#[derive(Default)]
pub(crate) struct More {
    /// The user's groups as the application's provider says, asked once.
    groups: AsyncMutex<Option<(UserId, GroupSet)>>,
    /// The user as application types.
    users: Mutex<Vec<LoadedUser>>,
    /// The hooks that run once a request.
    pub(crate) once: Once,
    /// Held while a session is opened, closed or changed: one change at a time in a request.
    pub(crate) changing: AsyncMutex<()>,
}

/// A user as one of the application's types.
type LoadedUser = (TypeId, UserId, Arc<dyn Any + Send + Sync>);

#[derive(Default)]
pub(crate) struct Once {
    pub(crate) request: OnceCell<()>,
    pub(crate) connected: OnceCell<()>,
    pub(crate) unconnected: OnceCell<()>,
}

#[derive(Debug, Clone)]
pub(crate) enum WayBack {
    /// By a redirect to the log-in page.
    Redirect(Uri),
    /// By the header that htmx follows.
    Htmx(Uri),
}

struct State {
    connection: Connection,
    /// The session was looked at, so that the answer depends on the cookie.
    looked_at: bool,
    cookie: Option<SetCookie>,
    /// What must be taken back if the answer never leaves.
    undelivered: Option<Undelivered>,
    answer: Answer,
    /// When the session was read, in binaries with functions that may outlive that.
    read_at: Option<Instant>,
}

/// Who is connected, as far as this request knows.
#[derive(Clone)]
enum Connection {
    /// The cookie names a session, or none; nobody looked yet.
    Unread(Option<SessionKey>),
    /// `force_unconnected`: nobody, for everything in this request. The key serves a log-in, which closes what was there.
    Ignored(Option<SessionKey>),
    Nobody,
    User(Connected),
}

/// A live session, as it was read.
#[derive(Debug, Clone)]
pub(crate) struct Connected {
    pub(crate) key: SessionKey,
    pub(crate) user: UserId,
    pub(crate) handle: SessionHandle,
    /// How long a cookie with its token lives from here; `None` if it is gone when the browser exits.
    pub(crate) cookie_life: Option<Duration>,
    /// What the store said, unless the session was opened in this request.
    pub(crate) read: Option<Read>,
}

#[derive(Debug, Clone)]
pub(crate) struct Read {
    pub(crate) groups: GroupSet,
    pub(crate) authenticated: Timestamp,
}

#[derive(Debug)]
enum SetCookie {
    Token(HeaderValue),
    Remove,
}

/// A change whose cookie the browser has not got yet.
#[derive(Debug, Clone)]
pub(crate) enum Undelivered {
    /// A session was opened: it is closed again.
    Opened,
    /// A token was exchanged: the old one is put back.
    Rotated { from: SessionKey, authenticated: Option<Timestamp> },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Awaited,
    Sent,
    Dropped,
}

impl Context {
    pub(crate) fn new(sessions: &Sessions, parts: &Parts) -> Self {
        let key = sessions.0.config.cookie.read(&parts.headers);
        Self {
            sessions: sessions.clone(),
            origin: Origin::of(parts),
            parts: sessions.0.keeps_parts.then(|| Box::new(parts.clone())),
            starts_process: sessions.0.has_start_hooks && request::starts_process(parts),
            cross_site: !sessions.0.cross_site.admits(parts),
            cross_site_admitted: AtomicBool::new(false),
            requires_connection: AtomicBool::new(false),
            public: AtomicBool::new(false),
            account_gone: AtomicBool::new(false),
            way_back: OnceLock::new(),
            state: Mutex::new(State {
                connection: Connection::Unread(key),
                looked_at: false,
                cookie: None,
                undelivered: None,
                answer: Answer::Awaited,
                read_at: None,
            }),
            more: OnceLock::new(),
        }
    }

    pub(crate) fn more(&self) -> &More {
        self.more.get_or_init(Box::default)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The rules that hold before anybody looks at the session.
impl Context {
    /// Refuses what another site sent, unless the handler says that it may. Every way to the session leads past here.
    pub(crate) fn judge(&self) -> Result<(), Error> {
        if self.cross_site && !self.cross_site_admitted.load(Ordering::Relaxed) {
            return Err(Error::CrossSite);
        }
        Ok(())
    }

    /// The handler says, with a reason, that other sites may send this.
    pub(crate) fn admit_cross_site(&self) {
        self.cross_site_admitted.store(true, Ordering::Relaxed);
    }

    /// Refuses to open a session for a request that another site could have caused, or over a channel that would lose
    /// the cookie.
    pub(crate) fn judge_log_in(&self) -> Result<(), Error> {
        if self.origin.cross_site && !self.cross_site_admitted.load(Ordering::Relaxed) {
            return Err(Error::CrossSite);
        }
        if self.origin.plain_http && self.sessions.0.config.cookie.secure {
            return Err(Error::PlainHttp);
        }
        Ok(())
    }

    pub(crate) fn ignore_session(&self) {
        let mut state = self.state();
        if let Connection::Unread(key) = state.connection {
            state.connection = Connection::Ignored(key);
        }
    }

    pub(crate) fn declare_public(&self) {
        self.public.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_public(&self) -> bool {
        self.public.load(Ordering::Relaxed)
    }

    pub(crate) fn require_connection(&self) {
        self.requires_connection.store(true, Ordering::Relaxed);
    }

    pub(crate) fn note_account_gone(&self) {
        self.account_gone.store(true, Ordering::Relaxed);
    }

    /// Whether that was found out since it was last asked.
    pub(crate) fn account_is_gone(&self) -> bool {
        self.account_gone.swap(false, Ordering::Relaxed)
    }

    /// Whether start hooks are to run: a page is loaded, and its session is looked at.
    pub(crate) fn starts_process(&self) -> bool {
        self.starts_process && !matches!(self.state().connection, Connection::Ignored(_))
    }

    pub(crate) fn requires_connection(&self) -> bool {
        self.requires_connection.load(Ordering::Relaxed)
    }

    /// Notes where a browser wanted to go, for the redirect to the log-in page, if this request is one that follows it.
    pub(crate) fn note_way_back(&self, parts: &Parts) {
        let wanted = || match parts.extensions.get::<OriginalUri>() {
            Some(OriginalUri(uri)) => uri.clone(),
            None => parts.uri.clone(),
        };
        if request::is_htmx(&parts.headers) {
            let page = parts.headers.get("hx-current-url").and_then(|url| url.to_str().ok()?.parse().ok());
            let _ = self.way_back.set(Box::new(WayBack::Htmx(page.unwrap_or_else(wanted))));
        } else if request::is_navigation(&parts.method, &parts.headers) {
            let _ = self.way_back.set(Box::new(WayBack::Redirect(wanted())));
        }
    }

    pub(crate) fn way_back(&self) -> Option<&WayBack> {
        self.way_back.get().map(|way_back| &**way_back)
    }
}

/// Who is connected.
impl Context {
    /// What can be said of the connection without waiting: on the way of every request, so nothing is copied but what is taken.
    pub(crate) fn look<T>(&self, take: impl FnOnce(&Connected) -> T) -> Result<Look<T>, Error> {
        self.judge()?;
        let mut state = self.state();
        state.looked_at |= !matches!(state.connection, Connection::Ignored(_));
        if let Connection::Unread(Some(key)) = &state.connection {
            let key = *key;
            let found = match self.sessions.0.store.find_now(&key) {
                Some(answer) => answer?,
                None => return Ok(Look::Ask(key)),
            };
            if found.as_ref().is_some_and(|found| self.is_touch_due(found)) {
                return Ok(Look::Ask(key));
            }
            state.read(key, found);
        }
        Ok(match &state.connection {
            Connection::User(connected) => Look::User(take(connected)),
            _ => Look::Nobody,
        })
    }

    /// The live session that the request's cookie names, read from the store the first time.
    pub(crate) async fn connected(&self) -> Result<Option<Connected>, Error> {
        match self.look(Connected::clone)? {
            Look::User(connected) => Ok(Some(connected)),
            Look::Nobody => Ok(None),
            // Boxed: the futures of handlers stay small, and a store that has to be waited for outweighs it.
            Look::Ask(key) => Box::pin(self.ask(key)).await,
        }
    }

    async fn ask(&self, key: SessionKey) -> Result<Option<Connected>, Error> {
        let found = self.find(&key).await?;
        if let Some(found) = &found
            && self.is_touch_due(found)
        {
            self.touch(&key).await;
        }
        let mut state = self.state();
        // A log-in or log-out meanwhile, in another part of this request, knows better than what was read before it.
        if let Connection::Unread(_) = state.connection {
            state.read(key, found);
        }
        match &state.connection {
            Connection::User(connected) => Ok(Some(connected.clone())),
            _ => Ok(None),
        }
    }

    /// The session to be closed by a log-in: that of the cookie, `force_unconnected` or not.
    pub(crate) async fn connected_behind(&self) -> Result<Option<Connected>, Error> {
        {
            let mut state = self.state();
            if let Connection::Ignored(key) = state.connection {
                state.connection = Connection::Unread(key);
            }
        }
        self.connected().await
    }

    /// A server function in a long-lived stream decides on facts at most a second old.
    pub(crate) async fn read_again_if_stale(&self) {
        const FRESH: Duration = Duration::from_secs(1);
        {
            let mut state = self.state();
            if state.read_at.is_none_or(|read_at| read_at.elapsed() < FRESH) {
                return;
            }
            state.read_at = None;
            if let Connection::User(connected) = &state.connection {
                state.connection = Connection::Unread(Some(connected.key));
            }
        }
        *self.more().groups.lock().await = None;
    }

    async fn find(&self, key: &SessionKey) -> Result<Option<Found>, Error> {
        let store = &self.sessions.0.store;
        let found = match store.find_now(key) {
            Some(answer) => answer,
            None => store.find(key).await,
        };
        Ok(found?)
    }

    fn is_touch_due(&self, found: &Found) -> bool {
        found.now.since(found.seen) >= self.sessions.0.touch_interval
    }

    /// Writes down the activity, at most once a touch interval. A failure costs a bit of the session's life, so it is
    /// logged and the request goes on.
    async fn touch(&self, key: &SessionKey) {
        if let Err(error) = self.sessions.0.store.touch(key).await {
            tracing::warn!(%error, "the activity of a session could not be written");
        }
    }

    /// The groups of the connected user, if they can be told without waiting.
    pub(crate) fn groups_at_once<'a>(&self, connected: &'a Connected) -> Option<Cow<'a, GroupSet>> {
        match &self.sessions.0.groups {
            None => connected.read.as_ref().map(|read| Cow::Borrowed(&read.groups)),
            Some(provider) => provider.remembered(&connected.user).map(Cow::Owned),
        }
    }

    /// The groups of the connected user, from wherever this application keeps them.
    pub(crate) async fn groups_of(&self, connected: &Connected) -> Result<GroupSet, Error> {
        if let Some(groups) = self.groups_at_once(connected) {
            return Ok(groups.into_owned());
        }
        let Some(provider) = &self.sessions.0.groups else {
            // Opened or changed in this request, and read for the first time since.
            return Ok(self.find(&connected.key).await?.map(|found| found.groups).unwrap_or_default());
        };
        let mut asked = self.more().groups.lock().await;
        if let Some((user, groups)) = &*asked
            && *user == connected.user
        {
            return Ok(groups.clone());
        }
        let groups = provider.groups_of(&connected.user).await.map_err(Error::Groups)?;
        *asked = Some((connected.user.clone(), groups.clone()));
        Ok(groups)
    }

    pub(crate) fn key(&self) -> Option<SessionKey> {
        match &self.state().connection {
            Connection::User(connected) => Some(connected.key),
            Connection::Unread(key) => *key,
            Connection::Nobody | Connection::Ignored(_) => None,
        }
    }

    /// The user as an application type, loaded once a request and user.
    pub(crate) fn loaded_user<T: Clone + 'static>(&self, user: &UserId) -> Option<T> {
        let users = self.more().users.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, _, value) = users.iter().find(|(id, of, _)| *id == TypeId::of::<T>() && of == user)?;
        value.downcast_ref().cloned()
    }

    pub(crate) fn keep_user<T: Clone + Send + Sync + 'static>(&self, user: &UserId, value: T) {
        let mut users = self.more().users.lock().unwrap_or_else(PoisonError::into_inner);
        users.push((TypeId::of::<T>(), user.clone(), Arc::new(value)));
    }
}

/// The answer of [`Context::look`].
pub(crate) enum Look<T> {
    Nobody,
    User(T),
    /// The store has to be waited for.
    Ask(SessionKey),
}

impl State {
    fn read(&mut self, key: SessionKey, found: Option<Found>) {
        if declaration::any_wrapper() {
            self.read_at = Some(Instant::now());
        }
        self.connection = match found {
            Some(found) => Connection::User(Connected::new(key, found)),
            None => Connection::Nobody,
        };
    }
}

impl Connected {
    fn new(key: SessionKey, found: Found) -> Self {
        Self {
            key,
            user: found.user,
            handle: found.handle,
            cookie_life: (!found.expire).then(|| found.ends.since(found.now)),
            read: Some(Read { groups: found.groups, authenticated: found.authenticated }),
        }
    }
}

/// Changes of the connection, and how they reach the browser.
impl Context {
    pub(crate) fn is_answered(&self) -> bool {
        self.state().answer != Answer::Awaited
    }

    /// The session is open in the store. `false`: nobody is there any more to be told, and it has to be closed again.
    #[must_use]
    pub(crate) fn opened(&self, connected: Connected, token: &Token) -> bool {
        let cookie = self.sessions.0.config.cookie.write(token, connected.cookie_life);
        let mut state = self.state();
        state.looked_at = true;
        state.connection = Connection::User(connected);
        state.cookie = Some(SetCookie::Token(cookie));
        state.undelivered = Some(Undelivered::Opened);
        state.answer == Answer::Awaited
    }

    /// The session has another token in the store. `false`: as for [`opened`](Context::opened).
    #[must_use]
    pub(crate) fn rotated(&self, before: Connected, token: &Token) -> bool {
        let cookie = self.sessions.0.config.cookie.write(token, before.cookie_life);
        let mut state = self.state();
        state.cookie = Some(SetCookie::Token(cookie));
        state.undelivered.get_or_insert(Undelivered::Rotated {
            from: before.key,
            authenticated: before.read.as_ref().map(|read| read.authenticated),
        });
        state.connection = Connection::User(Connected { key: token.key(), read: None, ..before });
        state.answer == Answer::Awaited
    }

    /// Nobody is connected any more.
    pub(crate) fn ended(&self) {
        let mut state = self.state();
        state.connection = Connection::Nobody;
        state.undelivered = None;
        if matches!(state.cookie, Some(SetCookie::Token(_))) {
            state.cookie = None;
        }
    }

    /// The browser shall forget its cookie: only a log-out says so.
    pub(crate) fn remove_cookie(&self) {
        self.state().cookie = Some(SetCookie::Remove);
    }

    /// What must be taken back, with the session as it is now.
    pub(crate) fn take_undelivered(&self) -> Option<(Undelivered, Connected)> {
        let mut state = self.state();
        let undelivered = state.undelivered.take()?;
        match &state.connection {
            Connection::User(connected) => Some((undelivered, connected.clone())),
            _ => None,
        }
    }

    /// The answer will not leave. From now on what is opened is closed at once.
    pub(crate) fn drop_answer(&self) {
        self.state().answer = Answer::Dropped;
    }

    /// Writes into the answer what the connection means for it.
    pub(crate) fn finish(&self, response: &mut Response) {
        let mut state = self.state();
        state.answer = Answer::Sent;
        state.undelivered = None;
        let cookie = match state.cookie.take() {
            Some(SetCookie::Token(value)) => Some(value),
            Some(SetCookie::Remove) => Some(self.sessions.0.config.cookie.remove()),
            None => None,
        };
        let connected = matches!(state.connection, Connection::User(_));
        let looked_at = state.looked_at;
        drop(state);

        let headers = response.headers_mut();
        if looked_at {
            vary_by_cookie(headers);
        }
        if connected || cookie.is_some() {
            headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
        }
        if let Some(cookie) = cookie {
            headers.append(header::SET_COOKIE, cookie);
        }
    }
}

fn vary_by_cookie(headers: &mut HeaderMap) {
    match headers.entry(header::VARY) {
        header::Entry::Vacant(vacant) => {
            vacant.insert(HeaderValue::from_static("Cookie"));
        }
        header::Entry::Occupied(mut occupied) => {
            let said = occupied.iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
            if !said.map(str::trim).any(|name| name == "*" || name.eq_ignore_ascii_case("cookie")) {
                occupied.append(HeaderValue::from_static("Cookie"));
            }
        }
    }
}

impl Session {
    /// The session of the request that is being handled.
    ///
    /// # Errors
    ///
    /// [`Error::OutsideRequest`] elsewhere: in a task of its own, in a background job.
    pub fn current() -> Result<Self, Error> {
        CURRENT.try_with(Self::clone).map_err(|_| Error::OutsideRequest)
    }

    /// The handle on all sessions, for what concerns more than this one.
    #[must_use]
    pub fn sessions(&self) -> &Sessions {
        &self.0.sessions
    }

    /// Who is connected.
    ///
    /// # Errors
    ///
    /// [`Error::Store`] if the store fails; that is never taken for "nobody".
    pub async fn user(&self) -> Result<Option<UserId>, Error> {
        match self.0.look(|connected| connected.user.clone())? {
            Look::User(user) => Ok(Some(user)),
            Look::Nobody => Ok(None),
            Look::Ask(_) => Ok(self.0.connected().await?.map(|connected| connected.user)),
        }
    }

    pub(crate) fn key_under(&self, sessions: &Sessions) -> Option<SessionKey> {
        if self.0.sessions.is(sessions) { self.0.key() } else { None }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Session")
    }
}
