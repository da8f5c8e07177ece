//! Persistent values: bytes in the store, compared before they are exchanged.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use crate::context::Session;
use crate::error::{Error, SlotError, SlotFailure};
use crate::scope::{Kind, Owner, Place};
use crate::store::{Expected, NewBrowser, SlotKey, SlotOwner, SlotValue, SlotWrite, SlotWritten};
use crate::token::{BrowserKey, TabKey};

/// How often a browser is marked as seen.
const SEEN_EVERY: Duration = Duration::from_hours(24);

/// How often an update is tried anew where another node was faster. Those of this process wait for each other.
const TRIES: u32 = 20;

/// A persistent slot without its type.
pub(super) struct Bytes {
    pub(super) name: &'static str,
    pub(super) scope: Kind,
}

impl Bytes {
    pub(super) async fn read(&self, session: &Session, place: &Place) -> Result<Option<SlotValue>, Error> {
        let Some(key) = self.key(place) else { return Ok(None) };
        let value = session.sessions().0.store.slot(&key).await?;
        if let (SlotOwner::Browser(browser), Some(value)) = (&key.owner, &value) {
            session.0.browser_is_live();
            let was_long_ago = value.unseen >= SEEN_EVERY;
            if was_long_ago || (!value.came_back && session.0.browser_came_back()) {
                session.browser_is_seen(browser, was_long_ago).await;
            }
        }
        Ok(value)
    }

    pub(super) async fn set(&self, session: &Session, value: &[u8]) -> Result<(), Error> {
        for _ in 0..TRIES {
            if let SlotWritten::Written(_) = self.write(session, Expected::Any, value).await? {
                return Ok(());
            }
        }
        Err(self.failed(SlotFailure::Contended))
    }

    pub(super) async fn update<R>(
        &self,
        session: &Session,
        mut change: impl FnMut(Option<&[u8]>) -> Result<(Vec<u8>, R), Error> + Send,
    ) -> Result<R, Error>
    where
        R: Send,
    {
        let place = self.scope.find(session).await?;
        let _turn = session.sessions().0.turns.of(self.name, place.as_ref()).await;
        for attempt in 0..TRIES {
            let before = match self.scope.find(session).await? {
                Some(place) => self.read(session, &place).await?,
                None => None,
            };
            let (value, answer) = change(before.as_ref().map(|before| &*before.value))?;
            let expected = before.map_or(Expected::Absent, |before| Expected::Version(before.version));
            if let SlotWritten::Written(_) = self.write(session, expected, &value).await? {
                return Ok(answer);
            }
            pause(attempt).await;
        }
        Err(self.failed(SlotFailure::Contended))
    }

    /// Removes the value, and returns its bytes. They are not decoded, so that a value that no
    /// longer does can go.
    pub(super) async fn take(&self, session: &Session) -> Result<Option<Arc<[u8]>>, Error> {
        let place = self.scope.find(session).await?;
        let _turn = session.sessions().0.turns.of(self.name, place.as_ref()).await;
        for attempt in 0..TRIES {
            let Some(place) = self.scope.find(session).await? else { return Ok(None) };
            let Some(before) = self.read(session, &place).await? else { return Ok(None) };
            let Some(key) = self.key(&place) else { return Ok(None) };
            let write = SlotWrite {
                expected: Expected::Version(before.version),
                value: None,
                limits: session.sessions().0.config.slots.limits,
                new_browser: None,
                came_back: session.0.browser_came_back(),
            };
            match session.sessions().0.store.write_slot(&key, write).await? {
                SlotWritten::Removed => return Ok(Some(before.value)),
                SlotWritten::NoOwner => match key.owner {
                    SlotOwner::Browser(browser) => session.browser_is_lost(browser).await?,
                    _ => return Ok(None),
                },
                _ => pause(attempt).await,
            }
        }
        Err(self.failed(SlotFailure::Contended))
    }

    /// One write. A conflict is the caller's to deal with, everything else that was not written is an error.
    async fn write(&self, session: &Session, expected: Expected, value: &[u8]) -> Result<SlotWritten, Error> {
        let most = session.sessions().0.config.slots.most_bytes;
        if value.len() > most {
            return Err(self.failed(SlotFailure::TooLarge { bytes: value.len(), most }));
        }
        let place = self.scope.find(session).await?;
        let written = match &place {
            Some(place) => self.write_at(session, place, expected, value, None).await?,
            None if self.scope.is_of_browsers() => {
                let tab = session.0.tab();
                if self.scope.is_of_tabs() && tab.is_none() {
                    return Err(Error::NoProcess);
                }
                let tab = tab.filter(|_| self.scope.is_of_tabs());
                session
                    .make_browser(async |browser: BrowserKey, new: NewBrowser| {
                        let place = Place::Lasting(Owner::Browser(browser), tab);
                        self.write_at(session, &place, expected, value, Some(new)).await
                    })
                    .await?
            }
            None => return Err(self.scope.why_not(session.0.tab())),
        };
        match written {
            SlotWritten::TooManySlots => {
                Err(self.failed(SlotFailure::TooMany(session.sessions().0.config.slots.limits.slots.get())))
            }
            SlotWritten::NoOwner => match place {
                Some(Place::Lasting(Owner::Browser(browser), _)) => {
                    // Where its time was over, or it was forgotten, another one is made.
                    session.browser_is_lost(browser).await?;
                    Ok(SlotWritten::Conflict)
                }
                _ => Err(Error::NotConnected),
            },
            SlotWritten::Written(_) if self.scope.is_of_browsers() => {
                session.0.browser_is_live();
                Ok(written)
            }
            written => Ok(written),
        }
    }

    async fn write_at(
        &self,
        session: &Session,
        place: &Place,
        expected: Expected,
        value: &[u8],
        new_browser: Option<NewBrowser>,
    ) -> Result<SlotWritten, Error> {
        let Some(key) = self.key(place) else { return Ok(SlotWritten::NoOwner) };
        let limits = session.sessions().0.config.slots.limits;
        let came_back = new_browser.is_none() && session.0.browser_came_back();
        let write = SlotWrite { expected, value: Some(Arc::from(value)), limits, new_browser, came_back };
        Ok(session.sessions().0.store.write_slot(&key, write).await?)
    }

    fn key(&self, place: &Place) -> Option<SlotKey> {
        let Place::Lasting(owner, tab) = place else { return None };
        let owner = match owner {
            Owner::Session(key, ..) => SlotOwner::Session(*key),
            Owner::User(user) => SlotOwner::User(user.clone()),
            Owner::Browser(key) => SlotOwner::Browser(*key),
        };
        // A name belongs to its scope: a tab's value is beside the browser's of the same name by its tab, and every other by its owner.
        let tab: Option<TabKey> = *tab;
        Some(SlotKey { owner, tab, name: Cow::Borrowed(self.name) })
    }

    fn failed(&self, failure: SlotFailure) -> Error {
        Error::Slot(SlotError { slot: self.name, failure })
    }
}

/// Lets others go first, at random, so that two nodes do not meet again at once.
async fn pause(attempt: u32) {
    let most = 1_u64 << attempt.min(6);
    let millis = getrandom::u64().map_or(most, |random| random % most);
    tokio::time::sleep(Duration::from_millis(millis)).await;
}
