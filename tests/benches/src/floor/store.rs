//! Sessions in memory, as small as they get without tricks: rows in two slabs, found by two tables of row numbers.
//!
//! The sessions of a user form a list through the rows, so that closing all of them takes as long as they are many,
//! however many others are stored.

use std::{
    hash::BuildHasher as _,
    sync::{
        PoisonError, RwLock,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
};

use hashbrown::{DefaultHashBuilder, HashTable};
use slab::Slab;
use smol_str::SmolStr;

use super::Context;

/// Lifetimes in seconds: since the last activity, and since log-in.
pub const IDLE: u32 = 14 * 86_400;
const ABSOLUTE: u32 = 90 * 86_400;
/// Activity is noted no more often than this.
const TOUCH: u32 = 60;

/// Text, and cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct UserId(SmolStr);

impl From<&str> for UserId {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl UserId {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

type TokenHash = [u8; 32];
type Row = u32;
const NONE: Row = Row::MAX;

struct Session {
    hash: TokenHash,
    user: Row,
    /// The user's next session, or [`NONE`].
    next: Row,
    since: u32,
    seen: AtomicU32,
}

struct User {
    id: UserId,
    groups: u64,
    /// The user's newest session.
    first: Row,
}

#[derive(Default)]
struct Tables {
    sessions: Slab<Session>,
    by_hash: HashTable<Row>,
    users: Slab<User>,
    by_id: HashTable<Row>,
    hasher: DefaultHashBuilder,
}

/// The floor's session store.
#[derive(Default)]
pub struct Store(RwLock<Tables>);

impl Store {
    /// The session of `hash`, if there is one and both its lifetimes last.
    pub(super) fn find(&self, hash: &TokenHash, now: u32) -> Option<Context> {
        let tables = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let row = *tables.by_hash.find(short(hash), |&row| tables.sessions[at(row)].hash == *hash)?;
        let session = &tables.sessions[at(row)];
        let idle = now.saturating_sub(session.seen.load(Relaxed));
        if idle > IDLE || now.saturating_sub(session.since) > ABSOLUTE {
            return None;
        }
        if idle > TOUCH {
            session.seen.store(now, Relaxed);
        }
        let user = &tables.users[at(session.user)];
        Some(Context { user: user.id.clone(), since: session.since, groups: user.groups })
    }

    /// A new session of `id`, who is in `groups`.
    pub fn insert(&self, hash: TokenHash, id: &UserId, groups: u64, now: u32) {
        let mut tables = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let Tables { sessions, by_hash, users, by_id, hasher } = &mut *tables;
        let id_hash = hasher.hash_one(id);
        let user = by_id.find(id_hash, |&row| users[at(row)].id == *id).copied().unwrap_or_else(|| {
            let row = row(users.insert(User { id: id.clone(), groups, first: NONE }));
            by_id.insert_unique(id_hash, row, |&row| hasher.hash_one(&users[at(row)].id));
            row
        });
        let next = users[at(user)].first;
        let new = row(sessions.insert(Session { hash, user, next, since: now, seen: now.into() }));
        users[at(user)].first = new;
        by_hash.insert_unique(short(&hash), new, |&row| short(&sessions[at(row)].hash));
    }

    /// Closes every session of `id` and says how many there were.
    pub fn close_all(&self, id: &UserId) -> usize {
        let mut tables = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let Tables { sessions, by_hash, users, by_id, hasher } = &mut *tables;
        let Ok(entry) = by_id.find_entry(hasher.hash_one(id), |&row| users[at(row)].id == *id) else { return 0 };
        let mut next = users.remove(at(entry.remove().0)).first;
        let mut closed = 0;
        while next != NONE {
            let session = sessions.remove(at(next));
            if let Ok(entry) = by_hash.find_entry(short(&session.hash), |&row| row == next) {
                entry.remove();
            }
            next = session.next;
            closed += 1;
        }
        closed
    }
}

/// The hash of a token is as good as random: its first bytes are the table's hash.
fn short(hash: &TokenHash) -> u64 {
    u64::from_le_bytes(*hash.first_chunk().expect("32 bytes are more than 8"))
}

fn at(row: Row) -> usize {
    row as usize
}

fn row(at: usize) -> Row {
    Row::try_from(at).expect("fewer than 2³² rows")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_sessions_of_one_user_end_and_no_other() {
        let store = Store::default();
        for token in 0..6 {
            store.insert([token; 32], &UserId::from(if token % 2 == 0 { "even" } else { "odd" }), 1, 10);
        }
        assert_eq!(store.close_all(&UserId::from("even")), 3);
        assert_eq!(store.close_all(&UserId::from("even")), 0);
        let left: Vec<_> = (0..6).filter(|&token| store.find(&[token; 32], 10).is_some()).collect();
        assert_eq!(left, [1, 3, 5]);
    }
}
