//! Who is connected: read from the store when somebody asks, and at most once.

use std::any::TypeId;
use std::borrow::Cow;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::context::{Context, LoadedUser, State};
use crate::declaration;
use crate::error::Error;
use crate::group::GroupSet;
use crate::store::{Found, SessionHandle, Timestamp};
use crate::token::SessionKey;
use crate::user::UserId;

tokio::task_local! {
    /// The application's group provider is asked, while other parts of the request wait for it: it
    /// would wait for itself.
    static ASKING_PROVIDER: ();
}

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
        let key = {
            let mut state = self.state();
            state.looked_at |= !matches!(state.connection, Connection::Ignored(_));
            match state.connection {
                Connection::Unread(Some(key)) => key,
                _ => return Ok(state.connection.look(take)),
            }
        };
        let found = match self.sessions.0.store.find_now(&key) {
            Some(answer) => answer?,
            None => return Ok(Look::Ask(key)),
        };
        if found.as_ref().is_some_and(|found| self.is_touch_due(found)) {
            return Ok(Look::Ask(key));
        }
        Ok(self.read(key, found, read_at()).connection.look(take))
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
        let read_at = read_at();
        let mut found = self.find(&key).await?;
        if found.as_ref().is_some_and(|found| self.is_touch_due(found)) && !self.touch(&key).await {
            found = self.find(&key).await?;
        }
        match &self.read(key, found, read_at).connection {
            Connection::User(connected) => Ok(Some(connected.clone())),
            _ => Ok(None),
        }
    }

    /// Keeps what was read of the session, unless the request knows more by now: a log-in or a
    /// log-out in another part of it was made after the read.
    fn read(&self, key: SessionKey, found: Option<Found>, read_at: Option<Instant>) -> MutexGuard<'_, State> {
        if found.is_none() {
            self.is_gone(key);
        }
        let mut state = self.state();
        if let Connection::Unread(_) = state.connection {
            state.read_at = read_at;
            state.came_with = found.as_ref().map(|found| found.handle);
            state.connection = found.map_or(Connection::Nobody, |found| Connection::User(Connected::new(key, found)));
        }
        state
    }

    /// Returns the session to be closed by a log-in: that of the cookie, `force_unconnected` or
    /// not. A request that is forced to be unconnected stays so, whatever becomes of the log-in.
    pub(crate) async fn connected_behind(&self) -> Result<Option<Connected>, Error> {
        let Connection::Ignored(ignored) = self.state().connection else { return self.connected().await };
        let Some(key) = ignored else { return Ok(None) };
        let Some(found) = self.find(&key).await? else {
            self.is_gone(key);
            return Ok(None);
        };
        self.note_came_with(found.handle);
        Ok(Some(Connected::new(key, found)))
    }

    /// Reads the session again where a function decides more than a second after it was read: in a
    /// task or a stream that outlives the facts of its request. This is no activity of the session.
    pub(crate) async fn read_again_if_stale(&self) -> Result<(), Error> {
        const FRESH: Duration = Duration::from_secs(1);
        let before = match &*self.state() {
            State { connection: Connection::User(connected), read_at: Some(read_at), .. }
                if read_at.elapsed() >= FRESH =>
            {
                connected.clone()
            }
            _ => return Ok(()),
        };
        let read_at = read_at();
        let found = self.sessions.look_again(before.key, before.handle, &before.user).await?;
        {
            let mut state = self.state();
            match &state.connection {
                Connection::User(connected) if connected.key == before.key && state.read_at <= read_at => {}
                // A change in this request, or another look, was made after this one.
                _ => return Ok(()),
            }
            if let Some((key, found)) = found {
                state.read_at = read_at;
                state.connection = Connection::User(Connected::new(key, found));
            } else {
                drop(state);
                self.is_gone(before.key);
                self.ended();
            }
        }
        let Some(more) = self.more.get() else { return Ok(()) };
        *more.groups.lock().await = None;
        // An account is loaded once a request, and after the request once a look.
        if self.is_answered() {
            let _loaded = std::mem::take(&mut *more.users.lock().unwrap_or_else(PoisonError::into_inner));
            more.gone.lock().unwrap_or_else(PoisonError::into_inner).clear();
        }
        Ok(())
    }

    async fn find(&self, key: &SessionKey) -> Result<Option<Found>, Error> {
        let store = &self.sessions.0.store;
        let found = match store.find_now(key) {
            Some(answer) => answer,
            None => store.find(key).await,
        };
        Ok(found?)
    }

    /// Whether the activity is to be written. What happens after the response has left is none.
    fn is_touch_due(&self, found: &Found) -> bool {
        found.now.millis_since(found.seen) >= self.sessions.0.touch_millis && !self.is_answered()
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
            Some(_) => self.remembered_groups(&connected.user).ok().flatten().map(Cow::Owned),
        }
    }

    /// Returns the user's groups as the application's provider remembers them. This runs code of
    /// the application: no lock is held here.
    pub(crate) fn remembered_groups(&self, user: &UserId) -> Result<Option<GroupSet>, Error> {
        match &self.sessions.0.groups {
            // Groups that other nodes may have changed without notice are not remembered.
            Some(provider) if self.sessions.0.store.is_up_to_date() => provider.remembered(user),
            _ => Ok(None),
        }
    }

    /// The groups of the connected user, from wherever this application keeps them.
    pub(crate) async fn groups_of(&self, connected: &Connected) -> Result<GroupSet, Error> {
        let Some(provider) = &self.sessions.0.groups else {
            if let Some(groups) = &connected.groups {
                return Ok(groups.clone());
            }
            // Opened or changed in this request, and read for the first time since.
            let found = self.find(&connected.key).await?;
            return found.map(|found| found.groups).ok_or(Error::NotConnected);
        };
        if let Some(groups) = self.remembered_groups(&connected.user)? {
            return Ok(groups);
        }
        if ASKING_PROVIDER.try_with(|()| ()).is_ok() {
            return Err(Error::Groups("the group provider called a function whose rule asks it for groups".into()));
        }
        let mut asked = self.more().groups.lock().await;
        if let Some((user, groups)) = &*asked
            && *user == connected.user
        {
            return Ok(groups.clone());
        }
        let asking = self.sessions.ask_for_groups(&**provider, &connected.user);
        let groups = ASKING_PROVIDER.scope((), asking).await?;
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

    /// Whose session has or had this key, and its public name: as this request read it, or as
    /// another request exchanged the key lately.
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

impl Connection {
    /// What can be taken of it without waiting.
    fn look<T>(&self, take: impl FnOnce(&Connected) -> T) -> Look<T> {
        match self {
            Self::User(connected) => Look::User(take(connected)),
            _ => Look::Nobody,
        }
    }
}

/// Returns the time of a read, in binaries with functions that may outlive the facts.
pub(super) fn read_at() -> Option<Instant> {
    declaration::any_wrapper().then(Instant::now)
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
