//! Rows that cannot be used are told of once each, however often they are met.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use super::rows::Unread;
use crate::store::SessionHandle;

/// So many rows are remembered; then this starts anew, so that it stays small.
const MOST: usize = 1024;

/// What the log says already.
#[derive(Debug, Default)]
pub(super) struct Told(Mutex<HashSet<SessionHandle>>);

impl Told {
    /// A line in the log, unless there was one for this row.
    pub(super) fn tell(&self, unread: Unread) {
        if self.is_news(unread.handle) {
            tracing::warn!(session = %unread.handle, "a session in PostgreSQL counts as none: {}", unread.why);
        }
    }

    fn is_news(&self, handle: SessionHandle) -> bool {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() >= MOST && !told.contains(&handle) {
            told.clear();
        }
        told.insert(handle)
    }
}
