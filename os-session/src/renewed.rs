//! Browsers whose token was exchanged at a log-in, and the requests that go on with them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::lately::Lately;
use crate::token::BrowserKey;

/// A log-in gives a browser another token. A request whose head arrived before works on the renewed
/// browser, however late it writes. A request that arrives with the old token afterwards finds
/// nothing: the old token may have been planted, and the browser itself sends the new one.
#[derive(Debug, Default)]
pub(crate) struct Renewed {
    /// How many tokens were exchanged: the order of exchanges and arrivals, which no clock gives as
    /// exactly.
    count: AtomicU64,
    exchanged: Lately<BrowserKey, Exchange>,
    followed: Arc<Followed>,
}

#[derive(Debug, Clone, Copy)]
struct Exchange {
    to: BrowserKey,
    number: u64,
}

/// The browsers that requests have looked at, by the keys that they have now.
#[derive(Debug, Default)]
struct Followed(Mutex<HashMap<BrowserKey, Weak<Follower>>>);

/// A browser as the requests see it that have looked at it.
#[derive(Debug)]
pub(crate) struct Follower {
    key: Mutex<BrowserKey>,
    followed: Arc<Followed>,
}

/// When the head of a request arrived, as the number of exchanges before.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Arrival(u64);

impl Renewed {
    pub(crate) fn arrival(&self) -> Arrival {
        Arrival(self.count.load(Ordering::Acquire))
    }

    /// Notes an exchange, and takes along the requests that have looked at the browser.
    pub(crate) fn note(&self, from: BrowserKey, to: BrowserKey) {
        let mut followed = self.followed.index();
        let number = self.count.fetch_add(1, Ordering::AcqRel) + 1;
        self.exchanged.note(from, Exchange { to, number });
        let moved = Followed::rename(&mut followed, from, to);
        // One that is dropped takes the lock itself.
        drop(followed);
        drop(moved);
    }

    /// Forgets an exchange that was taken back.
    pub(crate) fn take_back(&self, from: BrowserKey, to: BrowserKey) {
        let mut followed = self.followed.index();
        self.exchanged.forget(&from);
        let moved = Followed::rename(&mut followed, to, from);
        drop(followed);
        drop(moved);
    }

    /// Returns the browser of that key for a request that arrived then, or `None` if the key was
    /// exchanged before.
    pub(crate) fn find(&self, mut key: BrowserKey, arrival: Arrival) -> Option<Arc<Follower>> {
        let mut index = self.followed.index();
        while let Some((exchange, _)) = self.exchanged.get(&key) {
            if exchange.number <= arrival.0 {
                return None;
            }
            key = exchange.to;
        }
        if let Some(follower) = index.get(&key).and_then(Weak::upgrade) {
            return Some(follower);
        }
        let follower = Arc::new(Follower { key: Mutex::new(key), followed: self.followed.clone() });
        index.insert(key, Arc::downgrade(&follower));
        Some(follower)
    }
}

impl Followed {
    fn index(&self) -> MutexGuard<'_, HashMap<BrowserKey, Weak<Follower>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn rename(
        index: &mut HashMap<BrowserKey, Weak<Follower>>,
        from: BrowserKey,
        to: BrowserKey,
    ) -> Option<Arc<Follower>> {
        let follower = index.remove(&from)?.upgrade()?;
        *follower.current() = to;
        index.insert(to, Arc::downgrade(&follower));
        Some(follower)
    }
}

impl Follower {
    fn current(&self) -> MutexGuard<'_, BrowserKey> {
        self.key.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The key that the browser has now.
    pub(crate) fn key(&self) -> BrowserKey {
        *self.current()
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let mut followed = self.followed.index();
        let key = self.key();
        // Another may have begun to follow it since.
        if followed.get(&key).is_some_and(|follower| follower.strong_count() == 0) {
            followed.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: u8) -> BrowserKey {
        BrowserKey::from_bytes([number; 32])
    }

    #[test]
    fn a_request_follows_its_browser_through_the_exchanges_after_its_arrival() {
        let renewed = Renewed::default();
        let before = renewed.arrival();
        let looked = renewed.find(key(1), before).unwrap();
        renewed.note(key(1), key(2));
        let between = renewed.arrival();
        renewed.note(key(2), key(3));
        assert_eq!(looked.key(), key(3), "one that has looked");
        assert_eq!(renewed.find(key(1), before).unwrap().key(), key(3), "one that looks for the first time");
        assert!(renewed.find(key(1), between).is_none(), "a later one with the old token finds nothing");
        assert_eq!(renewed.find(key(2), between).unwrap().key(), key(3));
        assert!(renewed.find(key(2), renewed.arrival()).is_none());
        renewed.take_back(key(2), key(3));
        assert_eq!(looked.key(), key(2), "and back");
        assert_eq!(renewed.find(key(2), renewed.arrival()).unwrap().key(), key(2));
        drop(looked);
        assert!(renewed.followed.index().is_empty(), "nothing stays of those that are done");
    }
}
