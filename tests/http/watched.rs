//! A store in memory whose every call is written down, and that can be made to wait or to fail.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use os_session::{
    BrowserKey, Ended, Found, Inserted, Limit, Listed, MemoryStore, NewSession, Rotation, SessionHandle, SessionKey,
    SlotKey, SlotValue, SlotWrite, SlotWritten, Store, StoreError, UserId,
};
use os_session_tests::trace::{Gate, Log};

/// It cannot say anything at once: requests wait for it, as for a database.
#[derive(Debug, Clone, Default)]
pub(crate) struct Watched {
    memory: MemoryStore,
    /// The operations, in their order.
    pub(crate) calls: Log,
    /// Behind the answer of `find`.
    pub(crate) found: Gate,
    failing: Arc<Mutex<BTreeSet<&'static str>>>,
}

impl From<MemoryStore> for Watched {
    fn from(memory: MemoryStore) -> Self {
        Self { memory, ..Self::default() }
    }
}

impl Watched {
    /// From now on this operation fails.
    pub(crate) fn fail(&self, operation: &'static str) {
        self.failing().insert(operation);
    }

    /// From now on everything works again.
    pub(crate) fn heal(&self) {
        self.failing().clear();
    }

    fn failing(&self) -> MutexGuard<'_, BTreeSet<&'static str>> {
        self.failing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(&self, operation: &'static str) -> Result<(), StoreError> {
        self.calls.note(operation);
        if self.failing().contains(operation) {
            return Err(StoreError::new(format!("the test breaks `{operation}` of db-7.internal")));
        }
        Ok(())
    }
}

impl Store for Watched {
    async fn insert(&self, new: NewSession, limit: Limit) -> Result<Inserted, StoreError> {
        self.enter("insert")?;
        self.memory.insert(new, limit).await
    }

    async fn find(&self, key: &SessionKey) -> Result<Option<Found>, StoreError> {
        self.enter("find")?;
        let found = self.memory.find(key).await;
        self.found.pass().await;
        found
    }

    async fn touch(&self, key: &SessionKey) -> Result<bool, StoreError> {
        self.enter("touch")?;
        self.memory.touch(key).await
    }

    async fn rotate(&self, rotation: Rotation) -> Result<bool, StoreError> {
        self.enter("rotate")?;
        self.memory.rotate(rotation).await
    }

    async fn close(&self, key: &SessionKey) -> Result<Option<Ended>, StoreError> {
        self.enter("close")?;
        self.memory.close(key).await
    }

    async fn close_handle(&self, user: &UserId, handle: SessionHandle) -> Result<Option<Ended>, StoreError> {
        self.enter("close_handle")?;
        self.memory.close_handle(user, handle).await
    }

    async fn close_all(&self, user: &UserId, except: Option<&SessionKey>) -> Result<Vec<Ended>, StoreError> {
        self.enter("close_all")?;
        self.memory.close_all(user, except).await
    }

    async fn list(&self, user: &UserId) -> Result<Vec<Listed>, StoreError> {
        self.enter("list")?;
        self.memory.list(user).await
    }

    async fn purge(&self, most: usize) -> Result<Vec<Ended>, StoreError> {
        self.enter("purge")?;
        self.memory.purge(most).await
    }

    async fn create_group(&self, name: &str) -> Result<(), StoreError> {
        self.enter("create_group")?;
        self.memory.create_group(name).await
    }

    async fn all_groups(&self) -> Result<Vec<String>, StoreError> {
        self.enter("all_groups")?;
        self.memory.all_groups().await
    }

    async fn add_to_group(&self, user: &UserId, group: &str) -> Result<bool, StoreError> {
        self.enter("add_to_group")?;
        self.memory.add_to_group(user, group).await
    }

    async fn remove_from_group(&self, user: &UserId, group: &str) -> Result<bool, StoreError> {
        self.enter("remove_from_group")?;
        self.memory.remove_from_group(user, group).await
    }

    async fn in_group(&self, user: &UserId, group: &str) -> Result<bool, StoreError> {
        self.enter("in_group")?;
        self.memory.in_group(user, group).await
    }

    async fn slot(&self, key: &SlotKey) -> Result<Option<SlotValue>, StoreError> {
        self.enter("slot")?;
        self.memory.slot(key).await
    }

    async fn write_slot(&self, key: &SlotKey, write: SlotWrite) -> Result<SlotWritten, StoreError> {
        self.enter("write_slot")?;
        self.memory.write_slot(key, write).await
    }

    async fn rotate_browser(
        &self,
        from: &BrowserKey,
        to: &BrowserKey,
        session: Option<SessionHandle>,
    ) -> Result<bool, StoreError> {
        self.enter("rotate_browser")?;
        self.memory.rotate_browser(from, to, session).await
    }

    async fn touch_browser(&self, key: &BrowserKey) -> Result<bool, StoreError> {
        self.enter("touch_browser")?;
        self.memory.touch_browser(key).await
    }

    async fn forget_browser(&self, key: &BrowserKey) -> Result<bool, StoreError> {
        self.enter("forget_browser")?;
        self.memory.forget_browser(key).await
    }

    async fn close_all_with_browsers(&self, user: &UserId) -> Result<Vec<Ended>, StoreError> {
        self.enter("close_all_with_browsers")?;
        self.memory.close_all_with_browsers(user).await
    }
}
