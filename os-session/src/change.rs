//! What other processes do to a store, as far as those who wait or remember here have to know.

use std::fmt;
use std::sync::{Arc, Weak};

use crate::handle::SessionHandle;
use crate::token::BrowserKey;
use crate::user::UserId;

/// Something that was changed in a store.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// This session is no more, or no longer what it was.
    Session(SessionHandle),
    /// The groups of this user are others, or may be.
    Groups(UserId),
    /// Somebody has logged in in this browser.
    Browser(BrowserKey),
    /// Too much to list: anything may have changed.
    Everything,
}

/// The words in which the stores of this crate tell changes: `s` and a handle, `g` and a user, `b` and a browser, both as hexadecimal digits.
#[cfg(any(feature = "postgres", feature = "redis"))]
impl Change {
    /// What a word says; one that a newer release made up may mean anything.
    pub(crate) fn from_word(word: &str) -> Self {
        let read = || {
            let (kind, name) = word.split_at_checked(1)?;
            Some(match kind {
                "s" => Self::Session(name.parse().ok()?),
                "g" => Self::Groups(UserId::from(String::from_utf8(hex::decode(name).ok()?).ok()?)),
                "b" => Self::Browser(BrowserKey::from_bytes(hex::decode(name).ok()?.try_into().ok()?)),
                _ => return None,
            })
        };
        read().unwrap_or(Self::Everything)
    }

    /// What a message says: the node that did it, and words. `?` is no change, but a node that tries whether it is heard.
    pub(crate) fn tell_message(message: &str, own_node: &str, listener: &Listener, echo: impl FnOnce()) {
        let (node, words) = message.split_once(' ').unwrap_or((message, "*"));
        match words {
            "?" if node == own_node => echo(),
            "?" => {}
            _ if node == own_node => listener.tell(News::OwnChange),
            _ => words.split(' ').map(Self::from_word).for_each(|change| listener.tell(News::Changed(change))),
        }
    }
}

/// What a store tells while it [listens](crate::Store::listen).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum News {
    /// From now on nothing is missed, until listening ends.
    Listening,
    /// Another handle on the store changed this.
    Changed(Change),
    /// This very handle, or one of its clones, changed something.
    OwnChange,
    /// What is remembered of this must be forgotten before this call returns; whoever waits for it is told otherwise.
    Forget(Change),
}

/// Whom a store tells what others change, see [`Store::listen`](crate::Store::listen).
#[derive(Clone)]
pub struct Listener(Arc<dyn Fn(News) + Send + Sync>);

impl Listener {
    /// One that calls this function. It is called in the task that listens, and must not wait.
    pub fn new(told: impl Fn(News) + Send + Sync + 'static) -> Self {
        Self(Arc::new(told))
    }

    /// Delivers news.
    pub fn tell(&self, news: News) {
        (self.0)(news);
    }

    /// A reference that does not keep it alive.
    pub(crate) fn downgrade(&self) -> WeakListener {
        WeakListener(Arc::downgrade(&self.0))
    }
}

/// A listener that may be gone.
#[derive(Clone)]
pub(crate) struct WeakListener(Weak<dyn Fn(News) + Send + Sync>);

impl WeakListener {
    pub(crate) fn upgrade(&self) -> Option<Listener> {
        self.0.upgrade().map(Listener)
    }

    pub(crate) fn is_there(&self) -> bool {
        self.0.strong_count() > 0
    }

    pub(crate) fn is(&self, listener: &Listener) -> bool {
        std::ptr::addr_eq(self.0.as_ptr(), Arc::as_ptr(&listener.0))
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Listener")
    }
}

#[cfg(all(test, any(feature = "postgres", feature = "redis")))]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_cannot_be_read_may_mean_anything() {
        assert_eq!(Change::from_word("sffffffffffffffff"), Change::Session(SessionHandle::from_u64(u64::MAX)));
        assert_eq!(Change::from_word("gc3a9"), Change::Groups("é".into()));
        let browser = format!("b{}", "07".repeat(32));
        assert_eq!(Change::from_word(&browser), Change::Browser(BrowserKey::from_bytes([7; 32])));
        for word in ["", "*", "s", "s1x", "g1", "gxx", "gé", "gff", "b07", "zabc", "é"] {
            assert_eq!(Change::from_word(word), Change::Everything, "{word:?}");
        }
    }
}
