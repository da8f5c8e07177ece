//! Stores with one flaw each, around the memory store.

/// Types for flaws that remember nothing.
macro_rules! flaws {
    ($($(#[$doc:meta])* $name:ident;)*) => {$($(#[$doc])* #[derive(Default)] pub(crate) struct $name;)*};
}
pub(crate) mod browsers;
pub(crate) mod ends;
pub(crate) mod groups;
pub(crate) mod leases;
pub(crate) mod life;
pub(crate) mod limits;
pub(crate) mod news;
pub(crate) mod shared;
pub(crate) mod slots;
pub(crate) mod values;

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use os_session::testing::Clock;
use os_session::{
    BrowserKey, Ended, Found, Inserted, Limit, Listed, MemoryStore, NewSession, Rotation, SessionHandle, SessionKey,
    SlotKey, SlotValue, SlotWrite, SlotWritten, Store, StoreError, UserId, WhenFull,
};

pub(crate) type Answer<T> = Result<T, StoreError>;

pub(crate) const ROOMY: Limit = Limit { sessions: NonZeroU32::MAX, when_full: WhenFull::CloseOldest };

/// The session, with something changed.
pub(crate) fn with(mut new: NewSession, change: impl FnOnce(&mut NewSession)) -> NewSession {
    change(&mut new);
    new
}

/// What is right, for a flaw to get wrong.
#[derive(Debug, Clone)]
pub(crate) struct Right {
    pub(crate) memory: MemoryStore,
    pub(crate) clock: Clock,
    /// Everything that was ever inserted, by its key.
    inserted: Arc<Mutex<HashMap<SessionKey, NewSession>>>,
}

impl Right {
    pub(crate) fn inserted(&self) -> MutexGuard<'_, HashMap<SessionKey, NewSession>> {
        self.inserted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn all(&self) -> Vec<NewSession> {
        self.inserted().values().cloned().collect()
    }

    pub(crate) fn get(&self, key: &SessionKey) -> Option<NewSession> {
        self.inserted().get(key).cloned()
    }

    /// Inserts it, and closes nothing for it.
    pub(crate) async fn insert_anyway(&self, new: NewSession) -> Answer<Inserted> {
        self.memory.insert(new, ROOMY).await
    }

    /// Removes whatever has this key and inserts it anew.
    pub(crate) async fn insert_again(&self, new: NewSession) -> Answer<Inserted> {
        self.memory.close(&new.key).await?;
        self.insert_anyway(new).await
    }
}

/// A flaw: what it does differently.
pub(crate) trait Flaw: Default + Send + Sync + 'static {
    fn insert(&self, right: &Right, new: NewSession, limit: Limit) -> impl Future<Output = Answer<Inserted>> + Send {
        right.memory.insert(new, limit)
    }

    fn find(&self, right: &Right, key: &SessionKey) -> impl Future<Output = Answer<Option<Found>>> + Send {
        right.memory.find(key)
    }

    fn find_now(&self, _right: &Right, _key: &SessionKey) -> Option<Answer<Option<Found>>> {
        None
    }

    fn touch(&self, right: &Right, key: &SessionKey) -> impl Future<Output = Answer<bool>> + Send {
        right.memory.touch(key)
    }

    fn rotate(&self, right: &Right, rotation: Rotation) -> impl Future<Output = Answer<bool>> + Send {
        right.memory.rotate(rotation)
    }

    fn close(&self, right: &Right, key: &SessionKey) -> impl Future<Output = Answer<Option<Ended>>> + Send {
        right.memory.close(key)
    }

    fn close_handle(
        &self,
        right: &Right,
        user: &UserId,
        handle: SessionHandle,
    ) -> impl Future<Output = Answer<Option<Ended>>> + Send {
        right.memory.close_handle(user, handle)
    }

    fn close_all(
        &self,
        right: &Right,
        user: &UserId,
        except: Option<&SessionKey>,
    ) -> impl Future<Output = Answer<Vec<Ended>>> + Send {
        right.memory.close_all(user, except)
    }

    fn list(&self, right: &Right, user: &UserId) -> impl Future<Output = Answer<Vec<Listed>>> + Send {
        right.memory.list(user)
    }

    fn purge(&self, right: &Right, most: usize) -> impl Future<Output = Answer<Vec<Ended>>> + Send {
        right.memory.purge(most)
    }

    fn create_group(&self, right: &Right, name: &str) -> impl Future<Output = Answer<()>> + Send {
        right.memory.create_group(name)
    }

    fn all_groups(&self, right: &Right) -> impl Future<Output = Answer<Vec<String>>> + Send {
        right.memory.all_groups()
    }

    fn add_to_group(&self, right: &Right, user: &UserId, group: &str) -> impl Future<Output = Answer<bool>> + Send {
        right.memory.add_to_group(user, group)
    }

    fn remove_from_group(
        &self,
        right: &Right,
        user: &UserId,
        group: &str,
    ) -> impl Future<Output = Answer<bool>> + Send {
        right.memory.remove_from_group(user, group)
    }

    fn in_group(&self, right: &Right, user: &UserId, group: &str) -> impl Future<Output = Answer<bool>> + Send {
        right.memory.in_group(user, group)
    }

    fn slot(&self, right: &Right, key: &SlotKey) -> impl Future<Output = Answer<Option<SlotValue>>> + Send {
        right.memory.slot(key)
    }

    fn write_slot(
        &self,
        right: &Right,
        key: &SlotKey,
        write: SlotWrite,
    ) -> impl Future<Output = Answer<SlotWritten>> + Send {
        right.memory.write_slot(key, write)
    }

    fn rotate_browser(
        &self,
        right: &Right,
        from: &BrowserKey,
        to: &BrowserKey,
        session: Option<SessionHandle>,
    ) -> impl Future<Output = Answer<bool>> + Send {
        right.memory.rotate_browser(from, to, session)
    }

    fn touch_browser(&self, right: &Right, key: &BrowserKey) -> impl Future<Output = Answer<bool>> + Send {
        right.memory.touch_browser(key)
    }

    fn forget_browser(&self, right: &Right, key: &BrowserKey) -> impl Future<Output = Answer<bool>> + Send {
        right.memory.forget_browser(key)
    }

    fn close_all_with_browsers(&self, right: &Right, user: &UserId) -> impl Future<Output = Answer<Vec<Ended>>> + Send {
        right.memory.close_all_with_browsers(user)
    }
}

/// No flaw at all.
#[derive(Default)]
pub(crate) struct NoFlaw;

impl Flaw for NoFlaw {}

/// A store with that flaw.
pub(crate) struct Flawed<F> {
    flaw: Arc<F>,
    right: Right,
}

impl<F> Clone for Flawed<F> {
    fn clone(&self) -> Self {
        Self { flaw: self.flaw.clone(), right: self.right.clone() }
    }
}

impl<F: Flaw> Flawed<F> {
    pub(crate) fn new(clock: Clock) -> Self {
        let memory = MemoryStore::with_clock(clock.clone());
        Self { flaw: Arc::default(), right: Right { memory, clock, inserted: Arc::default() } }
    }

    /// Another process on the same store, with a flaw of its own state.
    pub(crate) fn beside(&self) -> Self {
        Self { flaw: Arc::default(), right: self.right.clone() }
    }
}

impl<F: Flaw> Store for Flawed<F> {
    async fn insert(&self, new: NewSession, limit: Limit) -> Answer<Inserted> {
        self.right.inserted().insert(new.key, new.clone());
        self.flaw.insert(&self.right, new, limit).await
    }

    async fn find(&self, key: &SessionKey) -> Answer<Option<Found>> {
        self.flaw.find(&self.right, key).await
    }

    fn find_now(&self, key: &SessionKey) -> Option<Answer<Option<Found>>> {
        self.flaw.find_now(&self.right, key)
    }

    async fn touch(&self, key: &SessionKey) -> Answer<bool> {
        self.flaw.touch(&self.right, key).await
    }

    async fn rotate(&self, rotation: Rotation) -> Answer<bool> {
        self.flaw.rotate(&self.right, rotation).await
    }

    async fn close(&self, key: &SessionKey) -> Answer<Option<Ended>> {
        self.flaw.close(&self.right, key).await
    }

    async fn close_handle(&self, user: &UserId, handle: SessionHandle) -> Answer<Option<Ended>> {
        self.flaw.close_handle(&self.right, user, handle).await
    }

    async fn close_all(&self, user: &UserId, except: Option<&SessionKey>) -> Answer<Vec<Ended>> {
        self.flaw.close_all(&self.right, user, except).await
    }

    async fn list(&self, user: &UserId) -> Answer<Vec<Listed>> {
        self.flaw.list(&self.right, user).await
    }

    async fn purge(&self, most: usize) -> Answer<Vec<Ended>> {
        self.flaw.purge(&self.right, most).await
    }

    async fn create_group(&self, name: &str) -> Answer<()> {
        self.flaw.create_group(&self.right, name).await
    }

    async fn all_groups(&self) -> Answer<Vec<String>> {
        self.flaw.all_groups(&self.right).await
    }

    async fn add_to_group(&self, user: &UserId, group: &str) -> Answer<bool> {
        self.flaw.add_to_group(&self.right, user, group).await
    }

    async fn remove_from_group(&self, user: &UserId, group: &str) -> Answer<bool> {
        self.flaw.remove_from_group(&self.right, user, group).await
    }

    async fn in_group(&self, user: &UserId, group: &str) -> Answer<bool> {
        self.flaw.in_group(&self.right, user, group).await
    }

    async fn slot(&self, key: &SlotKey) -> Answer<Option<SlotValue>> {
        self.flaw.slot(&self.right, key).await
    }

    async fn write_slot(&self, key: &SlotKey, write: SlotWrite) -> Answer<SlotWritten> {
        self.flaw.write_slot(&self.right, key, write).await
    }

    async fn rotate_browser(&self, from: &BrowserKey, to: &BrowserKey, session: Option<SessionHandle>) -> Answer<bool> {
        self.flaw.rotate_browser(&self.right, from, to, session).await
    }

    async fn touch_browser(&self, key: &BrowserKey) -> Answer<bool> {
        self.flaw.touch_browser(&self.right, key).await
    }

    async fn forget_browser(&self, key: &BrowserKey) -> Answer<bool> {
        self.flaw.forget_browser(&self.right, key).await
    }

    async fn close_all_with_browsers(&self, user: &UserId) -> Answer<Vec<Ended>> {
        self.flaw.close_all_with_browsers(&self.right, user).await
    }
}
