//! A store that admits from memory, and forgets before a revocation returns.

mod memory;
mod renewing;

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use self::memory::Memory;
use self::renewing::keep_lease;
use crate::change::{Change, Listener, News, WeakListener};
use crate::clock::Clock;
use crate::lease::{LONGEST, LeaseStore};
use crate::store::{
    Ended, Found, Inserted, Limit, Listed, NewSession, Rotation, SessionHandle, SlotKey, SlotValue, SlotWrite,
    SlotWritten, Store, StoreError,
};
use crate::token::{BrowserKey, SessionKey};
use crate::user::UserId;

/// A shared store whose sessions are read from memory, where it is certain that nothing was taken from them: no round trip for a
/// session that was read before, and still, when a log-out or a change of groups *has returned*, on whichever node, no node admits the next
/// request.
///
/// A node admits from memory only under a lease, which it renews by a write to the store; the answer tells what to forget. Whatever takes a right away
/// returns when every node has forgotten it, which takes a millisecond or two, or has lost its lease: a node that is stopped, or cut off,
/// delays the first log-out after it by the length of its lease. Requests of sessions that are not in memory, and all refusals,
/// are decided by the store. `docs/many-nodes.md` in the repository has the protocol and what it assumes: above all that
/// clocks run at rates within 1 % of each other, and that the store loses no acknowledged write when it fails over.
///
/// Nodes with and without leases can use the same store. Clones share their memory.
///
/// ```no_run
/// # async fn start() -> Result<(), Box<dyn std::error::Error>> {
/// # #[cfg(feature = "postgres")] {
/// use os_session::{LeasedStore, PostgresStore, Sessions};
///
/// let store = PostgresStore::connect("postgres://app:secret@db.internal/app?sslmode=disable").await?;
/// let sessions = Sessions::builder().store(LeasedStore::new(store)?).build().await?;
/// # }
/// # Ok(())
/// # }
/// ```
///
/// When the signal to stop comes, SIGTERM included, a process calls [`Sessions::shutdown`](crate::Sessions::shutdown), so that nobody has to wait for its lease.
pub struct LeasedStore<S> {
    shared: Arc<Shared<S>>,
}

struct Shared<S> {
    store: Arc<S>,
    lease: Duration,
    memory: Memory,
    /// The store has something to tell.
    nudge: Arc<Notify>,
    /// Who else remembers something.
    listeners: Mutex<Vec<WeakListener>>,
    /// With the last handle it is dropped, and the renewals end.
    stopping: watch::Sender<bool>,
    renewals: Mutex<Option<JoinHandle<()>>>,
    /// How often the store was asked for a lease.
    asked: AtomicU64,
}

impl<S> Clone for LeasedStore<S> {
    fn clone(&self) -> Self {
        Self { shared: self.shared.clone() }
    }
}

impl<S> fmt::Debug for LeasedStore<S>
where
    S: fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LeasedStore").field("store", &self.shared.store).field("lease", &self.shared.lease).finish()
    }
}

/// Puts a [`LeasedStore`] together: [`LeasedStore::builder`].
#[derive(Debug, Clone)]
#[must_use = "it begins with `start`"]
pub struct LeasedBuilder<S> {
    store: S,
    lease: Duration,
    cached_sessions: usize,
    clock: Clock,
}

impl<S> LeasedBuilder<S>
where
    S: LeaseStore,
{
    /// How long a node may admit from memory after it asked for a renewal, which it does three times as often: 3 seconds by default, at
    /// most 10. It is how long a log-out takes once where a node was stopped.
    pub fn lease(mut self, lease: Duration) -> Self {
        self.lease = lease;
        self
    }

    /// How many sessions are remembered at most: 100 000 by default, some 50 MB.
    pub fn cached_sessions(mut self, most: usize) -> Self {
        self.cached_sessions = most;
        self
    }

    /// For tests: the clock that was given to the store.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Begins to take leases, in the background. Until it has one, and whenever it has none, every request asks the store, and a warning in the log
    /// says why: a store may turn out to have none, as a Redis that throws keys away.
    ///
    /// # Errors
    ///
    /// A lease that is shorter than 100 ms or longer than 10 s, and a store that [has none](LeaseStore::can_lease).
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub fn start(self) -> Result<LeasedStore<S>, StoreError> {
        let Self { store, lease, cached_sessions, clock } = self;
        if !(Duration::from_millis(100)..=LONGEST).contains(&lease) {
            return Err(StoreError::new(format!("a lease lasts from 100 ms to {LONGEST:?}, not {lease:?}")));
        }
        store.can_lease()?;
        let shared = Shared {
            store: Arc::new(store),
            lease,
            memory: Memory::new(cached_sessions.max(1), clock),
            nudge: Arc::default(),
            listeners: Mutex::default(),
            stopping: watch::Sender::new(false),
            renewals: Mutex::default(),
            asked: AtomicU64::new(0),
        };
        let shared = Arc::new(shared);
        let renewals = tokio::spawn(keep_lease(shared.clone()));
        *shared.renewals.lock().unwrap_or_else(PoisonError::into_inner) = Some(renewals);
        Ok(LeasedStore { shared })
    }
}

impl<S> LeasedStore<S>
where
    S: LeaseStore,
{
    /// Begins with everything at its default: [`LeasedBuilder::start`].
    ///
    /// # Errors
    ///
    /// As for [`LeasedBuilder::start`].
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub fn new(store: S) -> Result<Self, StoreError> {
        Self::builder(store).start()
    }

    /// A builder, for all other settings.
    ///
    /// ```no_run
    /// # #[cfg(feature = "redis")]
    /// # async fn start() -> Result<(), Box<dyn std::error::Error>> {
    /// use std::time::Duration;
    ///
    /// use os_session::{LeasedStore, RedisStore};
    ///
    /// let store = RedisStore::connect("redis://:secret@cache.internal").await?;
    /// let store = LeasedStore::builder(store).lease(Duration::from_secs(1)).cached_sessions(10_000).start()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn builder(store: S) -> LeasedBuilder<S> {
        LeasedBuilder { store, lease: Duration::from_secs(3), cached_sessions: 100_000, clock: Clock::new() }
    }

    /// Whether this node holds a lease at this moment, so that it admits from memory.
    #[must_use]
    pub fn holds_lease(&self) -> bool {
        self.shared.memory.holds_lease()
    }

    /// How many sessions were found in memory since this store was made, each a round trip saved.
    #[must_use]
    pub fn found_in_memory(&self) -> u64 {
        self.shared.memory.hits()
    }

    /// How often this node has asked for its lease since this store was made, each a round trip beside those of requests.
    #[must_use]
    pub fn renewals(&self) -> u64 {
        self.shared.asked.load(Ordering::Relaxed)
    }

    /// The store behind it.
    #[must_use]
    pub fn store(&self) -> &S {
        &self.shared.store
    }
}

impl<S> Shared<S> {
    /// The moment before a lease is asked for, from which it counts.
    fn before_asking(&self) -> Duration {
        self.asked.fetch_add(1, Ordering::Relaxed);
        self.memory.now()
    }

    /// Tells this one from now on what to forget. What it has read before, it may have missed the end of.
    fn register(&self, listener: &Listener) {
        let mut listeners = self.listeners.lock().unwrap_or_else(PoisonError::into_inner);
        listeners.retain(WeakListener::is_there);
        if listeners.iter().any(|known| known.is(listener)) {
            return;
        }
        listeners.push(listener.downgrade());
        drop(listeners);
        listener.tell(News::Forget(Change::Everything));
    }

    /// Forgets what was revoked, here and wherever a listener remembers something.
    fn forget(&self, revoked: Vec<Change>) {
        self.memory.apply(&revoked);
        let listeners = self.listeners.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for change in revoked {
            for listener in listeners.iter().filter_map(WeakListener::upgrade) {
                listener.tell(News::Forget(change.clone()));
            }
        }
    }
}

impl<S> Store for LeasedStore<S>
where
    S: LeaseStore,
{
    fn find_now(&self, key: &SessionKey) -> Option<Result<Option<Found>, StoreError>> {
        // What is not here may be in the store: no refusal is made from memory.
        self.shared.memory.get(key).map(|found| Ok(Some(found)))
    }

    async fn find(&self, key: &SessionKey) -> Result<Option<Found>, StoreError> {
        let sent = self.shared.memory.before_asking();
        let found = self.store().find(key).await?;
        if let (Some(found), Some(sent)) = (&found, sent) {
            self.shared.memory.keep(*key, found.clone(), sent);
        }
        Ok(found)
    }

    fn is_shared(&self) -> bool {
        self.store().is_shared()
    }

    fn is_up_to_date(&self) -> bool {
        self.shared.memory.holds_lease()
    }

    async fn listen(&self, listener: Listener) -> StoreError {
        self.shared.register(&listener);
        let shared = Arc::downgrade(&self.shared);
        let told = move |news| {
            let Some(shared) = shared.upgrade() else { return };
            // Of a log-in there is nothing in the log.
            if !matches!(news, News::Changed(Change::Browser(_))) {
                shared.nudge.notify_one();
            }
            listener.tell(news);
        };
        self.store().listen(Listener::new(told)).await
    }

    async fn touch(&self, key: &SessionKey) -> Result<bool, StoreError> {
        // Also if nobody waits for the answer: what is written by then is another moment.
        let _forget = ForgetLater { memory: &self.shared.memory, key };
        self.store().touch(key).await
    }

    async fn stop(&self) {
        self.shared.stopping.send_replace(true);
        let renewals = self.shared.renewals.lock().unwrap_or_else(PoisonError::into_inner).take();
        // The task that renews also leaves, so that neither overtakes the other.
        if let Some(renewals) = renewals {
            let _ = renewals.await;
        }
        self.store().stop().await;
    }

    async fn insert(&self, new: NewSession, limit: Limit) -> Result<Inserted, StoreError> {
        self.store().insert(new, limit).await
    }

    async fn rotate(&self, rotation: Rotation) -> Result<bool, StoreError> {
        self.store().rotate(rotation).await
    }

    async fn close(&self, key: &SessionKey) -> Result<Option<Ended>, StoreError> {
        self.store().close(key).await
    }

    async fn close_handle(&self, user: &UserId, handle: SessionHandle) -> Result<Option<Ended>, StoreError> {
        self.store().close_handle(user, handle).await
    }

    async fn close_all(&self, user: &UserId, except: Option<&SessionKey>) -> Result<Vec<Ended>, StoreError> {
        self.store().close_all(user, except).await
    }

    async fn close_all_with_browsers(&self, user: &UserId) -> Result<Vec<Ended>, StoreError> {
        self.store().close_all_with_browsers(user).await
    }

    async fn list(&self, user: &UserId) -> Result<Vec<Listed>, StoreError> {
        self.store().list(user).await
    }

    async fn purge(&self, most: usize) -> Result<Vec<Ended>, StoreError> {
        self.store().purge(most).await
    }

    async fn create_group(&self, name: &str) -> Result<(), StoreError> {
        self.store().create_group(name).await
    }

    async fn all_groups(&self) -> Result<Vec<String>, StoreError> {
        self.store().all_groups().await
    }

    async fn add_to_group(&self, user: &UserId, group: &str) -> Result<bool, StoreError> {
        self.store().add_to_group(user, group).await
    }

    async fn remove_from_group(&self, user: &UserId, group: &str) -> Result<bool, StoreError> {
        self.store().remove_from_group(user, group).await
    }

    async fn in_group(&self, user: &UserId, group: &str) -> Result<bool, StoreError> {
        self.store().in_group(user, group).await
    }

    async fn slot(&self, key: &SlotKey) -> Result<Option<SlotValue>, StoreError> {
        self.store().slot(key).await
    }

    async fn write_slot(&self, key: &SlotKey, write: SlotWrite) -> Result<SlotWritten, StoreError> {
        self.store().write_slot(key, write).await
    }

    async fn rotate_browser(
        &self,
        from: &BrowserKey,
        to: &BrowserKey,
        session: Option<SessionHandle>,
    ) -> Result<bool, StoreError> {
        self.store().rotate_browser(from, to, session).await
    }

    async fn touch_browser(&self, key: &BrowserKey) -> Result<bool, StoreError> {
        self.store().touch_browser(key).await
    }

    async fn forget_browser(&self, key: &BrowserKey) -> Result<bool, StoreError> {
        self.store().forget_browser(key).await
    }

    async fn publish(&self, change: &Change) -> Result<(), StoreError> {
        self.store().publish(change).await
    }
}

/// Forgets a session when it is dropped.
struct ForgetLater<'a> {
    memory: &'a Memory,
    key: &'a SessionKey,
}

impl Drop for ForgetLater<'_> {
    fn drop(&mut self) {
        self.memory.forget(self.key);
    }
}
