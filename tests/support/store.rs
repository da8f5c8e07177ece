//! A store in memory that a test can stop, or break, at one operation.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use os_session::routing::Router;
use os_session::testing::Browser;
use os_session::{
    BrowserKey, Ended, Found, Inserted, Limit, Listed, MemoryStore, NewSession, Rotation, SessionHandle, SessionKey,
    Sessions, SlotKey, SlotValue, SlotWrite, SlotWritten, Store, StoreError, Timestamp, UserId,
};

use crate::trace::Gate;

/// A [`MemoryStore`] with a gate before each operation that changes something.
#[derive(Debug, Clone, Default)]
pub struct StagedStore {
    /// What is behind the gates.
    pub memory: MemoryStore,
    /// Before a log-in.
    pub insert: Gate,
    /// Before a new token.
    pub rotate: Gate,
    /// Before a log-out.
    pub close: Gate,
    /// Before a slot is written.
    pub write_slot: Gate,
    /// Before a log-out everywhere.
    pub close_all: Gate,
    refuses_to_close: Arc<AtomicBool>,
    refuses_to_find: Arc<AtomicBool>,
    slot_writes: Arc<AtomicU32>,
    browsers_forgotten: Arc<AtomicU32>,
    found: Arc<Mutex<Option<Found>>>,
    inserted: Arc<Mutex<Option<NewSession>>>,
}

impl From<MemoryStore> for StagedStore {
    fn from(memory: MemoryStore) -> Self {
        Self { memory, ..Self::default() }
    }
}

impl StagedStore {
    /// Whether `close` fails from now on.
    pub fn refuse_to_close(&self, refuse: bool) {
        self.refuses_to_close.store(refuse, Ordering::Relaxed);
    }

    /// Whether `find` fails from now on.
    pub fn refuse_to_find(&self, refuse: bool) {
        self.refuses_to_find.store(refuse, Ordering::Relaxed);
    }

    /// How often a slot was written.
    #[must_use]
    pub fn slot_writes(&self) -> u32 {
        self.slot_writes.load(Ordering::Relaxed)
    }

    /// How often a browser that was there was forgotten by its key.
    #[must_use]
    pub fn browsers_forgotten(&self) -> u32 {
        self.browsers_forgotten.load(Ordering::Relaxed)
    }

    /// When the user of the session that was found last had proved who they are.
    #[must_use]
    pub fn last_authenticated(&self) -> Option<Timestamp> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(|found| found.authenticated)
    }
}

/// A session as a log-in makes one, for a test that talks to a store itself and changes of it what it likes.
///
/// # Panics
///
/// If a log-in into memory fails.
pub async fn new_session(user: &str) -> NewSession {
    let store = StagedStore::default();
    let sessions = Sessions::builder().store(store.clone()).build().await.expect("the defaults work");
    let app = Router::new().with_sessions(&sessions).expect("there is no rule");
    Browser::connected(&app, &sessions, user).await.expect("memory does not fail");
    store.inserted.lock().unwrap_or_else(PoisonError::into_inner).take().expect("the log-in was stored")
}

impl Store for StagedStore {
    async fn insert(&self, new: NewSession, limit: Limit) -> Result<Inserted, StoreError> {
        *self.inserted.lock().unwrap_or_else(PoisonError::into_inner) = Some(new.clone());
        self.insert.pass().await;
        self.memory.insert(new, limit).await
    }

    async fn find(&self, key: &SessionKey) -> Result<Option<Found>, StoreError> {
        if self.refuses_to_find.load(Ordering::Relaxed) {
            return Err(StoreError::new("this store does not find sessions"));
        }
        let found = self.memory.find(key).await?;
        self.found.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&found);
        Ok(found)
    }

    async fn touch(&self, key: &SessionKey) -> Result<bool, StoreError> {
        self.memory.touch(key).await
    }

    async fn rotate(&self, rotation: Rotation) -> Result<bool, StoreError> {
        self.rotate.pass().await;
        self.memory.rotate(rotation).await
    }

    async fn close(&self, key: &SessionKey) -> Result<Option<Ended>, StoreError> {
        self.close.pass().await;
        if self.refuses_to_close.load(Ordering::Relaxed) {
            return Err(StoreError::new("this store does not close sessions"));
        }
        self.memory.close(key).await
    }

    async fn close_handle(&self, user: &UserId, handle: SessionHandle) -> Result<Option<Ended>, StoreError> {
        self.memory.close_handle(user, handle).await
    }

    async fn close_all(&self, user: &UserId, except: Option<&SessionKey>) -> Result<Vec<Ended>, StoreError> {
        self.close_all.pass().await;
        self.memory.close_all(user, except).await
    }

    async fn list(&self, user: &UserId) -> Result<Vec<Listed>, StoreError> {
        self.memory.list(user).await
    }

    async fn purge(&self, most: usize) -> Result<Vec<Ended>, StoreError> {
        self.memory.purge(most).await
    }

    async fn create_group(&self, name: &str) -> Result<(), StoreError> {
        self.memory.create_group(name).await
    }

    async fn all_groups(&self) -> Result<Vec<String>, StoreError> {
        self.memory.all_groups().await
    }

    async fn add_to_group(&self, user: &UserId, group: &str) -> Result<bool, StoreError> {
        self.memory.add_to_group(user, group).await
    }

    async fn remove_from_group(&self, user: &UserId, group: &str) -> Result<bool, StoreError> {
        self.memory.remove_from_group(user, group).await
    }

    async fn in_group(&self, user: &UserId, group: &str) -> Result<bool, StoreError> {
        self.memory.in_group(user, group).await
    }

    async fn slot(&self, key: &SlotKey) -> Result<Option<SlotValue>, StoreError> {
        self.memory.slot(key).await
    }

    async fn write_slot(&self, key: &SlotKey, write: SlotWrite) -> Result<SlotWritten, StoreError> {
        self.slot_writes.fetch_add(1, Ordering::Relaxed);
        self.write_slot.pass().await;
        self.memory.write_slot(key, write).await
    }

    async fn rotate_browser(
        &self,
        from: &BrowserKey,
        to: &BrowserKey,
        session: Option<SessionHandle>,
    ) -> Result<bool, StoreError> {
        self.memory.rotate_browser(from, to, session).await
    }

    async fn touch_browser(&self, key: &BrowserKey) -> Result<bool, StoreError> {
        self.memory.touch_browser(key).await
    }

    async fn forget_browser(&self, key: &BrowserKey) -> Result<bool, StoreError> {
        let forgotten = self.memory.forget_browser(key).await?;
        self.browsers_forgotten.fetch_add(forgotten.into(), Ordering::Relaxed);
        Ok(forgotten)
    }

    async fn close_all_with_browsers(&self, user: &UserId) -> Result<Vec<Ended>, StoreError> {
        self.close_all.pass().await;
        self.memory.close_all_with_browsers(user).await
    }
}
