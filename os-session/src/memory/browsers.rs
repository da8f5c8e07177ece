//! The browsers of the memory store: by key, by when they expire, by who makes room first, and by
//! the session that is open in them.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use super::values::Values;
use crate::clock::Timestamp;
use crate::handle::SessionHandle;
use crate::slots::{EVICTED_AT_ONCE, NewBrowser};
use crate::token::BrowserKey;

#[derive(Debug)]
pub(super) struct Browser {
    pub(super) values: Values,
    pub(super) seen: Timestamp,
    idle: Duration,
    /// Until its cookie has come back.
    new_idle: Option<Duration>,
    session: Option<SessionHandle>,
}

impl Browser {
    fn expires(&self) -> Timestamp {
        self.seen.after(self.new_idle.unwrap_or(self.idle))
    }

    pub(super) fn came_back(&self) -> bool {
        self.new_idle.is_none()
    }
}

#[derive(Debug, Default)]
pub(super) struct Browsers {
    known: HashMap<BrowserKey, Browser>,
    by_expiry: BTreeSet<(Timestamp, BrowserKey)>,
    /// Those whose cookie never came back before the others, and of each the least recently seen
    /// first.
    by_use: BTreeSet<(bool, Timestamp, BrowserKey)>,
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
        let NewBrowser { idle, new_idle, most, session } = new;
        self.remove(&key);
        self.make_room(most.get() as usize - 1, now);
        self.put(key, Browser { values, seen: now, idle, new_idle, session });
    }

    /// Removes browsers until so many are left: expired ones first.
    fn make_room(&mut self, left: usize, now: Timestamp) {
        let over = self.known.len().saturating_sub(left).min(EVICTED_AT_ONCE as usize);
        let live = over - self.purge(over, now);
        let evicted: Vec<_> = self.by_use.iter().take(live).map(|(_, _, key)| *key).collect();
        for key in &evicted {
            self.remove(key);
        }
    }

    /// Marks a live browser as seen, and notes whether its cookie has come back.
    pub(super) fn touch(&mut self, key: &BrowserKey, came_back: bool, now: Timestamp) -> bool {
        if self.get(key, now).is_none() {
            return false;
        }
        if let Some(browser) = self.remove(key) {
            let new_idle = browser.new_idle.filter(|_| !came_back);
            self.put(*key, Browser { seen: now, new_idle, ..browser });
        }
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
            let new_idle = browser.new_idle.filter(|_| session.is_none());
            self.put(*to, Browser { new_idle, session, ..browser });
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
        self.by_use.remove(&(browser.came_back(), browser.seen, *key));
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
        self.by_use.insert((browser.came_back(), browser.seen, key));
        self.by_session.extend(browser.session.map(|session| (session, key)));
        self.known.insert(key, browser);
    }
}
