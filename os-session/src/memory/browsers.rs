//! The browsers of the memory store: by key, by the moment they expire, and by the session that is open in them.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use super::values::Values;
use crate::clock::Timestamp;
use crate::handle::SessionHandle;
use crate::slots::NewBrowser;
use crate::token::BrowserKey;

#[derive(Debug)]
pub(super) struct Browser {
    pub(super) values: Values,
    pub(super) seen: Timestamp,
    idle: Duration,
    session: Option<SessionHandle>,
}

impl Browser {
    fn expires(&self) -> Timestamp {
        self.seen.after(self.idle)
    }
}

#[derive(Debug, Default)]
pub(super) struct Browsers {
    known: HashMap<BrowserKey, Browser>,
    by_expiry: BTreeSet<(Timestamp, BrowserKey)>,
    by_session: BTreeSet<(SessionHandle, BrowserKey)>,
}

impl Browsers {
    /// The live browser of that key.
    pub(super) fn get(&self, key: &BrowserKey, now: Timestamp) -> Option<&Browser> {
        self.known.get(key).filter(|browser| now < browser.expires())
    }

    /// Its values, if it is live.
    pub(super) fn values(&mut self, key: &BrowserKey, now: Timestamp) -> Option<&mut Values> {
        self.known.get_mut(key).filter(|browser| now < browser.expires()).map(|browser| &mut browser.values)
    }

    /// In the place of one that expired.
    pub(super) fn insert(&mut self, key: BrowserKey, new: NewBrowser, values: Values, now: Timestamp) {
        self.remove(&key);
        self.put(key, Browser { values, seen: now, idle: new.idle, session: new.session });
    }

    pub(super) fn touch(&mut self, key: &BrowserKey, now: Timestamp) -> bool {
        let Some(browser) = self.known.get_mut(key) else { return false };
        let before = browser.expires();
        if now >= before {
            return false;
        }
        browser.seen = now;
        let after = browser.expires();
        self.by_expiry.remove(&(before, *key));
        self.by_expiry.insert((after, *key));
        true
    }

    /// `None`: the new key is there already.
    pub(super) fn rotate(
        &mut self,
        from: &BrowserKey,
        to: &BrowserKey,
        session: Option<SessionHandle>,
        now: Timestamp,
    ) -> Option<bool> {
        if self.known.contains_key(to) {
            return None;
        }
        if self.get(from, now).is_none() {
            return Some(false);
        }
        if let Some(browser) = self.remove(from) {
            self.put(*to, Browser { session, ..browser });
        }
        Some(true)
    }

    /// Whether it was live.
    pub(super) fn forget(&mut self, key: &BrowserKey, now: Timestamp) -> bool {
        self.remove(key).is_some_and(|browser| now < browser.expires())
    }

    fn remove(&mut self, key: &BrowserKey) -> Option<Browser> {
        let browser = self.known.remove(key)?;
        self.by_expiry.remove(&(browser.expires(), *key));
        if let Some(session) = browser.session {
            self.by_session.remove(&(session, *key));
        }
        Some(browser)
    }

    pub(super) fn remove_of(&mut self, session: SessionHandle) {
        let first = (session, BrowserKey::from_bytes([0; 32]));
        let last = (session, BrowserKey::from_bytes([u8::MAX; 32]));
        let keys: Vec<_> = self.by_session.range(first..=last).map(|(_, key)| *key).collect();
        for key in keys {
            self.remove(&key);
        }
    }

    /// Removes at most so many that expired, and says how many they were.
    pub(super) fn purge(&mut self, most: usize, now: Timestamp) -> usize {
        let expired: Vec<_> =
            self.by_expiry.iter().take(most).take_while(|(expires, _)| *expires <= now).map(|(_, key)| *key).collect();
        for key in &expired {
            self.remove(key);
        }
        expired.len()
    }

    fn put(&mut self, key: BrowserKey, browser: Browser) {
        self.by_expiry.insert((browser.expires(), key));
        self.by_session.extend(browser.session.map(|session| (session, key)));
        self.known.insert(key, browser);
    }
}
