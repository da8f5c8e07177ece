//! The removal of what expired.

use std::time::Duration;

use super::lab::{Lab, SHORT, session, short};
use crate::store::End;

pub(super) async fn a_purge_removes_what_expired_and_nothing_else(lab: Lab) {
    for number in 1..=5 {
        lab.open(short(if number % 2 == 0 { "alice" } else { "bob" }, number)).await;
    }
    lab.open(session("alice", 6)).await;
    assert_eq!(lab.purge(100).await, [], "nothing has expired");
    lab.clock.advance(SHORT / 2);
    lab.touch(5).await;
    lab.clock.advance(SHORT / 2);

    let mut purged = Vec::new();
    for most in [2, 2, 2] {
        let batch = lab.purge(most).await;
        assert!(batch.len() <= most, "a batch is no larger than was asked for");
        purged.extend(batch);
    }
    purged.sort_unstable_by_key(|(handle, _)| *handle);
    assert_eq!(purged, [1, 2, 3, 4].map(|number| (number, End::Expired)), "each is told once");
    assert_eq!(lab.purge(100).await, []);
    assert_eq!(lab.live(5..=6).await, [5, 6], "what was seen meanwhile is live");
    lab.clock.advance(Duration::from_hours(24 * 365));
    assert_eq!(lab.purge(100).await.len(), 2, "until it expires as well");
}

pub(super) async fn a_purge_of_none_removes_none(lab: Lab) {
    lab.open(short("alice", 1)).await;
    lab.clock.advance(SHORT);
    assert_eq!(lab.purge(0).await, [], "none was asked for");
    assert_eq!(lab.purge(usize::MAX).await, [(1, End::Expired)], "all were asked for");
}

pub(super) async fn many_are_purged_in_batches(lab: Lab) {
    const MANY: u64 = 300;
    const MOST: usize = 128;
    lab.at_once(4, |lab, task| async move {
        for number in (task..MANY).step_by(4) {
            lab.open(short(&format!("user {}", number % 50), number)).await;
        }
    })
    .await;
    lab.clock.advance(SHORT);
    let mut purged = Vec::new();
    for _ in 0..=MANY {
        let batch = lab.purge(MOST).await;
        let last = batch.len() < MOST;
        purged.extend(batch.into_iter().map(|(handle, _)| handle));
        if last {
            break;
        }
    }
    purged.sort_unstable();
    assert_eq!(purged, (0..MANY).collect::<Vec<_>>(), "fewer than asked for means that none is left");
}

pub(super) async fn purges_and_log_ins_at_once_tell_each_end_once(lab: Lab) {
    const USERS: u64 = 8;
    const EXPIRED: u64 = 40;
    for number in 0..EXPIRED {
        lab.open(short(&format!("user {}", number % USERS), number)).await;
    }
    lab.clock.advance(SHORT);
    let told = lab
        .at_once(2 * USERS, |lab, number| async move {
            match number {
                ..USERS => lab.open(session(&format!("user {number}"), 100 + number)).await,
                _ => lab.purge(10).await,
            }
        })
        .await;
    let mut told: Vec<_> = told.into_iter().flatten().chain(lab.purge(100).await).collect();
    told.sort_unstable_by_key(|(handle, _)| *handle);
    assert_eq!(told, (0..EXPIRED).map(|number| (number, End::Expired)).collect::<Vec<_>>());
    assert_eq!(lab.live(100..100 + USERS).await.len(), 8, "and what was opened meanwhile is live");
}
