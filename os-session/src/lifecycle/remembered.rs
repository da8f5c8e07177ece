//! The sessions of which this process remembers something, so that nothing stays of one that ended
//! elsewhere.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::context::Connected;
use crate::hook::{self, EventKind};
use crate::sessions::{Sessions, UNTOLD};
use crate::store::SessionHandle;
use crate::tasks::Tasks;
use crate::user::UserId;

/// Sessions whose resume hooks ran here, or that have volatile values.
///
/// An end in this process is noted at once. What ended elsewhere is found by a look at the store:
/// after a notification, after the channel of changes was lost, and once a session was not met for
/// as long as one lives without activity. A notification alone does not distinguish an end from a
/// new token.
#[derive(Debug, Default)]
pub(crate) struct Remembered(Mutex<Index>);

#[derive(Debug, Default)]
struct Index {
    sessions: HashMap<SessionHandle, Entry>,
    /// When each is looked up unless it is met before.
    by_look: BTreeSet<(Instant, SessionHandle)>,
    /// Those that may have ended, until they are looked up.
    doubted: BTreeMap<UserId, BTreeSet<SessionHandle>>,
    /// A task looks them up.
    is_looking: bool,
}

#[derive(Debug)]
struct Entry {
    user: UserId,
    is_resumed: bool,
    look: Instant,
}

impl Index {
    fn meet(&mut self, handle: SessionHandle, user: &UserId, look: Instant) -> &mut Entry {
        let entry =
            self.sessions.entry(handle).or_insert_with(|| Entry { user: user.clone(), is_resumed: false, look });
        self.by_look.remove(&(entry.look, handle));
        self.by_look.insert((look, handle));
        entry.look = look;
        entry
    }

    fn doubt(&mut self, handle: SessionHandle) {
        if let Some(entry) = self.sessions.get(&handle) {
            self.doubted.entry(entry.user.clone()).or_default().insert(handle);
        }
    }

    /// Doubts those that are due, and lets them be due again that much later.
    fn doubt_unmet(&mut self, now: Instant, later: Duration) {
        while let Some((due, handle)) = self.by_look.first().copied().filter(|(due, _)| *due <= now) {
            self.by_look.remove(&(due, handle));
            self.doubt(handle);
            if let Some(entry) = self.sessions.get_mut(&handle) {
                entry.look = now + later;
                self.by_look.insert((entry.look, handle));
            }
        }
    }

    fn forget(&mut self, handle: SessionHandle) {
        if let Some(entry) = self.sessions.remove(&handle) {
            self.by_look.remove(&(entry.look, handle));
        }
    }
}

impl Remembered {
    fn index(&self) -> MutexGuard<'_, Index> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn doubt(&self, handles: impl IntoIterator<Item = SessionHandle>) {
        let mut index = self.index();
        for handle in handles {
            index.doubt(handle);
        }
    }

    /// A user and their doubted sessions. `None` ends the task that looks.
    fn next_doubted(&self) -> Option<(UserId, BTreeSet<SessionHandle>)> {
        let mut index = self.index();
        let next = index.doubted.pop_first();
        index.is_looking = next.is_some();
        next
    }
}

impl Sessions {
    /// Returns whether this process meets the session for the first time. Nothing is kept where no
    /// hook asks for that.
    pub(crate) fn note_resumed(&self, connected: &Connected) -> bool {
        if !hook::any(&[EventKind::ResumeSession]) {
            return false;
        }
        let look = Instant::now() + self.longest_idle();
        let mut index = self.0.remembered.index();
        !std::mem::replace(&mut index.meet(connected.handle, &connected.user, look).is_resumed, true)
    }

    /// The next request counts as the first one again.
    pub(crate) fn forget_resumed(&self, handle: SessionHandle) {
        if let Some(entry) = self.0.remembered.index().sessions.get_mut(&handle) {
            entry.is_resumed = false;
        }
    }

    /// Something else is kept of this session.
    pub(crate) fn remember(&self, handle: SessionHandle, user: &UserId) {
        let look = Instant::now() + self.longest_idle();
        self.0.remembered.index().meet(handle, user, look);
    }

    /// The session has ended: nothing is kept of it.
    pub(crate) fn forget_session(&self, handle: SessionHandle) {
        self.0.remembered.index().forget(handle);
        self.0.volatile.session_ended(handle);
    }

    /// Something of the session was changed elsewhere: it may have ended.
    pub(crate) fn doubt(&self, handle: SessionHandle) {
        self.0.remembered.doubt([handle]);
        self.look_at_doubted();
    }

    /// Any session may have ended elsewhere.
    pub(crate) fn doubt_all(&self) {
        {
            let mut index = self.0.remembered.index();
            let all: Vec<_> = index.sessions.keys().copied().collect();
            for handle in all {
                index.doubt(handle);
            }
        }
        self.look_at_doubted();
    }

    /// Sessions that were not met here for long may have expired, which no node is notified of.
    pub(crate) fn doubt_unmet(&self) {
        self.0.remembered.index().doubt_unmet(Instant::now(), self.longest_idle());
        self.look_at_doubted();
    }

    fn longest_idle(&self) -> Duration {
        let config = &self.0.config;
        config.persistent.idle.max(config.browser.idle)
    }

    /// Looks up what is doubted, one user after the other, and forgets what has ended.
    fn look_at_doubted(&self) {
        {
            let mut index = self.0.remembered.index();
            if index.doubted.is_empty() || std::mem::replace(&mut index.is_looking, true) {
                return;
            }
        }
        let (inner, mut stopping) = (Arc::downgrade(&self.0), self.0.tasks.stopping());
        tokio::spawn(async move {
            loop {
                let Some(sessions) = inner.upgrade().map(Sessions) else { return };
                let Some((user, doubted)) = sessions.0.remembered.next_doubted() else { return };
                match sessions.0.store.list(&user).await {
                    Ok(live) => {
                        let live: BTreeSet<_> = live.into_iter().map(|session| session.handle).collect();
                        doubted.difference(&live).for_each(|handle| sessions.forget_session(*handle));
                    }
                    Err(error) => {
                        tracing::debug!(%error, "sessions that may have ended elsewhere could not be looked up; retrying");
                        sessions.0.remembered.doubt(doubted);
                        drop(sessions);
                        if !Tasks::pause(&mut stopping, UNTOLD).await {
                            return;
                        }
                    }
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::MemoryStore;
    use crate::store::{Limit, NewSession, Store as _, WhenFull};
    use crate::token::SessionKey;

    const LIMIT: Limit = Limit { sessions: std::num::NonZeroU32::MAX, when_full: WhenFull::Refuse };

    fn key(number: u8) -> SessionKey {
        SessionKey::from_bytes([number; 32])
    }

    impl Sessions {
        /// The sessions that are remembered once nothing is doubted.
        async fn all_remembered(&self) -> Vec<u64> {
            while self.0.remembered.index().is_looking {
                tokio::task::yield_now().await;
            }
            let index = self.0.remembered.index();
            assert_eq!(index.by_look.len(), index.sessions.len(), "an index leads to each, and to nothing else");
            let mut all: Vec<_> = index.sessions.keys().map(|handle| handle.as_u64()).collect();
            all.sort_unstable();
            all
        }
    }

    #[tokio::test]
    async fn what_ended_elsewhere_is_forgotten_by_a_look_and_what_lives_is_not() {
        let store = MemoryStore::new();
        let sessions = Sessions::builder().store(store.clone()).build().await.unwrap();
        for number in 1..=4 {
            let handle = SessionHandle::from_u64(number.into());
            let user = if number == 4 { "bob" } else { "alice" };
            store.insert(NewSession::new(key(number), user, handle), LIMIT).await.unwrap();
            sessions.remember(handle, &user.into());
        }
        sessions.doubt(SessionHandle::from_u64(1));
        sessions.doubt(SessionHandle::from_u64(9));
        assert_eq!(sessions.all_remembered().await, [1, 2, 3, 4], "one has another token, and one is not known here");

        store.close(&key(1)).await.unwrap();
        sessions.doubt(SessionHandle::from_u64(1));
        assert_eq!(sessions.all_remembered().await, [2, 3, 4], "after a notification");

        store.close(&key(2)).await.unwrap();
        sessions.doubt_all();
        assert_eq!(sessions.all_remembered().await, [3, 4], "after the channel was lost");

        // No node is notified of what has expired.
        store.close(&key(3)).await.unwrap();
        let (now, idle) = (Instant::now(), sessions.longest_idle());
        let doubt_unmet = |at| {
            sessions.0.remembered.index().doubt_unmet(at, idle);
            sessions.look_at_doubted();
        };
        doubt_unmet(now + idle / 2);
        assert_eq!(sessions.all_remembered().await, [3, 4]);
        doubt_unmet(now + idle);
        assert_eq!(sessions.all_remembered().await, [4], "once it was not met for as long as a session lives");
    }
}
