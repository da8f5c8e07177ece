//! A line in the log for each row that a store cannot use, once, however often the row is met.

use std::collections::HashSet;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

/// So many rows are remembered; then this starts anew, so that it stays small.
const MOST: usize = 1024;

/// What the log says already, by the name of the row.
#[derive(Debug)]
pub(crate) struct LogOnce<K>(Mutex<HashSet<K>>);

impl<K> Default for LogOnce<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K> LogOnce<K>
where
    K: Eq + Hash,
{
    /// Whether there was no line for this row yet. There is one from now on.
    pub(crate) fn is_first(&self, row: K) -> bool {
        let mut logged = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if logged.len() >= MOST && !logged.contains(&row) {
            logged.clear();
        }
        logged.insert(row)
    }
}
