//! What a store of sessions promises: the trait, and the records that cross it.

#[cfg(any(feature = "postgres", feature = "redis", feature = "sqlite-unbundled"))]
mod alike;
mod erased;

use std::future::Future;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

#[cfg(any(feature = "postgres", feature = "redis"))]
pub(crate) use self::alike::check_deadline;
#[cfg(any(feature = "postgres", feature = "redis", feature = "sqlite-unbundled"))]
pub(crate) use self::alike::ended_so_far;
pub(crate) use self::erased::AnyStore;
pub use crate::change::{Change, Listener, News};
pub use crate::clock::Timestamp;
pub use crate::error::StoreError;
pub use crate::group::GroupSet;
pub use crate::handle::{InvalidHandle, SessionHandle};
pub use crate::slots::{Expected, NewBrowser, SlotKey, SlotLimits, SlotOwner, SlotValue, SlotWrite, SlotWritten};
pub use crate::token::{BrowserKey, SessionKey, TabKey};
use crate::user::UserId;

/// A session about to be opened.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct NewSession {
    /// The hash of its token.
    pub key: SessionKey,
    /// Whose it is.
    pub user: UserId,
    /// Its public name.
    pub handle: SessionHandle,
    /// A short description of the device, if the browser gave one.
    pub device: Option<Arc<str>>,
    /// How long it lives without activity.
    pub idle: Duration,
    /// How long it lives in any case.
    pub absolute: Duration,
    /// Its cookie is gone when the browser exits: kept for the day its token is exchanged.
    pub expire: bool,
    /// The session of the same browser that this one takes the place of, of whichever user it is.
    pub replaces: Option<SessionKey>,
    /// The same session by its user and its public name, which it keeps when its token is
    /// exchanged: another request of the browser may have exchanged the key since it was read.
    pub replaces_session: Option<(UserId, SessionHandle)>,
}

impl NewSession {
    /// A session with the lifetimes that [`Sessions`](crate::Sessions) gives one by default: 14 days, and 90 in any case. It names no device and
    /// replaces none. For tests of a store; a store is handed its sessions by `Sessions`.
    ///
    /// ```
    /// use os_session::{NewSession, SessionHandle, SessionKey};
    ///
    /// let mut new = NewSession::new(SessionKey::from_bytes([1; 32]), "alice", SessionHandle::from_u64(1));
    /// new.device = Some("Firefox on Linux".into());
    /// assert!(new.idle < new.absolute);
    /// ```
    pub fn new(key: SessionKey, user: impl Into<UserId>, handle: SessionHandle) -> Self {
        Self {
            key,
            user: user.into(),
            handle,
            device: None,
            idle: Duration::from_hours(14 * 24),
            absolute: Duration::from_hours(90 * 24),
            expire: false,
            replaces: None,
            replaces_session: None,
        }
    }
}

/// How many sessions a user may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// The number, the new one included.
    pub sessions: NonZeroU32,
    /// What happens at one more.
    pub when_full: WhenFull,
}

/// What happens to a log-in beyond the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhenFull {
    /// The least recently used session of the user is closed.
    CloseOldest,
    /// The log-in is refused.
    Refuse,
}

/// What became of a log-in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inserted {
    /// The session is open; these ended so that it could be.
    Opened(Vec<Ended>),
    /// The user has as many as the limit, and [`WhenFull::Refuse`] was asked for. Nothing changed.
    Full,
}

/// What a store knows of a live session, and of its user's groups at the same moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Whose it is.
    pub user: UserId,
    /// Its public name.
    pub handle: SessionHandle,
    /// When it was opened.
    pub opened: Timestamp,
    /// When it was last used, as far as it was written: activity is written once a touch interval.
    pub seen: Timestamp,
    /// When the user last proved who they are.
    pub authenticated: Timestamp,
    /// When it ends in any case.
    pub ends: Timestamp,
    /// When it ends if nothing more happens: after its idle lifetime, or then.
    pub expires: Timestamp,
    /// [`NewSession::expire`].
    pub expire: bool,
    /// The moment of this answer, by the clock of the store.
    pub now: Timestamp,
    /// The user's groups in the store's own tables.
    pub groups: GroupSet,
}

/// One of a user's live sessions, as the user may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Which session it is: compared, never shown.
    pub key: SessionKey,
    /// Its public name.
    pub handle: SessionHandle,
    /// A short description of the device, if the browser gave one.
    pub device: Option<Arc<str>>,
    /// When it was opened.
    pub opened: Timestamp,
    /// When it was last used, as far as it was written.
    pub seen: Timestamp,
}

/// A session that is no more. Whoever is told so by the store runs its close hooks: each is told once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// Whose it was.
    pub user: UserId,
    /// Its public name.
    pub handle: SessionHandle,
    /// Why, as far as the store knows.
    pub why: End,
}

/// Why a session ended, as far as a store knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum End {
    /// It was closed by name.
    Closed,
    /// Another took its place, [`NewSession::replaces`].
    Replaced,
    /// It was the least recently used beyond the limit.
    Evicted,
    /// Its time was over before anything else happened to it.
    Expired,
}

/// How a session's token is exchanged for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotation {
    /// The hash of the token that is valid until now.
    pub from: SessionKey,
    /// The hash of the one that is valid afterwards.
    pub to: SessionKey,
    /// When the user counts as having proved who they are.
    pub authenticated: Authenticated,
}

/// What a [`Rotation`] says of the moment of authentication.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Authenticated {
    /// It stays what it was.
    Unchanged,
    /// It is now, by the clock of the store.
    Now,
    /// It was then: a rotation is taken back.
    At(Timestamp),
}

/// Where sessions are kept.
///
/// A store inserts, updates what is there, and deletes; **it never inserts by way of an update**, so that no request,
/// however slow, brings back a session that ended meanwhile. A session is *live* from its insertion until it is removed,
/// or `idle` after it was last seen, or `absolute` after it was opened, by the store's own clock. What is not live is
/// not found, not touched, not listed and not counted, whether it was purged or not.
///
/// Each operation happens entirely or not at all, and none sees half of another. Dropping a future may leave its
/// operation done or undone, and nothing in between.
///
/// [`Sessions`](crate::Sessions) asks a store for [valid](UserId::validate) user ids alone: at most
/// 255 bytes, no NUL, not blank. The same is true of groups, and what the command line and an
/// import bring is checked alike. Users, groups, devices and names of slots are texts that are kept
/// byte by byte and compared so; handles are any 64 bits, lifetimes as long as a [`Duration`],
/// moments milliseconds, values any bytes. What a store cannot keep as it is, it refuses with an
/// error.
///
/// Each session that ends is told to one caller, once, in an [`Ended`].
///
/// A store keeps *slots* as well, named values of what [owns](SlotOwner) them. Those of a session
/// are there while it is live and gone with it, whatever ends it, so that a request that is slower
/// than a log-out writes nothing. Those of a browser are there while the browser is *live*: from
/// the write that made it until it is forgotten, or `idle` after it was last seen, where `idle` is
/// a shorter time until its cookie has come back, or until it makes room for others.
///
/// [`testing::store_laws`](crate::testing::store_laws) checks all this against any implementation, and
/// [`testing::shared_store_laws`](crate::testing::shared_store_laws) what several processes on one store see of each
/// other. `docs/writing-a-store.md` in the repository names the traps.
///
/// # Example
///
/// A store that counts its look-ups, around any other:
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicU64, Ordering};
///
/// use os_session::testing::store_laws;
/// use os_session::{
///     BrowserKey, Change, Ended, Found, Inserted, Limit, Listed, Listener, MemoryStore, NewSession, Rotation, SessionHandle, SessionKey,
///     SlotKey, SlotValue, SlotWrite, SlotWritten, Store, StoreError, UserId,
/// };
///
/// #[derive(Clone, Default)]
/// struct Counted<S> {
///     store: S,
///     look_ups: Arc<AtomicU64>,
/// }
///
/// impl<S: Store> Store for Counted<S> {
///     async fn find(&self, key: &SessionKey) -> Result<Option<Found>, StoreError> {
///         self.look_ups.fetch_add(1, Ordering::Relaxed);
///         self.store.find(key).await
///     }
///
///     // Left out, it would make a store in memory as slow as one that has to ask.
///     fn find_now(&self, key: &SessionKey) -> Option<Result<Option<Found>, StoreError>> {
///         let found = self.store.find_now(key);
///         self.look_ups.fetch_add(found.is_some().into(), Ordering::Relaxed);
///         found
///     }
///
///     async fn insert(&self, new: NewSession, limit: Limit) -> Result<Inserted, StoreError> {
///         self.store.insert(new, limit).await
///     }
///
///     // Without these, this process would count as the only one, and hear of nothing.
///     fn is_shared(&self) -> bool {
///         self.store.is_shared()
///     }
///
///     fn is_up_to_date(&self) -> bool {
///         self.store.is_up_to_date()
///     }
///
///     async fn listen(&self, listener: Listener) -> StoreError {
///         self.store.listen(listener).await
///     }
///
///     async fn publish(&self, change: &Change) -> Result<(), StoreError> {
///         self.store.publish(change).await
///     }
///
///     async fn stop(&self) {
///         self.store.stop().await;
///     }
///
///     async fn touch(&self, key: &SessionKey) -> Result<bool, StoreError> {
///         self.store.touch(key).await
///     }
///
///     async fn rotate(&self, rotation: Rotation) -> Result<bool, StoreError> {
///         self.store.rotate(rotation).await
///     }
///
///     async fn close(&self, key: &SessionKey) -> Result<Option<Ended>, StoreError> {
///         self.store.close(key).await
///     }
///
///     async fn close_handle(&self, user: &UserId, handle: SessionHandle) -> Result<Option<Ended>, StoreError> {
///         self.store.close_handle(user, handle).await
///     }
///
///     async fn close_all(&self, user: &UserId, except: Option<&SessionKey>) -> Result<Vec<Ended>, StoreError> {
///         self.store.close_all(user, except).await
///     }
///
///     async fn list(&self, user: &UserId) -> Result<Vec<Listed>, StoreError> {
///         self.store.list(user).await
///     }
///
///     async fn purge(&self, most: usize) -> Result<Vec<Ended>, StoreError> {
///         self.store.purge(most).await
///     }
///
///     async fn create_group(&self, name: &str) -> Result<(), StoreError> {
///         self.store.create_group(name).await
///     }
///
///     async fn all_groups(&self) -> Result<Vec<String>, StoreError> {
///         self.store.all_groups().await
///     }
///
///     async fn add_to_group(&self, user: &UserId, group: &str) -> Result<bool, StoreError> {
///         self.store.add_to_group(user, group).await
///     }
///
///     async fn remove_from_group(&self, user: &UserId, group: &str) -> Result<bool, StoreError> {
///         self.store.remove_from_group(user, group).await
///     }
///
///     async fn in_group(&self, user: &UserId, group: &str) -> Result<bool, StoreError> {
///         self.store.in_group(user, group).await
///     }
///
///     async fn slot(&self, key: &SlotKey) -> Result<Option<SlotValue>, StoreError> {
///         self.store.slot(key).await
///     }
///
///     async fn write_slot(&self, key: &SlotKey, write: SlotWrite) -> Result<SlotWritten, StoreError> {
///         self.store.write_slot(key, write).await
///     }
///
///     async fn rotate_browser(
///         &self,
///         from: &BrowserKey,
///         to: &BrowserKey,
///         session: Option<SessionHandle>,
///     ) -> Result<bool, StoreError> {
///         self.store.rotate_browser(from, to, session).await
///     }
///
///     async fn touch_browser(&self, key: &BrowserKey) -> Result<bool, StoreError> {
///         self.store.touch_browser(key).await
///     }
///
///     async fn forget_browser(&self, key: &BrowserKey) -> Result<bool, StoreError> {
///         self.store.forget_browser(key).await
///     }
///
///     async fn close_all_with_browsers(&self, user: &UserId) -> Result<Vec<Ended>, StoreError> {
///         self.store.close_all_with_browsers(user).await
///     }
/// }
///
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// store_laws(|clock| async { Counted { store: MemoryStore::with_clock(clock), look_ups: Arc::default() } }).await;
/// # });
/// ```
pub trait Store: Send + Sync + 'static {
    /// Opens a session.
    ///
    /// In one step: the session of the key [`replaces`](NewSession::replaces) is removed, or if
    /// there is none the one that [`replaces_session`](NewSession::replaces_session) names, if that
    /// is there. Expired sessions of the user are removed, and then, if the user has as many live
    /// sessions as the `limit` or more, the least recently seen are removed until the new one fits,
    /// or nothing at all is changed and the answer is [`Inserted::Full`]. Of sessions seen at the
    /// same moment, the one opened first goes first. What is removed after its time is told as
    /// [`End::Expired`], replaced or not.
    ///
    /// # Errors
    ///
    /// A failure of the store, a key that is already there, and a value that the store cannot keep as it is: then nothing
    /// was changed. A key whose session this very log-in removes may count as there or not: tokens are never used twice.
    fn insert(&self, new: NewSession, limit: Limit) -> impl Future<Output = Result<Inserted, StoreError>> + Send;

    /// The live session of that key, with its user's groups, in one round trip.
    ///
    /// # Errors
    ///
    /// A failure of the store: never to be taken for "there is none".
    fn find(&self, key: &SessionKey) -> impl Future<Output = Result<Option<Found>, StoreError>> + Send;

    /// What [`find`](Store::find) would answer, if this store can tell without waiting; `None` if it has to ask.
    fn find_now(&self, key: &SessionKey) -> Option<Result<Option<Found>, StoreError>> {
        let _ = key;
        None
    }

    /// Whether several processes may use this store at once: then what one of them remembers of it may be out of date.
    fn is_shared(&self) -> bool {
        false
    }

    /// Whether what this process remembers of groups, as it was told of their changes, is right at this moment. It is where nobody else
    /// changes the store, and under a lease, see [`LeasedStore`](crate::LeasedStore).
    fn is_up_to_date(&self) -> bool {
        !self.is_shared()
    }

    /// Marks a live session as seen now. Returns whether there was one.
    ///
    /// # Errors
    ///
    /// A failure of the store.
    fn touch(&self, key: &SessionKey) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Exchanges the token of a live session, and changes nothing else of it: it is no activity.
    /// Returns whether there was one.
    ///
    /// # Errors
    ///
    /// A failure of the store, and a key that is already there: then nothing was changed. The key that the session has
    /// is an error, or exchanged for itself.
    fn rotate(&self, rotation: Rotation) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Removes the session of that key. One whose time is over is told as [`End::Expired`], or left for
    /// [`purge`](Store::purge) to tell.
    ///
    /// # Errors
    ///
    /// A failure of the store.
    fn close(&self, key: &SessionKey) -> impl Future<Output = Result<Option<Ended>, StoreError>> + Send;

    /// Removes one of this user's sessions by its public name; another user's stays.
    ///
    /// # Errors
    ///
    /// A failure of the store.
    fn close_handle(
        &self,
        user: &UserId,
        handle: SessionHandle,
    ) -> impl Future<Output = Result<Option<Ended>, StoreError>> + Send;

    /// Removes all sessions of this user, except the one of that key.
    ///
    /// # Errors
    ///
    /// A failure of the store.
    fn close_all(
        &self,
        user: &UserId,
        except: Option<&SessionKey>,
    ) -> impl Future<Output = Result<Vec<Ended>, StoreError>> + Send;

    /// The live sessions of this user, the most recently seen first; of those seen at the same moment, the one opened
    /// last.
    ///
    /// # Errors
    ///
    /// A failure of the store.
    fn list(&self, user: &UserId) -> impl Future<Output = Result<Vec<Listed>, StoreError>> + Send;

    /// Removes expired sessions, at most that many at once, and expired browsers, of which it does not tell. Fewer sessions
    /// than `most` means that no expired session and no expired browser is left: browsers are removed until then, however
    /// many there are.
    ///
    /// # Errors
    ///
    /// A failure of the store.
    fn purge(&self, most: usize) -> impl Future<Output = Result<Vec<Ended>, StoreError>> + Send;

    /// Creates a group; one that is there stays as it is.
    ///
    /// # Errors
    ///
    /// A failure of the store.
    fn create_group(&self, name: &str) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// The names of all groups, in the order of their bytes.
    ///
    /// # Errors
    ///
    /// A failure of the store.
    fn all_groups(&self) -> impl Future<Output = Result<Vec<String>, StoreError>> + Send;

    /// Puts a user in a group. `false`: there is no such group.
    ///
    /// # Errors
    ///
    /// A failure of the store.
    fn add_to_group(&self, user: &UserId, group: &str) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Takes a user out of a group. `false`: there is no such group.
    ///
    /// # Errors
    ///
    /// A failure of the store.
    fn remove_from_group(&self, user: &UserId, group: &str) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Whether a user is in a group, which a group that does not exist has nobody in.
    ///
    /// # Errors
    ///
    /// A failure of the store.
    fn in_group(&self, user: &UserId, group: &str) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// The value of a slot; `None` as well if it has no owner, or none that is live. It makes nothing, and is no activity.
    ///
    /// # Errors
    ///
    /// A failure of the store: never to be taken for "there is none".
    fn slot(&self, key: &SlotKey) -> impl Future<Output = Result<Option<SlotValue>, StoreError>> + Send;

    /// Writes or removes the value of a slot, if it holds what is [expected](SlotWrite::expected).
    ///
    /// In one step: the owner is looked for, and made if it is a browser that is not there, [`SlotWrite::new_browser`] is given
    /// and there is a value; what is expected is compared; the limits are kept. One value more than [`SlotLimits::slots`] in
    /// that tab of the owner is [`SlotWritten::TooManySlots`]. For one tab more than [`SlotLimits::tabs`], the tabs whose latest
    /// value was written first lose all their values until the new one fits.
    ///
    /// Where a browser is made, others make room for it in the same step, see [`NewBrowser::most`].
    /// A store that counts more seldom may keep a few per cent more of some hundreds; of a hundred
    /// and fewer it keeps no more than that.
    ///
    /// A browser counts as seen now if the answer is [`Written`](SlotWritten::Written) or
    /// [`Removed`](SlotWritten::Removed), and as one whose cookie has come back if
    /// [`SlotWrite::came_back`] is set as well: from then on it lives for [`NewBrowser::idle`]. To
    /// remove what is not there is [`Removed`](SlotWritten::Removed), where nothing may be
    /// expected.
    ///
    /// # Errors
    ///
    /// A failure of the store, and a name or value that the store cannot keep as it is: then nothing was changed.
    fn write_slot(
        &self,
        key: &SlotKey,
        write: SlotWrite,
    ) -> impl Future<Output = Result<SlotWritten, StoreError>> + Send;

    /// Gives a live browser another key, and names the session that is open in it now. With a
    /// session it counts as one whose cookie has come back. Its slots stay; it is no activity.
    /// Returns whether there was one.
    ///
    /// # Errors
    ///
    /// A failure of the store, and a key that is already there: then nothing was changed. The key that the browser has is an
    /// error, or exchanged for itself.
    fn rotate_browser(
        &self,
        from: &BrowserKey,
        to: &BrowserKey,
        session: Option<SessionHandle>,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Marks a live browser as seen now, by a request that came with its cookie: the cookie has
    /// come back. Returns whether there was one.
    ///
    /// # Errors
    ///
    /// A failure of the store.
    fn touch_browser(&self, key: &BrowserKey) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Removes a browser and its slots. Returns whether there was a live one.
    ///
    /// # Errors
    ///
    /// A failure of the store.
    fn forget_browser(&self, key: &BrowserKey) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Removes all sessions of this user, and with them the browsers in which one of them is said to be open, and their slots: all of
    /// it or nothing.
    ///
    /// # Errors
    ///
    /// A failure of the store.
    fn close_all_with_browsers(&self, user: &UserId) -> impl Future<Output = Result<Vec<Ended>, StoreError>> + Send;

    /// Tells what is changed through other handles on this store: sessions that end or get another token, groups, log-ins. It listens until it
    /// cannot any more and says why; then it is called again, after a while. Nobody waits for what is told: what is lost on the way is found at
    /// the next request.
    ///
    /// A store that does not know listens for ever and tells nothing.
    fn listen(&self, listener: Listener) -> impl Future<Output = StoreError> + Send {
        drop(listener);
        std::future::pending()
    }

    /// Tells other handles on this store what they cannot know from it: a log-in in a browser, or that the application's own groups of a user
    /// changed. The latter [takes rights away](crate::LeaseStore) as a change in the store's own groups does.
    ///
    /// # Errors
    ///
    /// A failure of the store.
    fn publish(&self, change: &Change) -> impl Future<Output = Result<(), StoreError>> + Send {
        let _ = change;
        async { Ok(()) }
    }

    /// The process is about to end, and remembers nothing more; the store works as before.
    fn stop(&self) -> impl Future<Output = ()> + Send {
        async {}
    }
}
