//! The store in this process's memory.

mod slab;
mod values;
mod browsers;
mod slots;
mod tables;

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use self::tables::Tables;
use crate::clock::Clock;
use crate::store::{
    Ended, Found, Inserted, Limit, Listed, NewSession, Rotation, SessionHandle, SlotKey, SlotValue, SlotWrite,
    SlotWritten, Store, StoreError,
};
use crate::token::{BrowserKey, SessionKey};
use crate::user::UserId;

/// Sessions in memory: nothing to install, nothing kept when the process ends. The default.
///
/// It is a cheap handle: clones share their sessions. Expired sessions leave it in the background, some 200 bytes a
/// session until then.
///
/// ```
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// use os_session::{MemoryStore, Sessions};
///
/// let store = MemoryStore::new();
/// let sessions = Sessions::builder().store(store.clone()).build().await?;
/// assert_eq!(store.len(), 0);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct MemoryStore {
    clock: Clock,
    tables: Arc<RwLock<Tables>>,
}

/// How many places a purge looks at before it lets others have the lock.
const PURGE_STEP: u32 = 4096;

/// How many browsers it removes before that.
const PURGE_BROWSERS: usize = 256;

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::with_clock(Clock::new())
    }

    /// An empty store whose time is told by this clock.
    #[must_use]
    pub fn with_clock(clock: Clock) -> Self {
        Self { clock, tables: Arc::new(RwLock::new(Tables::new())) }
    }

    /// How many sessions are stored, expired ones included until they are purged.
    #[must_use]
    pub fn len(&self) -> usize {
        self.read().len()
    }

    /// Whether no session is stored.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    // A panic under the lock would be a bug in `tables`; what it leaves behind is still memory-safe, and refusing every
    // request from then on would be worse than going on.
    fn read(&self) -> RwLockReadGuard<'_, Tables> {
        self.tables.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Tables> {
        self.tables.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

fn key_taken() -> StoreError {
    StoreError::new("the session key is taken")
}

impl Store for MemoryStore {
    async fn insert(&self, new: NewSession, limit: Limit) -> Result<Inserted, StoreError> {
        let now = self.clock.now();
        self.write().insert(new, limit, now).ok_or_else(key_taken)
    }

    async fn find(&self, key: &SessionKey) -> Result<Option<Found>, StoreError> {
        Ok(self.read().find(key, self.clock.now()))
    }

    fn find_now(&self, key: &SessionKey) -> Option<Result<Option<Found>, StoreError>> {
        Some(Ok(self.read().find(key, self.clock.now())))
    }

    async fn touch(&self, key: &SessionKey) -> Result<bool, StoreError> {
        let now = self.clock.now();
        Ok(self.write().touch(key, now))
    }

    async fn rotate(&self, rotation: Rotation) -> Result<bool, StoreError> {
        let now = self.clock.now();
        self.write().rotate(rotation, now).ok_or_else(key_taken)
    }

    async fn close(&self, key: &SessionKey) -> Result<Option<Ended>, StoreError> {
        let now = self.clock.now();
        Ok(self.write().close(key, now))
    }

    async fn close_handle(&self, user: &UserId, handle: SessionHandle) -> Result<Option<Ended>, StoreError> {
        let now = self.clock.now();
        Ok(self.write().close_handle(user, handle, now))
    }

    async fn close_all(&self, user: &UserId, except: Option<&SessionKey>) -> Result<Vec<Ended>, StoreError> {
        let now = self.clock.now();
        Ok(self.write().close_all(user, except, now))
    }

    async fn list(&self, user: &UserId) -> Result<Vec<Listed>, StoreError> {
        Ok(self.read().list(user, self.clock.now()))
    }

    async fn purge(&self, most: usize) -> Result<Vec<Ended>, StoreError> {
        let mut ended = Vec::new();
        for first in (0..).step_by(PURGE_STEP as usize) {
            let now = self.clock.now();
            let step = self.write().purge(first, PURGE_STEP, most - ended.len(), now);
            let Some(step) = step else { break };
            ended.extend(step);
            if ended.len() == most {
                break;
            }
            tokio::task::yield_now().await;
        }
        while ended.len() < most {
            let now = self.clock.now();
            if self.write().slots.browsers.purge(PURGE_BROWSERS, now) < PURGE_BROWSERS {
                break;
            }
            tokio::task::yield_now().await;
        }
        Ok(ended)
    }

    async fn create_group(&self, name: &str) -> Result<(), StoreError> {
        self.write().create_group(name);
        Ok(())
    }

    async fn all_groups(&self) -> Result<Vec<String>, StoreError> {
        Ok(self.read().all_groups())
    }

    async fn add_to_group(&self, user: &UserId, group: &str) -> Result<bool, StoreError> {
        Ok(self.write().set_group(user, group, true))
    }

    async fn remove_from_group(&self, user: &UserId, group: &str) -> Result<bool, StoreError> {
        Ok(self.write().set_group(user, group, false))
    }

    async fn in_group(&self, user: &UserId, group: &str) -> Result<bool, StoreError> {
        Ok(self.read().in_group(user, group))
    }

    async fn slot(&self, key: &SlotKey) -> Result<Option<SlotValue>, StoreError> {
        Ok(self.read().slot(key, self.clock.now()))
    }

    async fn write_slot(&self, key: &SlotKey, write: SlotWrite) -> Result<SlotWritten, StoreError> {
        let now = self.clock.now();
        Ok(self.write().write_slot(key, write, now))
    }

    async fn rotate_browser(
        &self,
        from: &BrowserKey,
        to: &BrowserKey,
        session: Option<SessionHandle>,
    ) -> Result<bool, StoreError> {
        let now = self.clock.now();
        let rotated = self.write().slots.browsers.rotate(from, to, session, now);
        rotated.ok_or_else(|| StoreError::new("the browser key is taken"))
    }

    async fn touch_browser(&self, key: &BrowserKey) -> Result<bool, StoreError> {
        let now = self.clock.now();
        Ok(self.write().slots.browsers.touch(key, true, now))
    }

    async fn forget_browser(&self, key: &BrowserKey) -> Result<bool, StoreError> {
        let now = self.clock.now();
        Ok(self.write().slots.browsers.forget(key, now))
    }

    async fn close_all_with_browsers(&self, user: &UserId) -> Result<Vec<Ended>, StoreError> {
        let now = self.clock.now();
        let mut tables = self.write();
        let ended = tables.close_all(user, None, now);
        for ended in &ended {
            tables.slots.browsers.remove_of(ended.handle);
        }
        Ok(ended)
    }
}
