//! Browsers whose token was exchanged a moment ago: what was under way with the old one still arrives.

use crate::lately::Lately;
use crate::token::BrowserKey;

/// Log-in gives a browser another token. A request of another tab that was sent before, and writes after, would otherwise write into
/// a browser that is no more: its change would be lost.
#[derive(Debug, Default)]
pub(crate) struct Renewed(Lately<BrowserKey, BrowserKey>);

impl Renewed {
    pub(crate) fn note(&self, from: BrowserKey, to: BrowserKey) {
        self.0.note(from, to);
    }

    pub(crate) fn forget(&self, from: &BrowserKey) {
        self.0.forget(from);
    }

    /// The key under which the browser is known now.
    pub(crate) fn latest(&self, mut key: BrowserKey) -> BrowserKey {
        while let Some((to, _)) = self.0.get(&key) {
            key = to;
        }
        key
    }
}
