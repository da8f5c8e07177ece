//! Browsers whose token was exchanged a moment ago: what was under way with the old one still arrives.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::token::BrowserKey;

/// As long as a request may be under way.
const MOMENT: Duration = Duration::from_mins(1);

/// Log-in gives a browser another token. A request of another tab that was sent before, and writes after, would otherwise write into
/// a browser that is no more: its change would be lost.
#[derive(Debug, Default)]
pub(crate) struct Renewed(Mutex<HashMap<BrowserKey, (BrowserKey, Instant)>>);

impl Renewed {
    fn moments(&self) -> MutexGuard<'_, HashMap<BrowserKey, (BrowserKey, Instant)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn note(&self, from: BrowserKey, to: BrowserKey) {
        let mut moments = self.moments();
        moments.retain(|_, (_, when)| when.elapsed() < MOMENT);
        moments.insert(from, (to, Instant::now()));
    }

    pub(crate) fn forget(&self, from: &BrowserKey) {
        self.moments().remove(from);
    }

    /// The key under which the browser is known now.
    pub(crate) fn latest(&self, mut key: BrowserKey) -> BrowserKey {
        let moments = self.moments();
        while let Some((to, when)) = moments.get(&key) {
            if when.elapsed() >= MOMENT {
                break;
            }
            key = *to;
        }
        key
    }
}
