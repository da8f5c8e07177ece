//! Changes that meet: one of them comes first, and the other sees it.

use super::lab::{Lab, session};
use crate::store::{Authenticated, End};

pub(super) async fn of_parallel_rotations_one_wins(lab: Lab) {
    for round in 0..5 {
        let first = 100 * round;
        lab.open(session("alice", first)).await;
        let rotated = lab
            .at_once(8, move |lab, task| async move {
                lab.rotate(first, first + 1 + task, Authenticated::Now).await.then_some(first + 1 + task)
            })
            .await;
        let winners: Vec<_> = rotated.into_iter().flatten().collect();
        assert_eq!(winners.len(), 1, "the key is exchanged once");
        assert_eq!(lab.live(first..first + 10).await, winners, "for the key that won");
        assert_eq!(lab.close_all("alice", None).await, [(first, End::Closed)], "and it is one session");
    }
}

pub(super) async fn a_rotation_or_a_log_out_wins_never_both(lab: Lab) {
    for round in 0..10 {
        let first = 100 * round;
        lab.open(session("alice", first)).await;
        let done = lab
            .at_once(2, move |lab, task| async move {
                match task {
                    0 => lab.rotate(first, first + 1, Authenticated::Now).await,
                    _ => lab.close(first).await.is_some(),
                }
            })
            .await;
        assert_ne!(done[0], done[1], "the key is exchanged or closed");
        assert_eq!(lab.is_live(first + 1).await, done[0], "and what was closed has no new token");
        assert!(!lab.is_live(first).await);

        let second = first + 50;
        lab.open(session("bob", second)).await;
        lab.at_once(2, move |lab, task| async move {
            match task {
                0 => drop(lab.rotate(second, second + 1, Authenticated::Now).await),
                _ => assert_eq!(lab.close_all("bob", None).await.len(), 1, "under either key it is bob's"),
            }
        })
        .await;
        assert!(lab.live(second..second + 2).await.is_empty(), "a log-out everywhere wins in any case");
    }
}

pub(super) async fn parallel_activity_revives_nothing(lab: Lab) {
    for round in 0..10 {
        lab.open(session("alice", round)).await;
        lab.at_once(8, move |lab, task| async move {
            match task {
                4 => assert!(lab.close(round).await.is_some(), "it is live until it is closed"),
                _ => drop(lab.touch(round).await),
            }
        })
        .await;
        assert!(!lab.is_live(round).await, "what was closed stays closed");
    }
    assert_eq!(lab.listed("alice").await, [0; 0], "and is not listed");
}

pub(super) async fn a_log_out_everywhere_among_log_ins_tells_each_end_once(lab: Lab) {
    let answers = lab
        .at_once(32, |lab, task| async move {
            match task % 4 {
                3 => (None, lab.close_all("alice", None).await),
                _ => (Some(task), lab.open(session("alice", task)).await),
            }
        })
        .await;
    let opened: Vec<_> = answers.iter().filter_map(|(opened, _)| *opened).collect();
    let mut ended: Vec<_> = answers.into_iter().flat_map(|(_, told)| told).map(|(handle, _)| handle).collect();
    let live = lab.live(opened.iter().copied()).await;
    let mut listed = lab.listed("alice").await;
    listed.sort_unstable();
    assert_eq!(listed, live, "the list and the look-ups agree");
    ended.extend(live);
    ended.sort_unstable();
    assert_eq!(ended, opened, "each session is live, or was told to have ended, once");
}
