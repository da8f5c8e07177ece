//! A store without its type.

use std::pin::Pin;

use super::{
    BrowserKey, Change, Ended, Found, Inserted, Limit, Listed, Listener, NewSession, Rotation, SessionHandle,
    SessionKey, SlotKey, SlotValue, SlotWrite, SlotWritten, Store, StoreError,
};
use crate::user::UserId;

type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// [`Store`] without its types, so that `Sessions` has none.
pub(crate) trait AnyStore: Send + Sync {
    fn insert(&self, new: NewSession, limit: Limit) -> Answer<'_, Inserted>;
    fn find_now(&self, key: &SessionKey) -> Option<Result<Option<Found>, StoreError>>;
    fn is_shared(&self) -> bool;
    fn is_up_to_date(&self) -> bool;
    fn listen(&self, listener: Listener) -> Pin<Box<dyn Future<Output = StoreError> + Send + '_>>;
    fn publish<'a>(&'a self, change: &'a Change) -> Answer<'a, ()>;
    fn stop(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
    fn find<'a>(&'a self, key: &'a SessionKey) -> Answer<'a, Option<Found>>;
    fn touch<'a>(&'a self, key: &'a SessionKey) -> Answer<'a, bool>;
    fn rotate(&self, rotation: Rotation) -> Answer<'_, bool>;
    fn close<'a>(&'a self, key: &'a SessionKey) -> Answer<'a, Option<Ended>>;
    fn close_handle<'a>(&'a self, user: &'a UserId, handle: SessionHandle) -> Answer<'a, Option<Ended>>;
    fn close_all<'a>(&'a self, user: &'a UserId, except: Option<&'a SessionKey>) -> Answer<'a, Vec<Ended>>;
    fn list<'a>(&'a self, user: &'a UserId) -> Answer<'a, Vec<Listed>>;
    fn purge(&self, most: usize) -> Answer<'_, Vec<Ended>>;
    fn create_group<'a>(&'a self, name: &'a str) -> Answer<'a, ()>;
    fn all_groups(&self) -> Answer<'_, Vec<String>>;
    fn add_to_group<'a>(&'a self, user: &'a UserId, group: &'a str) -> Answer<'a, bool>;
    fn remove_from_group<'a>(&'a self, user: &'a UserId, group: &'a str) -> Answer<'a, bool>;
    fn in_group<'a>(&'a self, user: &'a UserId, group: &'a str) -> Answer<'a, bool>;
    fn slot<'a>(&'a self, key: &'a SlotKey) -> Answer<'a, Option<SlotValue>>;
    fn write_slot<'a>(&'a self, key: &'a SlotKey, write: SlotWrite) -> Answer<'a, SlotWritten>;
    fn rotate_browser<'a>(
        &'a self,
        from: &'a BrowserKey,
        to: &'a BrowserKey,
        session: Option<SessionHandle>,
    ) -> Answer<'a, bool>;
    fn touch_browser<'a>(&'a self, key: &'a BrowserKey) -> Answer<'a, bool>;
    fn forget_browser<'a>(&'a self, key: &'a BrowserKey) -> Answer<'a, bool>;
    fn close_all_with_browsers<'a>(&'a self, user: &'a UserId) -> Answer<'a, Vec<Ended>>;
}

impl<T> AnyStore for T
where
    T: Store,
{
    fn insert(&self, new: NewSession, limit: Limit) -> Answer<'_, Inserted> {
        Box::pin(Store::insert(self, new, limit))
    }

    fn find_now(&self, key: &SessionKey) -> Option<Result<Option<Found>, StoreError>> {
        Store::find_now(self, key)
    }

    fn is_shared(&self) -> bool {
        Store::is_shared(self)
    }

    fn is_up_to_date(&self) -> bool {
        Store::is_up_to_date(self)
    }

    fn listen(&self, listener: Listener) -> Pin<Box<dyn Future<Output = StoreError> + Send + '_>> {
        Box::pin(Store::listen(self, listener))
    }

    fn publish<'a>(&'a self, change: &'a Change) -> Answer<'a, ()> {
        Box::pin(Store::publish(self, change))
    }

    fn stop(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(Store::stop(self))
    }

    fn find<'a>(&'a self, key: &'a SessionKey) -> Answer<'a, Option<Found>> {
        Box::pin(Store::find(self, key))
    }

    fn touch<'a>(&'a self, key: &'a SessionKey) -> Answer<'a, bool> {
        Box::pin(Store::touch(self, key))
    }

    fn rotate(&self, rotation: Rotation) -> Answer<'_, bool> {
        Box::pin(Store::rotate(self, rotation))
    }

    fn close<'a>(&'a self, key: &'a SessionKey) -> Answer<'a, Option<Ended>> {
        Box::pin(Store::close(self, key))
    }

    fn close_handle<'a>(&'a self, user: &'a UserId, handle: SessionHandle) -> Answer<'a, Option<Ended>> {
        Box::pin(Store::close_handle(self, user, handle))
    }

    fn close_all<'a>(&'a self, user: &'a UserId, except: Option<&'a SessionKey>) -> Answer<'a, Vec<Ended>> {
        Box::pin(Store::close_all(self, user, except))
    }

    fn list<'a>(&'a self, user: &'a UserId) -> Answer<'a, Vec<Listed>> {
        Box::pin(Store::list(self, user))
    }

    fn purge(&self, most: usize) -> Answer<'_, Vec<Ended>> {
        Box::pin(Store::purge(self, most))
    }

    fn create_group<'a>(&'a self, name: &'a str) -> Answer<'a, ()> {
        Box::pin(Store::create_group(self, name))
    }

    fn all_groups(&self) -> Answer<'_, Vec<String>> {
        Box::pin(Store::all_groups(self))
    }

    fn add_to_group<'a>(&'a self, user: &'a UserId, group: &'a str) -> Answer<'a, bool> {
        Box::pin(Store::add_to_group(self, user, group))
    }

    fn remove_from_group<'a>(&'a self, user: &'a UserId, group: &'a str) -> Answer<'a, bool> {
        Box::pin(Store::remove_from_group(self, user, group))
    }

    fn in_group<'a>(&'a self, user: &'a UserId, group: &'a str) -> Answer<'a, bool> {
        Box::pin(Store::in_group(self, user, group))
    }

    fn slot<'a>(&'a self, key: &'a SlotKey) -> Answer<'a, Option<SlotValue>> {
        Box::pin(Store::slot(self, key))
    }

    fn write_slot<'a>(&'a self, key: &'a SlotKey, write: SlotWrite) -> Answer<'a, SlotWritten> {
        Box::pin(Store::write_slot(self, key, write))
    }

    fn rotate_browser<'a>(
        &'a self,
        from: &'a BrowserKey,
        to: &'a BrowserKey,
        session: Option<SessionHandle>,
    ) -> Answer<'a, bool> {
        Box::pin(Store::rotate_browser(self, from, to, session))
    }

    fn touch_browser<'a>(&'a self, key: &'a BrowserKey) -> Answer<'a, bool> {
        Box::pin(Store::touch_browser(self, key))
    }

    fn forget_browser<'a>(&'a self, key: &'a BrowserKey) -> Answer<'a, bool> {
        Box::pin(Store::forget_browser(self, key))
    }

    fn close_all_with_browsers<'a>(&'a self, user: &'a UserId) -> Answer<'a, Vec<Ended>> {
        Box::pin(Store::close_all_with_browsers(self, user))
    }
}
