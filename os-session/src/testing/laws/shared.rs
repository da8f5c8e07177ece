//! Two handles on one store, as two processes have them.

use std::time::Duration;

use super::lab::{Lab, ROOMY, SHORT, limit, session, short};
use super::slot_lab::{NEW, of_browser, of_session, of_user, put};
use crate::group::{self, GroupSet};
use crate::slots::{Expected, SlotWritten};
use crate::store::{Authenticated, End, WhenFull};

/// Two handles on the same empty store.
pub(super) struct Pair {
    pub(super) one: Lab,
    pub(super) other: Lab,
}

pub(super) async fn a_log_in_is_known_to_both(Pair { one, other }: Pair) {
    assert!(!other.is_live(1).await);
    one.open(session("alice", 1)).await;
    assert_eq!(other.find(1).await.expect("the other finds it").user, "alice");
    assert_eq!(other.listed("alice").await, [1], "and lists it");
    assert!(other.store.insert(session("bob", 1), ROOMY).await.is_err(), "its key is taken for both");
}

pub(super) async fn a_log_out_is_obeyed_by_both(Pair { one, other }: Pair) {
    for way in 0..3 {
        one.open(session("alice", way)).await;
        assert!(other.is_live(way).await);
        match way {
            0 => drop(one.close(way).await),
            1 => drop(one.close_handle("alice", way).await),
            _ => drop(one.open_within(session("alice", 10), limit(1, WhenFull::CloseOldest)).await),
        }
        assert!(!other.is_live(way).await, "the other does not find it");
        assert!(!other.touch(way).await, "nor touch it");
        assert!(!other.rotate(way, way + 20, Authenticated::Now).await, "nor rotate it");
        assert!(!other.listed("alice").await.contains(&way), "nor list it");
        assert_eq!(other.close(way).await, None, "nor close it again");
    }
}

pub(super) async fn a_log_out_everywhere_is_obeyed_by_both(Pair { one, other }: Pair) {
    for number in 1..=4 {
        let lab = if number % 2 == 0 { &one } else { &other };
        lab.open(session("alice", number)).await;
    }
    assert_eq!((one.live(1..=4).await.len(), other.live(1..=4).await.len()), (4, 4));
    assert_eq!(one.close_all("alice", Some(1)).await.len(), 3, "whoever opened them");
    assert_eq!(other.live(1..=4).await, [1]);
    assert_eq!(other.listed("alice").await, [1]);
}

pub(super) async fn a_new_token_is_obeyed_by_both(Pair { one, other }: Pair) {
    one.open(session("alice", 1)).await;
    assert_eq!(other.live(1..=2).await, [1]);
    one.rotate(1, 2, Authenticated::Now).await;
    assert_eq!(other.live(1..=2).await, [2]);
    assert!(!other.rotate(1, 3, Authenticated::Now).await, "the old key is nobody's");
    assert!(other.rotate(2, 3, Authenticated::Now).await, "the new one is");
    assert_eq!(one.live(1..=3).await, [3]);
}

pub(super) async fn activity_counts_for_both(Pair { one, other }: Pair) {
    one.open(session("alice", 1)).await;
    let opened = other.seen(1).await;
    for lab in [&one, &other, &one] {
        lab.clock.advance(Duration::from_mins(15));
        assert!(lab.touch(1).await, "it is live, whoever saw it last");
        assert_eq!(one.seen(1).await, other.seen(1).await, "and both know when that was");
    }
    assert!(other.seen(1).await.since(opened) >= Duration::from_mins(45));
}

pub(super) async fn the_limit_holds_over_both(Pair { one, other }: Pair) {
    for when_full in [WhenFull::CloseOldest, WhenFull::Refuse] {
        one.close_all("alice", None).await;
        let log_in =
            move |lab: Lab, number| async move { lab.open_within(session("alice", number), limit(3, when_full)).await };
        let (first, second) =
            tokio::join!(one.at_once(25, log_in), other.at_once(25, move |lab, number| log_in(lab, 100 + number)));
        let opened: Vec<_> = first.into_iter().chain(second).flatten().collect();
        let ended: usize = opened.iter().map(Vec::len).sum();
        assert_eq!(opened.len() - ended, 3, "every other was told to have ended, once ({when_full:?})");
        for lab in [&one, &other] {
            assert_eq!(lab.live((0..25).chain(100..125)).await.len(), 3, "exactly three are left ({when_full:?})");
            assert_eq!(lab.listed("alice").await.len(), 3);
        }
    }
}

pub(super) async fn groups_are_the_same_for_both(Pair { one, other }: Pair) {
    other.open(session("alice", 1)).await;
    assert_eq!(other.find(1).await.unwrap().groups, GroupSet::default());
    let names = group::named_in_rules();
    for name in ["staff"].iter().chain(names) {
        one.create_group(name).await;
        assert!(other.store.all_groups().await.unwrap().iter().any(|other| other == name), "the other knows it");
        assert!(one.add("alice", name).await);
        assert!(other.is_in("alice", name).await, "the other knows its member");
    }
    assert_eq!(other.find(1).await.unwrap().groups, names.iter().collect(), "and finds the groups with the session");
    for name in ["staff"].iter().chain(names) {
        assert!(one.remove("alice", name).await);
        assert!(!other.is_in("alice", name).await, "no member is left");
    }
    assert_eq!(other.find(1).await.unwrap().groups, GroupSet::default(), "not for a single request");
}

pub(super) async fn a_session_is_closed_once_by_both(Pair { one, other }: Pair) {
    for round in 0..5 {
        one.open(session("alice", round)).await;
        let close = move |lab: Lab, task| async move {
            match task % 2 {
                0 => lab.close(round).await.into_iter().count(),
                _ => lab.close_all("alice", None).await.len(),
            }
        };
        let (first, second) = tokio::join!(one.at_once(4, close), other.at_once(4, close));
        assert_eq!(first.into_iter().chain(second).sum::<usize>(), 1, "one of them is told");
        assert!(!one.is_live(round).await && !other.is_live(round).await);
    }
}

pub(super) async fn what_expired_is_told_once_by_both(Pair { one, other }: Pair) {
    const EXPIRED: u64 = 40;
    for number in 0..EXPIRED {
        one.open(short("alice", number)).await;
    }
    one.clock.advance(SHORT);
    let purge = |lab: Lab, _| async move { lab.purge(10).await };
    let (first, second) = tokio::join!(one.at_once(3, purge), other.at_once(3, purge));
    let mut told: Vec<_> = first.into_iter().chain(second).flatten().chain(one.purge(100).await).collect();
    told.sort_unstable_by_key(|(handle, _)| *handle);
    assert_eq!(told, (0..EXPIRED).map(|number| (number, End::Expired)).collect::<Vec<_>>());
    assert_eq!(other.purge(100).await, [], "nothing is left for the other");
}

pub(super) async fn a_slot_is_the_same_for_both(Pair { one, other }: Pair) {
    one.open(session("alice", 1)).await;
    for slot in [of_user("alice"), of_session(1), of_session(1).in_tab(1)] {
        assert_eq!(other.slot(&slot).await, None);
        let version = one.put(&slot, "first").await;
        assert_eq!(other.value(&slot).await.as_deref(), Some("first"), "the other reads it");
        let late = other.write(&slot, put("late").expecting(Expected::Absent)).await;
        assert_eq!(late, SlotWritten::Conflict, "and knows that it is there");
        let second = other.write(&slot, put("second").expecting(Expected::Version(version))).await;
        assert!(matches!(second, SlotWritten::Written(_)), "in which version");
        assert_eq!(one.value(&slot).await.as_deref(), Some("second"));
        one.remove_slot(&slot).await;
        assert_eq!(other.slot(&slot).await, None, "and that it is gone");
    }
}

pub(super) async fn slots_end_with_their_session_for_both(Pair { one, other }: Pair) {
    for way in 0..3 {
        one.open(session("alice", 1)).await;
        one.put(&of_session(1), "private").await;
        assert!(other.slot(&of_session(1)).await.is_some());
        match way {
            0 => drop(one.close(1).await),
            1 => drop(one.close_all("alice", None).await),
            _ => assert!(one.rotate(1, 2, Authenticated::Now).await),
        }
        assert_eq!(other.slot(&of_session(1)).await, None, "the other does not read it");
        assert_eq!(other.write(&of_session(1), put("late")).await, SlotWritten::NoOwner, "nor write it");
    }
}

pub(super) async fn increments_by_both_all_survive(Pair { one, other }: Pair) {
    one.browse(1, NEW).await;
    let counter = of_browser(1).named("counter");
    let (first, second) = (counter.clone(), counter.clone());
    tokio::join!(
        one.at_once(32, move |lab, _| {
            let counter = first.clone();
            async move { lab.increment(&counter).await }
        }),
        other.at_once(32, move |lab, _| {
            let counter = second.clone();
            async move { lab.increment(&counter).await }
        }),
    );
    for lab in [&one, &other] {
        assert_eq!(lab.value(&counter).await.as_deref(), Some("64"), "none is lost");
    }
}

pub(super) async fn a_browser_is_the_same_for_both(Pair { one, other }: Pair) {
    one.open(session("alice", 7)).await;
    one.browse(1, NEW).await;
    assert_eq!(other.browsers(1..=2).await, [1], "the other finds it");
    assert!(other.rotate_browser(1, 2, Some(7)).await);
    assert_eq!(one.browsers(1..=2).await, [2], "under the key that it has now");
    assert!(!one.touch_browser(1).await && one.touch_browser(2).await);
    one.close_all_with_browsers("alice").await;
    assert_eq!(other.browsers(1..=2).await, [0; 0], "until it is forgotten");
    assert!(!other.touch_browser(2).await);
}
