//! Futures that are dropped on their way.

use super::lab::{Lab, drop_after, key, limit, session};
use crate::store::{Authenticated, NewSession, Rotation, WhenFull};

/// How often a future is polled before it is dropped.
pub(super) const POLLS: [u32; 10] = [0, 1, 2, 3, 4, 8, 16, 64, 256, 1024];

impl Lab {
    /// The user's live sessions among these keys, once the list and the look-ups agree: what was dropped may be under way.
    async fn settled(&self, user: &str, keys: std::ops::RangeInclusive<u64>) -> Vec<u64> {
        for _ in 0..100 {
            // Not both ways of finding, between which it may happen.
            let mut live = Vec::new();
            for number in keys.clone() {
                live.extend(self.store.find(&key(number)).await.expect("a look-up succeeds").map(|_| number));
            }
            let mut listed: Vec<_> = self.list(user).await.into_iter().map(|session| session.key).collect();
            listed.sort_by_key(|listed| keys.clone().position(|number| key(number) == *listed));
            if live.iter().map(|number| key(*number)).eq(listed) {
                return live;
            }
            tokio::task::yield_now().await;
        }
        panic!("the list and the look-ups do not agree");
    }
}

pub(super) async fn a_dropped_log_in_is_done_or_undone(lab: Lab) {
    for (round, polls) in (0..).zip(POLLS) {
        let (user, first) = (format!("user {round}"), 10 * round);
        for number in first..first + 3 {
            lab.open(session(&user, number)).await;
        }
        let new = NewSession { replaces: Some(key(first + 2)), ..session(&user, first + 3) };
        drop_after(polls, lab.store.insert(new, limit(2, WhenFull::CloseOldest))).await;
        let live = lab.settled(&user, first..=first + 3).await;
        let (undone, done) = (live == [first, first + 1, first + 2], live.len() == 2 && live.contains(&(first + 3)));
        assert!(undone || done, "half of it was done: {} are live", live.len());
        assert!(!done || !live.contains(&(first + 2)), "the new one is there, and so is the one it replaces");
    }
}

pub(super) async fn a_dropped_log_out_is_done_or_undone(lab: Lab) {
    for (round, polls) in (0..).zip(POLLS) {
        let (user, first) = (format!("user {round}"), 10 * round);
        for number in first..first + 4 {
            lab.open(session(&user, number)).await;
        }
        drop_after(polls, lab.store.close(&key(first))).await;
        let live = lab.settled(&user, first..=first + 3).await;
        assert!(live.len() >= 3 && live.contains(&(first + 3)), "more was closed than the one session");
        drop_after(polls, lab.store.close_all(&user.as_str().into(), Some(&key(first + 3)))).await;
        let live = lab.settled(&user, first..=first + 3).await;
        assert!(live.len() >= 3 || live == [first + 3], "half of it was done: {} are live", live.len());
    }
}

pub(super) async fn a_dropped_rotation_is_done_or_undone(lab: Lab) {
    for (round, polls) in (0..).zip(POLLS) {
        let (user, first) = (format!("user {round}"), 10 * round);
        lab.open(session(&user, first)).await;
        let rotation = Rotation { from: key(first), to: key(first + 1), authenticated: Authenticated::Now };
        drop_after(polls, lab.store.rotate(rotation)).await;
        let live = lab.settled(&user, first..=first + 1).await;
        assert_eq!(live.len(), 1, "one of the two keys is the session's");
    }
}
