//! A user's sessions, as the user sees them.

use std::time::Duration;

use super::lab::{Lab, key, session};

pub(super) async fn a_list_shows_the_users_live_sessions_latest_first(lab: Lab) {
    // Neither keys nor handles tell the order.
    for number in [2, 1, 3] {
        lab.open(session("alice", number)).await;
        lab.clock.advance(Duration::from_secs(10));
    }
    lab.open(session("bob", 4)).await;
    assert_eq!(lab.listed("alice").await, [3, 1, 2], "the latest opened first");
    lab.touch(1).await;
    let listed = lab.list("alice").await;
    assert_eq!(
        listed.iter().map(|session| session.key).collect::<Vec<_>>(),
        [key(1), key(3), key(2)],
        "or latest seen"
    );
    assert!(listed.iter().all(|session| session.device.as_deref() == Some("Firefox on Linux")));
    assert!(listed[0].seen > listed[0].opened, "with the moment of its activity");
    assert_eq!(listed[1].seen, listed[1].opened, "or of its log-in");
    assert_eq!(lab.listed("nobody").await, [0; 0]);
}

pub(super) async fn of_sessions_seen_together_the_latest_opened_is_listed_first(lab: Lab) {
    if lab.seen_together().await {
        assert_eq!(lab.listed("alice").await, [1, 2]);
    }
}

impl Lab {
    /// Opens session 2 and later 1, and has both seen in the same millisecond. On a slow day that does not happen.
    pub(super) async fn seen_together(&self) -> bool {
        for number in [2, 1] {
            self.open(session("alice", number)).await;
            self.clock.advance(Duration::from_secs(10));
        }
        for _ in 0..50 {
            self.touch(1).await;
            self.touch(2).await;
            if self.seen(1).await == self.seen(2).await {
                return true;
            }
        }
        false
    }
}
