//! Wrong about browsers.

use std::collections::HashSet;
use std::num::NonZeroU32;
use std::sync::Mutex;
use std::time::Duration;

use os_session::{
    BrowserKey, Ended, NewBrowser, SessionHandle, SlotKey, SlotOwner, SlotValue, SlotWrite, SlotWritten, Store as _,
    StoreError,
};

use super::{Answer, Flaw, Right};

flaws! {
    /// Any write makes a browser.
    MakesABrowserUnasked;
    /// A read counts as seen.
    SeesOnRead;
    /// Browsers live on without being seen.
    IgnoresIdleness;
    /// Any write counts as one with the cookie.
    TakesAnyWriteForTheCookie;
    /// Only the time since a browser was seen counts where others make room.
    EvictsTheLeastRecentlySeen;
    /// Every browser is kept.
    EvictsNone;
    /// Another key is another browser.
    LosesSlotsOnRotation;
    /// Another key takes the place of another browser.
    RotatesOverOthers;
    /// Looks whether there is one, and rotates in a second step.
    SaysThatItRotated;
    /// Looks whether there is one, and makes it in a second step.
    MakesItAnew;
    /// Says that it forgot.
    ForgetsNothing;
    /// Knows which session was open in a browser when it was made.
    KnowsTheFirstSession;
}

impl Flaw for MakesABrowserUnasked {
    async fn write_slot(&self, right: &Right, key: &SlotKey, mut write: SlotWrite) -> Answer<SlotWritten> {
        write.new_browser.get_or_insert(NewBrowser {
            idle: Duration::from_hours(1),
            new_idle: None,
            most: NonZeroU32::MAX,
            session: None,
        });
        right.memory.write_slot(key, write).await
    }
}

impl Flaw for SeesOnRead {
    async fn slot(&self, right: &Right, key: &SlotKey) -> Answer<Option<SlotValue>> {
        let slot = right.memory.slot(key).await?;
        if let SlotOwner::Browser(browser) = &key.owner {
            right.memory.touch_browser(browser).await?;
        }
        Ok(slot)
    }
}

impl Flaw for IgnoresIdleness {
    async fn write_slot(&self, right: &Right, key: &SlotKey, mut write: SlotWrite) -> Answer<SlotWritten> {
        if let Some(new) = &mut write.new_browser {
            new.idle = Duration::MAX;
        }
        right.memory.write_slot(key, write).await
    }
}

impl Flaw for TakesAnyWriteForTheCookie {
    async fn write_slot(&self, right: &Right, key: &SlotKey, mut write: SlotWrite) -> Answer<SlotWritten> {
        write.came_back = true;
        right.memory.write_slot(key, write).await
    }
}

impl Flaw for EvictsTheLeastRecentlySeen {
    async fn write_slot(&self, right: &Right, key: &SlotKey, mut write: SlotWrite) -> Answer<SlotWritten> {
        if let Some(new) = &mut write.new_browser {
            new.idle = new.new_idle.take().unwrap_or(new.idle);
        }
        right.memory.write_slot(key, write).await
    }
}

impl Flaw for EvictsNone {
    async fn write_slot(&self, right: &Right, key: &SlotKey, mut write: SlotWrite) -> Answer<SlotWritten> {
        if let Some(new) = &mut write.new_browser {
            new.most = NonZeroU32::MAX;
        }
        right.memory.write_slot(key, write).await
    }
}

impl Flaw for LosesSlotsOnRotation {
    async fn rotate_browser(
        &self,
        right: &Right,
        from: &BrowserKey,
        to: &BrowserKey,
        session: Option<SessionHandle>,
    ) -> Answer<bool> {
        let rotated = right.memory.rotate_browser(from, to, session).await?;
        right.memory.forget_browser(to).await?;
        Ok(rotated)
    }
}

impl Flaw for RotatesOverOthers {
    async fn rotate_browser(
        &self,
        right: &Right,
        from: &BrowserKey,
        to: &BrowserKey,
        session: Option<SessionHandle>,
    ) -> Answer<bool> {
        if from != to {
            right.memory.forget_browser(to).await?;
        }
        right.memory.rotate_browser(from, to, session).await
    }
}

impl Flaw for SaysThatItRotated {
    async fn rotate_browser(
        &self,
        right: &Right,
        from: &BrowserKey,
        to: &BrowserKey,
        session: Option<SessionHandle>,
    ) -> Answer<bool> {
        let live = right.memory.touch_browser(from).await?;
        tokio::time::sleep(Duration::from_millis(2)).await;
        right.memory.rotate_browser(from, to, session).await?;
        Ok(live)
    }
}

impl Flaw for MakesItAnew {
    async fn write_slot(&self, right: &Right, key: &SlotKey, write: SlotWrite) -> Answer<SlotWritten> {
        if let (SlotOwner::Browser(browser), Some(_)) = (&key.owner, write.new_browser)
            && !right.memory.touch_browser(browser).await?
        {
            tokio::time::sleep(Duration::from_millis(2)).await;
            right.memory.forget_browser(browser).await?;
        }
        right.memory.write_slot(key, write).await
    }
}

impl Flaw for ForgetsNothing {
    async fn forget_browser(&self, right: &Right, key: &BrowserKey) -> Answer<bool> {
        right.memory.touch_browser(key).await
    }
}

impl Flaw for KnowsTheFirstSession {
    async fn rotate_browser(
        &self,
        right: &Right,
        from: &BrowserKey,
        to: &BrowserKey,
        _session: Option<SessionHandle>,
    ) -> Answer<bool> {
        right.memory.rotate_browser(from, to, None).await
    }
}

/// A key that was ever a browser's is never free again: its rows are not purged.
#[derive(Default)]
pub(crate) struct PurgesNoBrowser(Mutex<HashSet<BrowserKey>>);

impl Flaw for PurgesNoBrowser {
    async fn write_slot(&self, right: &Right, key: &SlotKey, write: SlotWrite) -> Answer<SlotWritten> {
        if let SlotOwner::Browser(browser) = &key.owner {
            self.0.lock().unwrap().insert(*browser);
        }
        right.memory.write_slot(key, write).await
    }

    async fn rotate_browser(
        &self,
        right: &Right,
        from: &BrowserKey,
        to: &BrowserKey,
        session: Option<SessionHandle>,
    ) -> Answer<bool> {
        if self.0.lock().unwrap().contains(to) {
            return Err(StoreError::new("the key of the browser is taken"));
        }
        right.memory.rotate_browser(from, to, session).await
    }
}

/// Forgets all browsers when it purges.
#[derive(Default)]
pub(crate) struct PurgesLiveBrowsers(Mutex<HashSet<BrowserKey>>);

impl Flaw for PurgesLiveBrowsers {
    async fn write_slot(&self, right: &Right, key: &SlotKey, write: SlotWrite) -> Answer<SlotWritten> {
        if let SlotOwner::Browser(browser) = &key.owner {
            self.0.lock().unwrap().insert(*browser);
        }
        right.memory.write_slot(key, write).await
    }

    async fn purge(&self, right: &Right, most: usize) -> Answer<Vec<Ended>> {
        let browsers = std::mem::take(&mut *self.0.lock().unwrap());
        for browser in browsers {
            right.memory.forget_browser(&browser).await?;
        }
        right.memory.purge(most).await
    }
}
