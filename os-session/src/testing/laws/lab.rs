//! What a law works with: an empty store, a clock, and short words for what every law does.

use std::future::Future;
use std::num::NonZeroU32;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use crate::change::Change;
use crate::clock::{Clock, Timestamp};
use crate::store::{
    AnyStore, Authenticated, End, Ended, Found, Inserted, Limit, Listed, NewSession, Rotation, SessionHandle, WhenFull,
};
use crate::token::SessionKey;
use crate::user::UserId;

/// A store of its own for each law, and the clock that tells its time.
#[derive(Clone)]
pub(super) struct Lab {
    pub(super) store: Arc<dyn AnyStore>,
    pub(super) clock: Clock,
}

pub(super) const IDLE: Duration = Duration::from_mins(20);
/// Time that passes without an end, for sure.
pub(super) const NEARLY_IDLE: Duration = Duration::from_mins(19);
pub(super) const ABSOLUTE: Duration = Duration::from_secs(10_000);
pub(super) const ROOMY: Limit = Limit { sessions: NonZeroU32::new(1000).unwrap(), when_full: WhenFull::CloseOldest };

pub(super) fn key(number: u64) -> SessionKey {
    let mut bytes = [0; 32];
    for chunk in bytes.chunks_exact_mut(8) {
        chunk.copy_from_slice(&number.to_le_bytes());
    }
    SessionKey::from_bytes(bytes)
}

pub(super) fn handle(number: u64) -> SessionHandle {
    SessionHandle::from_u64(number)
}

pub(super) fn session(user: &str, number: u64) -> NewSession {
    NewSession {
        device: Some("Firefox on Linux".into()),
        idle: IDLE,
        absolute: ABSOLUTE,
        ..NewSession::new(key(number), user, handle(number))
    }
}

/// A session that is over in a minute.
pub(super) fn short(user: &str, number: u64) -> NewSession {
    NewSession { idle: SHORT, ..session(user, number) }
}

pub(super) const SHORT: Duration = Duration::from_mins(1);

/// Far longer than anything takes that does not wait for a node, and shorter than the longest lease.
pub(super) const PATIENCE: Duration = Duration::from_secs(8);

/// What is told of a session that is no more, or no longer what it was.
pub(super) fn ended(number: u64) -> Change {
    Change::Session(handle(number))
}

pub(super) fn limit(sessions: u32, when_full: WhenFull) -> Limit {
    Limit { sessions: NonZeroU32::new(sessions).expect("a limit is positive"), when_full }
}

/// Which sessions ended and why, by their handles.
pub(super) fn told(ended: Vec<Ended>) -> Vec<(u64, End)> {
    let mut told: Vec<_> = ended.into_iter().map(|ended| (ended.handle.as_u64(), ended.why)).collect();
    told.sort_by_key(|(handle, _)| *handle);
    told
}

/// Polls a future so many times and drops it, as a request that is gone does.
pub(super) async fn drop_after<T>(polls: u32, future: impl Future<Output = T>) {
    let mut future = pin!(future);
    for _ in 0..polls {
        let ready = std::future::poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx).is_ready())).await;
        if ready {
            return;
        }
        tokio::task::yield_now().await;
    }
}

impl Lab {
    pub(super) async fn open(&self, new: NewSession) -> Vec<(u64, End)> {
        self.open_within(new, ROOMY).await.expect("the limit is roomy")
    }

    /// `None`: the limit refused.
    pub(super) async fn open_within(&self, new: NewSession, limit: Limit) -> Option<Vec<(u64, End)>> {
        match self.store.insert(new, limit).await.expect("an insertion succeeds") {
            Inserted::Opened(ended) => Some(told(ended)),
            Inserted::Full => None,
        }
    }

    /// What all ways of finding say, which must be the same. The quick way is asked before and after, since the slow one
    /// may correct what it remembers.
    pub(super) async fn find(&self, number: u64) -> Option<Found> {
        let same = |found: Option<Found>| found.map(|found| Found { now: found.opened, ..found });
        let before = self.store.find_now(&key(number));
        let found = self.store.find(&key(number)).await.expect("a look-up succeeds");
        for quick in [before, self.store.find_now(&key(number))].into_iter().flatten() {
            let quick = quick.expect("a look-up succeeds");
            assert_eq!(same(quick), same(found.clone()), "find_now and find disagree");
        }
        found
    }

    pub(super) async fn is_live(&self, number: u64) -> bool {
        self.find(number).await.is_some()
    }

    pub(super) async fn live(&self, numbers: impl IntoIterator<Item = u64>) -> Vec<u64> {
        let mut live = Vec::new();
        for number in numbers {
            if self.is_live(number).await {
                live.push(number);
            }
        }
        live
    }

    pub(super) async fn touch(&self, number: u64) -> bool {
        self.store.touch(&key(number)).await.expect("activity can be written")
    }

    pub(super) async fn rotate(&self, from: u64, to: u64, authenticated: Authenticated) -> bool {
        let rotation = Rotation { from: key(from), to: key(to), authenticated };
        self.store.rotate(rotation).await.expect("a rotation succeeds")
    }

    pub(super) async fn close(&self, number: u64) -> Option<(u64, End)> {
        let ended = self.store.close(&key(number)).await.expect("closing succeeds");
        ended.map(|ended| (ended.handle.as_u64(), ended.why))
    }

    pub(super) async fn close_handle(&self, user: &str, number: u64) -> Option<(u64, End)> {
        let ended = self.store.close_handle(&user.into(), handle(number)).await.expect("closing succeeds");
        ended.map(|ended| (ended.handle.as_u64(), ended.why))
    }

    pub(super) async fn close_all(&self, user: &str, except: Option<u64>) -> Vec<(u64, End)> {
        let except = except.map(key);
        told(self.store.close_all(&user.into(), except.as_ref()).await.expect("closing succeeds"))
    }

    pub(super) async fn close_all_with_browsers(&self, user: &str) -> Vec<(u64, End)> {
        told(self.store.close_all_with_browsers(&user.into()).await.expect("closing succeeds"))
    }

    pub(super) async fn list(&self, user: &str) -> Vec<Listed> {
        self.store.list(&user.into()).await.expect("a list succeeds")
    }

    /// The handles of the user's sessions, in the order of the list.
    pub(super) async fn listed(&self, user: &str) -> Vec<u64> {
        self.list(user).await.into_iter().map(|session| session.handle.as_u64()).collect()
    }

    pub(super) async fn purge(&self, most: usize) -> Vec<(u64, End)> {
        told(self.store.purge(most).await.expect("a purge succeeds"))
    }

    pub(super) async fn create_group(&self, name: &str) {
        self.store.create_group(name).await.expect("a group is created");
    }

    pub(super) async fn add(&self, user: &str, group: &str) -> bool {
        self.store.add_to_group(&user.into(), group).await.expect("a membership is written")
    }

    pub(super) async fn remove(&self, user: &str, group: &str) -> bool {
        self.store.remove_from_group(&user.into(), group).await.expect("a membership is written")
    }

    pub(super) async fn is_in(&self, user: &str, group: &str) -> bool {
        self.store.in_group(&UserId::from(user), group).await.expect("a membership is read")
    }

    pub(super) async fn publish(&self, change: &Change) {
        self.store.publish(change).await.expect("a change is published");
    }

    /// When the session was last seen.
    pub(super) async fn seen(&self, number: u64) -> Timestamp {
        self.find(number).await.expect("the session is live").seen
    }

    /// Runs something in so many tasks at once, each with its number, and gathers the answers.
    pub(super) async fn at_once<T, F>(&self, tasks: u64, work: impl Fn(Self, u64) -> F) -> Vec<T>
    where
        F: Future<Output = T> + Send + 'static,
        T: Send + 'static,
    {
        let spawned: Vec<_> = (0..tasks).map(|number| tokio::spawn(work(self.clone(), number))).collect();
        let mut answers = Vec::new();
        for task in spawned {
            answers.push(task.await.expect("no task panics"));
        }
        answers
    }
}
