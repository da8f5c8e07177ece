//! A session as it is now, for what goes on after its request. A look is no activity.

use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::error::Error;
use crate::group::GroupSet;
use crate::sessions::{Sessions, UNTOLD};
use crate::store::{Found, SessionHandle};
use crate::token::SessionKey;
use crate::user::UserId;

impl Sessions {
    /// Returns the session and its key. The token may have been exchanged in another request, or on
    /// another node.
    pub(crate) async fn look_again(
        &self,
        key: SessionKey,
        handle: SessionHandle,
        user: &UserId,
    ) -> Result<Option<(SessionKey, Found)>, Error> {
        let store = &self.0.store;
        if let Some(found) = store.find(&key).await? {
            return Ok(Some((key, found)));
        }
        let listed = store.list(user).await?;
        match listed.into_iter().find(|listed| listed.handle == handle) {
            Some(listed) => {
                self.0.awaited.rotated(handle, listed.key);
                Ok(store.find(&listed.key).await?.map(|found| (listed.key, found)))
            }
            None => Ok(None),
        }
    }

    /// How long until something may have changed without news: the session's time may be over, or another process may have closed it.
    pub(crate) fn next_look(&self, key: &SessionKey, found: &Found) -> Duration {
        let store = &self.0.store;
        let is_told =
            if store.is_shared() { self.0.is_told.load(Ordering::Relaxed) } else { store.find_now(key).is_some() };
        if !is_told {
            return UNTOLD;
        }
        found.expires.since(found.now).max(UNTOLD)
    }

    /// The groups of the session's user, from wherever this application keeps them.
    pub(crate) async fn groups_of_found(&self, found: &Found) -> Result<GroupSet, Error> {
        match &self.0.groups {
            None => Ok(found.groups.clone()),
            Some(provider) => self.ask_for_groups(&**provider, &found.user).await,
        }
    }
}
