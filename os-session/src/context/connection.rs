//! Who is connected: read from the store when somebody asks, and at most once.

use std::any::TypeId;
use std::borrow::Cow;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::context::{Context, LoadedUser, State};
use crate::declaration;
use crate::error::Error;
use crate::group::GroupSet;
use crate::store::{Found, SessionHandle, Timestamp};
use crate::token::SessionKey;
use crate::user::UserId;

/// Who is connected, as far as this request knows.
#[derive(Clone)]
pub(super) enum Connection {
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
    pub(crate) times: Times,
    /// The groups that the store said, unless the session was opened or exchanged in this request.
    pub(crate) groups: Option<GroupSet>,
}

/// Moments of a session, by the clock of the store that said them. What is asked of them is seldom asked, and the request of everybody passes by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Times {
    pub(super) now: Timestamp,
    pub(super) authenticated: Timestamp,
    /// When a cookie with its token ends; `None` if that is gone when the browser exits.
    cookie_ends: Option<Timestamp>,
}

impl Times {
    /// Those of a session that is opened now, on a clock that begins with it.
    pub(crate) fn of_new(cookie_life: Option<Duration>) -> Self {
        let now = Timestamp::from_millis(0);
        Self { now, authenticated: now, cookie_ends: cookie_life.map(|life| now.after(life)) }
    }

    /// How long a cookie with its token lives from here; `None` if it is gone when the browser exits.
    pub(crate) fn cookie_life(&self) -> Option<Duration> {
        self.cookie_ends.map(|ends| ends.since(self.now))
    }

    /// How long ago the user proved who they are, when it was read.
    pub(crate) fn proved(&self) -> Duration {
        self.now.since(self.authenticated)
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
            if found.is_none() {
                self.is_gone(key);
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
        let mut found = self.find(&key).await?;
        if found.as_ref().is_some_and(|found| self.is_touch_due(found)) && !self.touch(&key).await {
            found = self.find(&key).await?;
        }
        let mut state = self.state();
        // A log-in or log-out meanwhile, in another part of this request, knows better than what was read before it.
        if let Connection::Unread(_) = state.connection {
            if found.is_none() {
                self.is_gone(key);
            }
            state.read(key, found);
        }
        match &state.connection {
            Connection::User(connected) => Ok(Some(connected.clone())),
            _ => Ok(None),
        }
    }

    /// Returns the session to be closed by a log-in: that of the cookie, `force_unconnected` or
    /// not. A request that is forced to be unconnected stays so, whatever becomes of the log-in.
    pub(crate) async fn connected_behind(&self) -> Result<Option<Connected>, Error> {
        let Connection::Ignored(ignored) = self.state().connection else { return self.connected().await };
        let Some(key) = ignored else { return Ok(None) };
        match self.find(&key).await? {
            Some(found) => {
                self.note_came_with(found.handle);
                Ok(Some(Connected::new(key, found)))
            }
            None => {
                self.is_gone(key);
                Ok(None)
            }
        }
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
        found.now.millis_since(found.seen) >= self.sessions.0.touch_millis
    }

    /// Writes down the activity, at most once a touch interval. A failure costs a bit of the session's life, so it is
    /// logged and the request goes on. `false` if there is no such session any more.
    async fn touch(&self, key: &SessionKey) -> bool {
        self.sessions.0.store.touch(key).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "the activity of a session could not be written");
            true
        })
    }

    /// The groups of the connected user, if they can be told without waiting.
    pub(crate) fn groups_at_once<'a>(&self, connected: &'a Connected) -> Option<Cow<'a, GroupSet>> {
        match &self.sessions.0.groups {
            None => connected.groups.as_ref().map(Cow::Borrowed),
            // What others may have changed without a word is not remembered.
            Some(_) if !self.sessions.0.store.is_up_to_date() => None,
            Some(provider) => provider.remembered(&connected.user).ok().flatten().map(Cow::Owned),
        }
    }

    /// The groups of the connected user, from wherever this application keeps them.
    pub(crate) async fn groups_of(&self, connected: &Connected) -> Result<GroupSet, Error> {
        let Some(provider) = &self.sessions.0.groups else {
            return match &connected.groups {
                Some(groups) => Ok(groups.clone()),
                // Opened or changed in this request, and read for the first time since.
                None => Ok(self.find(&connected.key).await?.map(|found| found.groups).unwrap_or_default()),
            };
        };
        if self.sessions.0.store.is_up_to_date()
            && let Some(groups) = provider.remembered(&connected.user)?
        {
            return Ok(groups);
        }
        let mut asked = self.more().groups.lock().await;
        if let Some((user, groups)) = &*asked
            && *user == connected.user
        {
            return Ok(groups.clone());
        }
        let groups = self.sessions.ask_for_groups(&**provider, &connected.user).await?;
        *asked = Some((connected.user.clone(), groups.clone()));
        Ok(groups)
    }

    /// The key in the request's cookie, as long as nobody has looked which session it is.
    pub(crate) fn unread_key(&self) -> Result<Option<SessionKey>, Error> {
        self.judge()?;
        let mut state = self.state();
        match state.connection {
            Connection::Unread(key) => {
                state.looked_at = true;
                Ok(key)
            }
            _ => Ok(None),
        }
    }

    fn is_gone(&self, key: SessionKey) {
        // Only the first: it is the cookie's.
        if self.more().gone_key.set(key).is_ok() {
            log_unknown_token();
        }
    }

    /// Whose session has or had this key, and its public name: as this request read it, or as another request exchanged
    /// the key lately.
    pub(crate) fn known_by(&self, key: &SessionKey) -> Option<(UserId, SessionHandle)> {
        if let Connection::User(connected) = &self.state().connection
            && connected.key == *key
        {
            return Some((connected.user.clone(), connected.handle));
        }
        self.sessions.0.exchanged.get(key).map(|(session, _)| session)
    }

    /// The key in the request's cookie, by which the store knows no session. Somebody may have ended it and be waiting still until all nodes know; a
    /// log-out must not return before.
    pub(crate) fn gone_key(&self) -> Option<SessionKey> {
        let is_nobody = matches!(self.state().connection, Connection::Nobody | Connection::Ignored(_));
        self.more.get().filter(|_| is_nobody)?.gone_key.get().copied()
    }

    pub(crate) fn key(&self) -> Option<SessionKey> {
        match &self.state().connection {
            Connection::User(connected) => Some(connected.key),
            Connection::Unread(key) => *key,
            Connection::Nobody | Connection::Ignored(_) => None,
        }
    }

    /// Where the user as this application type is kept, once it was loaded.
    pub(crate) fn loaded_user<T: 'static>(&self, user: &UserId) -> Arc<LoadedUser> {
        let mut users = self.more().users.lock().unwrap_or_else(PoisonError::into_inner);
        let id = TypeId::of::<T>();
        if let Some((_, _, loaded)) = users.iter().find(|(of_type, of, _)| *of_type == id && of == user) {
            return loaded.clone();
        }
        let loaded = Arc::<LoadedUser>::default();
        users.push((id, user.clone(), loaded.clone()));
        loaded
    }
}

/// Any client can cause it, so it is for debugging alone.
pub(crate) fn log_unknown_token() {
    tracing::debug!("no session for the token in the cookie");
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
            Some(found) => {
                self.came_with = Some(found.handle);
                Connection::User(Connected::new(key, found))
            }
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
            times: Times {
                now: found.now,
                authenticated: found.authenticated,
                cookie_ends: (!found.expire).then_some(found.ends),
            },
            groups: Some(found.groups),
        }
    }
}
