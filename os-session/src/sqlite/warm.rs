//! The sessions used of late, as they stand in the file: their owner is alone, so its memory is the truth.

use std::hash::{BuildHasher, Hasher};
use std::sync::{Mutex, MutexGuard, PoisonError};

use quick_cache::UnitWeighter;
use quick_cache::sync::{Cache, DefaultLifecycle};

use super::rows::Session;
use crate::token::SessionKey;

/// A bounded number of sessions.
///
/// A session that is not here is looked up in the file. What is here never outlives a change of the file: the one that
/// writes applies each change before it is reported, and [`fill`](Self::fill) drops what was read before a change.
#[derive(Debug)]
pub(super) struct Warm {
    sessions: Cache<SessionKey, Session, UnitWeighter, OfHashes>,
    /// How many times changes were applied. Held while sessions are added or removed.
    changes: Mutex<u64>,
}

/// What a change of the file means here.
#[derive(Debug)]
pub(super) enum Effect {
    /// The session is gone, or no longer what it was.
    Forget(SessionKey),
    /// It stands like this in the file now.
    Learn(SessionKey, Session),
}

/// The state of the file that a look-up began with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Version(u64);

impl Warm {
    pub(super) fn new(most: usize) -> Self {
        let capacity = u64::try_from(most).unwrap_or(u64::MAX);
        let sessions = Cache::with(most.min(10_000), capacity, UnitWeighter, OfHashes, DefaultLifecycle::default());
        Self { sessions, changes: Mutex::new(0) }
    }

    /// `None`: look in the file.
    pub(super) fn get(&self, key: &SessionKey) -> Option<Session> {
        self.sessions.get(key)
    }

    /// To be taken before the file is read.
    pub(super) fn version(&self) -> Version {
        Version(*self.changes())
    }

    /// Keeps what was read from the file, if nothing changed since.
    pub(super) fn fill(&self, key: SessionKey, session: Session, version: Version) {
        let changes = self.changes();
        if Version(*changes) == version {
            self.sessions.insert(key, session);
        }
    }

    /// Follows a transaction that was committed.
    pub(super) fn apply(&self, effects: Vec<Effect>) {
        let mut changes = self.changes();
        *changes += 1;
        for effect in effects {
            match effect {
                Effect::Forget(key) => drop(self.sessions.remove(&key)),
                Effect::Learn(key, session) => self.sessions.insert(key, session),
            }
        }
    }

    /// After a transaction of which nobody knows whether it was committed.
    pub(super) fn forget_all(&self) {
        let mut changes = self.changes();
        *changes += 1;
        self.sessions.clear();
    }

    fn changes(&self) -> MutexGuard<'_, u64> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keys are hashes already, and nobody can choose them.
#[derive(Debug, Clone, Default)]
struct OfHashes;

impl BuildHasher for OfHashes {
    type Hasher = OfHash;

    fn build_hasher(&self) -> OfHash {
        OfHash(0)
    }
}

struct OfHash(u64);

impl Hasher for OfHash {
    fn write(&mut self, bytes: &[u8]) {
        if let Some((first, _)) = bytes.split_first_chunk() {
            self.0 ^= u64::from_ne_bytes(*first);
        }
    }

    /// The length, the same for all.
    fn write_usize(&mut self, _: usize) {}

    fn finish(&self) -> u64 {
        self.0
    }
}
