//! A store whose activity can be made to wait on its way.

use os_session::{
    BrowserKey, Ended, Found, Inserted, Limit, Listed, NewSession, Rotation, SessionHandle, SessionKey, SlotKey,
    SlotValue, SlotWrite, SlotWritten, Store, StoreError, UserId,
};
use os_session_tests::trace::Gate;

/// A store with a gate before `touch`.
#[derive(Debug, Clone)]
pub(super) struct Held<S> {
    pub(super) store: S,
    pub(super) touch: Gate,
}

impl<S: Store> Store for Held<S> {
    async fn insert(&self, new: NewSession, limit: Limit) -> Result<Inserted, StoreError> {
        self.store.insert(new, limit).await
    }

    async fn find(&self, key: &SessionKey) -> Result<Option<Found>, StoreError> {
        self.store.find(key).await
    }

    fn find_now(&self, key: &SessionKey) -> Option<Result<Option<Found>, StoreError>> {
        self.store.find_now(key)
    }

    async fn touch(&self, key: &SessionKey) -> Result<bool, StoreError> {
        self.touch.pass().await;
        self.store.touch(key).await
    }

    async fn rotate(&self, rotation: Rotation) -> Result<bool, StoreError> {
        self.store.rotate(rotation).await
    }

    async fn close(&self, key: &SessionKey) -> Result<Option<Ended>, StoreError> {
        self.store.close(key).await
    }

    async fn close_handle(&self, user: &UserId, handle: SessionHandle) -> Result<Option<Ended>, StoreError> {
        self.store.close_handle(user, handle).await
    }

    async fn close_all(&self, user: &UserId, except: Option<&SessionKey>) -> Result<Vec<Ended>, StoreError> {
        self.store.close_all(user, except).await
    }

    async fn list(&self, user: &UserId) -> Result<Vec<Listed>, StoreError> {
        self.store.list(user).await
    }

    async fn purge(&self, most: usize) -> Result<Vec<Ended>, StoreError> {
        self.store.purge(most).await
    }

    async fn create_group(&self, name: &str) -> Result<(), StoreError> {
        self.store.create_group(name).await
    }

    async fn all_groups(&self) -> Result<Vec<String>, StoreError> {
        self.store.all_groups().await
    }

    async fn add_to_group(&self, user: &UserId, group: &str) -> Result<bool, StoreError> {
        self.store.add_to_group(user, group).await
    }

    async fn remove_from_group(&self, user: &UserId, group: &str) -> Result<bool, StoreError> {
        self.store.remove_from_group(user, group).await
    }

    async fn in_group(&self, user: &UserId, group: &str) -> Result<bool, StoreError> {
        self.store.in_group(user, group).await
    }

    async fn slot(&self, key: &SlotKey) -> Result<Option<SlotValue>, StoreError> {
        self.store.slot(key).await
    }

    async fn write_slot(&self, key: &SlotKey, write: SlotWrite) -> Result<SlotWritten, StoreError> {
        self.store.write_slot(key, write).await
    }

    async fn rotate_browser(
        &self,
        from: &BrowserKey,
        to: &BrowserKey,
        session: Option<SessionHandle>,
    ) -> Result<bool, StoreError> {
        self.store.rotate_browser(from, to, session).await
    }

    async fn touch_browser(&self, key: &BrowserKey) -> Result<bool, StoreError> {
        self.store.touch_browser(key).await
    }

    async fn forget_browser(&self, key: &BrowserKey) -> Result<bool, StoreError> {
        self.store.forget_browser(key).await
    }

    async fn close_all_with_browsers(&self, user: &UserId) -> Result<Vec<Ended>, StoreError> {
        self.store.close_all_with_browsers(user).await
    }
}
