//! What was exchanged lately: requests that were under way with the old token still arrive.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// As long as a request may be under way.
pub(crate) const LATELY: Duration = Duration::from_mins(1);

/// Values that are remembered for a minute.
#[derive(Debug)]
pub(crate) struct Lately<K, V>(Mutex<Entries<K, V>>);

#[derive(Debug)]
struct Entries<K, V> {
    values: HashMap<K, (V, Instant)>,
    /// The keys in the order in which they were noted, so that nothing is walked to forget the
    /// oldest.
    order: VecDeque<(K, Instant)>,
}

impl<K, V> Default for Lately<K, V> {
    fn default() -> Self {
        Self(Mutex::new(Entries { values: HashMap::new(), order: VecDeque::new() }))
    }
}

impl<K, V> Lately<K, V>
where
    K: Copy + Eq + Hash,
    V: Clone,
{
    fn entries(&self) -> MutexGuard<'_, Entries<K, V>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn note(&self, key: K, value: V) {
        let mut entries = self.entries();
        let now = Instant::now();
        while let Some((oldest, noted)) = entries.order.front().copied()
            && now.duration_since(noted) >= LATELY
        {
            entries.order.pop_front();
            // It may have been noted again.
            if entries.values.get(&oldest).is_some_and(|(_, latest)| *latest == noted) {
                entries.values.remove(&oldest);
            }
        }
        entries.order.push_back((key, now));
        entries.values.insert(key, (value, now));
    }

    pub(crate) fn forget(&self, key: &K) {
        self.entries().values.remove(key);
    }

    /// Returns what was noted of the key, and when, if that was lately.
    pub(crate) fn get(&self, key: &K) -> Option<(V, Instant)> {
        self.entries().values.get(key).filter(|(_, noted)| noted.elapsed() < LATELY).cloned()
    }
}
