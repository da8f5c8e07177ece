//! What a node remembers of sessions, and until when it may.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use crate::change::Change;
use crate::clock::Clock;
use crate::lease_clock::LeaseClock;
use crate::store::{Found, SessionHandle};
use crate::token::SessionKey;
use crate::user::UserId;

/// Sessions as they were read, none of which was revoked by what this node has applied.
#[derive(Debug)]
pub(super) struct Memory {
    clock: LeaseClock,
    /// How far a test turned the time of the store.
    turned: Clock,
    /// When the lease ends, in nanoseconds by that clock; in the past if there is none.
    until: AtomicU64,
    most: usize,
    hits: AtomicU64,
    tables: RwLock<Tables>,
}

#[derive(Debug, Default)]
struct Tables {
    /// How many times something was forgotten.
    revocations: u64,
    sessions: HashMap<SessionKey, Kept>,
    keys: HashMap<SessionHandle, SessionKey>,
    of_users: HashMap<UserId, Vec<SessionHandle>>,
}

#[derive(Debug)]
struct Kept {
    found: Found,
    sent: Sent,
}

/// The moment before a read was sent, and what had been forgotten until then.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sent {
    asked: Duration,
    /// How far a test had turned the time.
    turned: Duration,
    revocations: u64,
}

impl Memory {
    pub(super) fn new(most: usize, turned: Clock) -> Self {
        Self {
            clock: LeaseClock::new(),
            turned,
            until: AtomicU64::new(0),
            most,
            hits: AtomicU64::new(0),
            tables: RwLock::default(),
        }
    }

    pub(super) fn now(&self) -> Duration {
        self.clock.now()
    }

    pub(super) fn holds_lease(&self) -> bool {
        self.is_before_the_end(self.now())
    }

    fn is_before_the_end(&self, now: Duration) -> bool {
        now < Duration::from_nanos(self.until.load(Ordering::Acquire))
    }

    /// The lease lasts until then, by this memory's clock.
    pub(super) fn extend(&self, until: Duration) {
        self.until.store(u64::try_from(until.as_nanos()).unwrap_or(u64::MAX), Ordering::Release);
    }

    /// There is no lease, whatever was said before.
    pub(super) fn end_lease(&self) {
        self.until.store(0, Ordering::Release);
    }

    /// The session, if it is remembered and may be. The lease is looked at first: a request that is stopped in between has begun before
    /// anything is over. What has ended since, for want of activity for
    /// example, the store is asked for: somebody may have seen it meanwhile.
    pub(super) fn get(&self, key: &SessionKey) -> Option<Found> {
        let now = self.now();
        if !self.is_before_the_end(now) {
            return None;
        }
        let tables = self.read();
        let kept = tables.sessions.get(key)?;
        let mut found = kept.found.clone();
        // As this clock counts, and a bit more: nobody is admitted after their time.
        let since = now.saturating_sub(kept.sent.asked);
        let turned = self.turned.turned().saturating_sub(kept.sent.turned);
        found.now = found.now.after(since + since / 100 + turned);
        if found.now >= found.expires {
            return None;
        }
        drop(tables);
        self.hits.fetch_add(1, Ordering::Relaxed);
        Some(found)
    }

    pub(super) fn hits(&self) -> u64 {
        self.hits.load(Ordering::Relaxed)
    }

    /// To be taken before the store is asked.
    pub(super) fn before_asking(&self) -> Option<Sent> {
        let (asked, turned) = (self.now(), self.turned.turned());
        self.is_before_the_end(asked).then(|| Sent { asked, turned, revocations: self.read().revocations })
    }

    /// Keeps what the store said, unless something was revoked since it was asked.
    pub(super) fn keep(&self, key: SessionKey, found: Found, sent: Sent) {
        let mut tables = self.write();
        if tables.revocations != sent.revocations {
            return;
        }
        if tables.sessions.len() >= self.most {
            tables.make_room(self.most);
        }
        tables.insert(key, Kept { found, sent });
    }

    /// Forgets a session that is to be read anew, though nothing was taken away.
    pub(super) fn forget(&self, key: &SessionKey) {
        self.write().remove(key);
    }

    /// Forgets what was revoked, and what is being read at this moment.
    pub(super) fn apply(&self, revoked: &[Change]) {
        let mut tables = self.write();
        tables.revocations += 1;
        for change in revoked {
            match change {
                Change::Session(handle) => {
                    if let Some(key) = tables.keys.get(handle).copied() {
                        tables.remove(&key);
                    }
                }
                Change::Groups(user) => {
                    for handle in tables.of_users.remove(user).unwrap_or_default() {
                        if let Some(key) = tables.keys.get(&handle).copied() {
                            tables.remove(&key);
                        }
                    }
                }
                Change::Browser(_) => {}
                Change::Everything => tables.clear(),
            }
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, Tables> {
        self.tables.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Tables> {
        self.tables.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tables {
    fn insert(&mut self, key: SessionKey, kept: Kept) {
        let (handle, user) = (kept.found.handle, kept.found.user.clone());
        self.remove(&key);
        // A session whose token was exchanged since: the other key leads nowhere.
        if let Some(other) = self.keys.get(&handle).copied() {
            self.remove(&other);
        }
        self.sessions.insert(key, kept);
        self.keys.insert(handle, key);
        self.of_users.entry(user).or_default().push(handle);
    }

    fn remove(&mut self, key: &SessionKey) {
        let Some(Kept { found, .. }) = self.sessions.remove(key) else { return };
        self.keys.remove(&found.handle);
        if let Some(handles) = self.of_users.get_mut(&found.user) {
            handles.retain(|handle| *handle != found.handle);
            if handles.is_empty() {
                self.of_users.remove(&found.user);
            }
        }
    }

    /// A sixteenth of all goes, whichever comes first: a session that is used comes back at its next request.
    fn make_room(&mut self, most: usize) {
        let some: Vec<_> = self.sessions.keys().take(most / 16 + 1).copied().collect();
        for key in some {
            self.remove(&key);
        }
    }

    fn clear(&mut self) {
        self.sessions.clear();
        self.keys.clear();
        self.of_users.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::group::GroupSet;

    const LEASE: Duration = Duration::from_mins(1);

    fn key(number: u8) -> SessionKey {
        SessionKey::from_bytes([number; 32])
    }

    fn session(user: &str, number: u8) -> Found {
        let moment = Timestamp::from_millis(1_000_000);
        Found {
            user: user.into(),
            handle: SessionHandle::from_u64(number.into()),
            opened: moment,
            seen: moment,
            authenticated: moment,
            ends: moment.after(Duration::from_hours(1)),
            expires: moment.after(Duration::from_mins(20)),
            expire: false,
            now: moment,
            groups: GroupSet::default(),
        }
    }

    /// With a lease, and these sessions of alice.
    fn remembering(most: usize, sessions: impl IntoIterator<Item = u8>) -> Memory {
        let memory = Memory::new(most, Clock::new());
        memory.extend(memory.now() + LEASE);
        for number in sessions {
            let sent = memory.before_asking().expect("there is a lease");
            memory.keep(key(number), session("alice", number), sent);
        }
        memory
    }

    fn remembered(memory: &Memory, numbers: impl IntoIterator<Item = u8>) -> Vec<u8> {
        numbers.into_iter().filter(|number| memory.get(&key(*number)).is_some()).collect()
    }

    #[test]
    fn without_a_lease_nothing_is_remembered_or_kept() {
        let memory = remembering(10, 1..=2);
        assert_eq!(remembered(&memory, 1..=3), [1, 2]);
        memory.extend(memory.now());
        assert_eq!(remembered(&memory, 1..=3), [0; 0], "it has just ended");
        assert!(memory.before_asking().is_none() && !memory.holds_lease());
        memory.extend(memory.now() + LEASE);
        memory.end_lease();
        assert_eq!(remembered(&memory, 1..=3), [0; 0]);
    }

    #[test]
    fn what_is_revoked_is_forgotten_with_all_that_leads_there() {
        let revoke = |change| {
            let memory = remembering(10, 1..=3);
            let sent = memory.before_asking().unwrap();
            memory.keep(key(9), session("bob", 9), sent);
            memory.apply(&[change]);
            remembered(&memory, 1..=9)
        };
        assert_eq!(revoke(Change::Session(SessionHandle::from_u64(2))), [1, 3, 9]);
        assert_eq!(revoke(Change::Groups("alice".into())), [9]);
        assert_eq!(revoke(Change::Everything), [0; 0]);
        assert_eq!(revoke(Change::Session(SessionHandle::from_u64(7))), [1, 2, 3, 9], "it was not there");
    }

    #[test]
    fn what_was_asked_for_before_a_revocation_is_not_kept_after_it() {
        let memory = remembering(10, []);
        let sent = memory.before_asking().unwrap();
        // Of somebody else: what was being read is unknown here.
        memory.apply(&[Change::Session(SessionHandle::from_u64(7))]);
        memory.keep(key(1), session("alice", 1), sent);
        assert_eq!(remembered(&memory, [1]), [0; 0]);
        let sent = memory.before_asking().unwrap();
        memory.keep(key(1), session("alice", 1), sent);
        assert_eq!(remembered(&memory, [1]), [1]);
    }

    #[test]
    fn it_is_bounded_and_leaves_nothing_behind() {
        let memory = remembering(32, 0..=255);
        let tables = memory.read();
        let of_alice = tables.of_users[&"alice".into()].len();
        assert!((28..=32).contains(&tables.sessions.len()), "{}", tables.sessions.len());
        assert_eq!((tables.keys.len(), of_alice), (tables.sessions.len(), tables.sessions.len()));
        drop(tables);
        memory.apply(&[Change::Groups("alice".into())]);
        let tables = memory.read();
        assert!(tables.sessions.is_empty() && tables.keys.is_empty() && tables.of_users.is_empty());
    }

    #[test]
    fn a_session_that_got_another_token_is_remembered_by_that_alone() {
        let memory = remembering(10, [1]);
        let sent = memory.before_asking().unwrap();
        memory.keep(key(2), session("alice", 1), sent);
        assert_eq!(remembered(&memory, 1..=2), [2]);
        assert_eq!(memory.read().of_users[&"alice".into()].len(), 1);
    }

    #[test]
    fn nobody_is_admitted_after_their_time() {
        let memory = remembering(10, []);
        let sent = memory.before_asking().unwrap();
        memory.keep(key(1), Found { expires: Timestamp::from_millis(1_000_000), ..session("alice", 1) }, sent);
        assert_eq!(remembered(&memory, [1]), [0; 0]);
    }
}
