//! What other processes do to a store, as far as those who wait or remember here have to know.

use std::fmt;
use std::sync::Arc;

use crate::store::SessionHandle;
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
    /// More than can be told: anything may be another.
    Everything,
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
    /// Tells this function. It is called in the task that listens, and must not wait.
    pub fn new(told: impl Fn(News) + Send + Sync + 'static) -> Self {
        Self(Arc::new(told))
    }

    /// Tells news.
    pub fn tell(&self, news: News) {
        (self.0)(news);
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Listener")
    }
}
