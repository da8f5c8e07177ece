//! Rows that a store cannot use are told of once each, however often they are met.

use std::collections::HashSet;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

/// So many rows are remembered; then this starts anew, so that it stays small.
const MOST: usize = 1024;

/// What the log says already, by the name of the row.
#[derive(Debug)]
pub(crate) struct Told<K>(Mutex<HashSet<K>>);

impl<K> Default for Told<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K> Told<K>
where
    K: Eq + Hash,
{
    /// Whether there was no line for this row yet. There is one from now on.
    pub(crate) fn is_news(&self, row: K) -> bool {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() >= MOST && !told.contains(&row) {
            told.clear();
        }
        told.insert(row)
    }
}
