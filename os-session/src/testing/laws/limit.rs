//! How many sessions a user may have, and what a new one takes the place of.

use std::time::Duration;

use super::lab::{Lab, SHORT, key, limit, session, short};
use crate::store::{End, NewSession, WhenFull};

pub(super) async fn the_limit_closes_the_least_recently_seen(lab: Lab) {
    let three = limit(3, WhenFull::CloseOldest);
    for number in 1..=3 {
        lab.open_within(session("alice", number), three).await;
        lab.clock.advance(Duration::from_secs(10));
    }
    lab.open(session("bob", 9)).await;
    lab.touch(1).await;
    lab.clock.advance(Duration::from_secs(10));
    let ended = lab.open_within(session("alice", 4), three).await;
    assert_eq!(ended, Some(vec![(2, End::Evicted)]), "2 was seen least recently");
    assert_eq!(lab.live(1..=9).await, [1, 3, 4, 9]);
    let ended = lab.open_within(session("alice", 5), limit(1, WhenFull::CloseOldest)).await;
    assert_eq!(ended.map(|ended| ended.len()), Some(3), "a limit that was lowered is reached at once");
    assert_eq!(lab.live(1..=9).await, [5, 9]);
}

pub(super) async fn of_sessions_seen_together_the_first_opened_is_closed(lab: Lab) {
    if lab.seen_together().await {
        let ended = lab.open_within(session("alice", 3), limit(2, WhenFull::CloseOldest)).await;
        assert_eq!(ended, Some(vec![(2, End::Evicted)]));
    }
}

pub(super) async fn the_limit_that_refuses_changes_nothing(lab: Lab) {
    let two = limit(2, WhenFull::Refuse);
    lab.open_within(session("alice", 1), two).await.expect("there is room for one");
    lab.open_within(session("alice", 2), two).await.expect("and for two");
    assert_eq!(lab.open_within(session("alice", 3), two).await, None, "but not for three");
    lab.open(session("bob", 4)).await;
    let replacing = NewSession { replaces: Some(key(4)), ..session("alice", 3) };
    assert_eq!(lab.open_within(replacing, two).await, None, "nor does another user's session make room");
    assert_eq!(lab.live(1..=4).await, [1, 2, 4], "and none was replaced for nothing");
    lab.close(1).await;
    lab.open_within(session("alice", 3), two).await.expect("there is room again");
}

pub(super) async fn the_limit_counts_only_what_stays(lab: Lab) {
    let two = limit(2, WhenFull::Refuse);
    lab.open(short("alice", 1)).await;
    lab.open(session("alice", 2)).await;
    lab.clock.advance(SHORT);
    let ended = lab.open_within(session("alice", 3), two).await.expect("an expired session takes no room");
    assert!(ended.is_empty() || ended == [(1, End::Expired)]);
    let replacing = NewSession { replaces: Some(key(3)), ..session("alice", 4) };
    let ended = lab.open_within(replacing, two).await.expect("nor does one that is replaced");
    assert_eq!(ended, [(3, End::Replaced)]);
    assert_eq!(lab.live(1..=4).await, [2, 4]);
    let replacing = NewSession { replaces: Some(key(2)), ..session("alice", 5) };
    let ended = lab.open_within(replacing, limit(2, WhenFull::CloseOldest)).await;
    assert_eq!(ended, Some(vec![(2, End::Replaced)]), "and nothing is evicted for it");
    assert_eq!(lab.live(1..=5).await, [4, 5]);
}

pub(super) async fn the_limit_counts_the_sessions_of_that_user(lab: Lab) {
    for (user, first) in [("alice", 10), ("bob", 20), ("al", 30)] {
        for number in first..first + 2 {
            let ended = lab.open_within(session(user, number), limit(2, WhenFull::Refuse)).await;
            assert_eq!(ended, Some(Vec::new()), "{user} has room for two, whatever others have");
        }
    }
    let ended = lab.open_within(session("alice", 12), limit(1, WhenFull::CloseOldest)).await;
    assert_eq!(ended, Some(vec![(10, End::Evicted), (11, End::Evicted)]), "and only alice's are closed for hers");
}

pub(super) async fn the_limit_holds_under_parallel_log_ins(lab: Lab) {
    for when_full in [WhenFull::CloseOldest, WhenFull::Refuse] {
        lab.close_all("alice", None).await;
        let log_ins = lab
            .at_once(50, move |lab, number| async move {
                lab.open_within(session("alice", number), limit(3, when_full)).await
            })
            .await;
        let opened: Vec<_> = log_ins.into_iter().flatten().collect();
        let ended: usize = opened.iter().map(Vec::len).sum();
        assert_eq!(lab.live(0..50).await.len(), 3, "exactly three are left ({when_full:?})");
        assert_eq!(opened.len() - ended, 3, "and every other was told to have ended, once");
        assert_eq!(lab.listed("alice").await.len(), 3);
    }
}

pub(super) async fn a_session_takes_the_place_of_another_in_one_step(lab: Lab) {
    lab.open(session("alice", 1)).await;
    let new = NewSession { replaces: Some(key(1)), ..session("bob", 2) };
    assert_eq!(lab.open(new).await, [(1, End::Replaced)], "of whichever user it was");
    assert_eq!(lab.live(1..=2).await, [2]);
    let new = NewSession { replaces: Some(key(1)), ..session("bob", 3) };
    assert_eq!(lab.open(new).await, [], "what is gone already is told no second time");
    let new = NewSession { replaces: Some(key(77)), ..session("bob", 4) };
    assert_eq!(lab.open(new).await, [], "nor what never was");
    assert_eq!(lab.live(1..=4).await, [2, 3, 4]);
}

pub(super) async fn what_expired_is_not_replaced(lab: Lab) {
    lab.open(short("alice", 1)).await;
    lab.clock.advance(SHORT);
    let new = NewSession { replaces: Some(key(1)), ..session("bob", 2) };
    let mut told = lab.open(new).await;
    told.extend(lab.purge(10).await);
    assert_eq!(told, [(1, End::Expired)], "its time was over before anything took its place");
}
