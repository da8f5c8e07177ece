//! Updates of one value in one process take turns, so that each is tried once and the store sees no quarrel.

use std::hash::{BuildHasher, RandomState};

use tokio::sync::{Mutex, MutexGuard};

use crate::scope::Place;

/// Values share a turn where their hashes meet, and then wait for each other; more than the store would do at a time.
const LANES: usize = 256;

pub(crate) struct Turns {
    lanes: Box<[Mutex<()>]>,
    hasher: RandomState,
}

impl Turns {
    pub(crate) fn new() -> Self {
        Self { lanes: (0..LANES).map(|_| Mutex::default()).collect(), hasher: RandomState::new() }
    }

    /// Waits until nobody else updates the value of that name there.
    pub(crate) async fn of(&self, name: &str, place: Option<&Place>) -> MutexGuard<'_, ()> {
        let hash = self.hasher.hash_one((name, place));
        let lane = usize::try_from(hash % LANES as u64).unwrap_or_default();
        self.lanes[lane].lock().await
    }
}
