//! From the insertion of a session to its end.

use std::time::Duration;

use super::lab::{ABSOLUTE, IDLE, Lab, NEARLY_IDLE, ROOMY, key, limit, session, short};
use crate::store::{Authenticated, End, Inserted, NewSession, WhenFull};

pub(super) async fn what_is_inserted_is_found_until_it_is_closed(lab: Lab) {
    let new = NewSession { expire: true, ..session("alice", 1) };
    assert_eq!(lab.open(new).await, [], "nothing ends by a first log-in");
    lab.open(session("alice", 2)).await;
    let found = lab.find(1).await.expect("a session that was inserted is found");
    assert_eq!((found.user.as_str(), found.handle.as_u64()), ("alice", 1), "with its user and its handle");
    assert!(found.expire, "with what was said of its cookie");
    assert!(!lab.find(2).await.expect("so is the other").expire, "each with its own");
    assert_eq!((found.seen, found.authenticated), (found.opened, found.opened), "a log-in is activity and proof");
    assert_eq!(found.ends, found.opened.after(ABSOLUTE), "the absolute end counts from the log-in");
    assert_eq!(found.expires, found.opened.after(IDLE), "and it expires before that");
    assert!(found.now >= found.opened, "time does not run backwards");

    let ended = lab.store.close(&key(1)).await.unwrap().expect("closing a session tells which it was");
    assert_eq!((ended.user.as_str(), ended.handle.as_u64(), ended.why), ("alice", 1, End::Closed));
    assert_eq!(lab.live(1..=2).await, [2], "a closed session is not found, the other is");
}

pub(super) async fn a_key_that_was_never_inserted_is_nothing(lab: Lab) {
    lab.open(session("alice", 1)).await;
    assert_eq!(lab.find(2).await, None);
    assert!(!lab.touch(2).await, "there is nothing to touch");
    assert!(!lab.rotate(2, 3, Authenticated::Now).await, "there is nothing to rotate");
    assert_eq!(lab.close(2).await, None, "there is nothing to close");
    assert_eq!(lab.live(1..=3).await, [1], "and none of that inserted anything");
}

pub(super) async fn a_key_is_inserted_once(lab: Lab) {
    lab.open(session("alice", 1)).await;
    let same_key = NewSession { user: "bob".into(), ..session("alice", 1) };
    assert!(lab.store.insert(same_key, ROOMY).await.is_err(), "a taken key is an error");
    assert_eq!(lab.find(1).await.expect("the first is still there").user, "alice");
    assert_eq!(lab.listed("bob").await, [0; 0], "and there is no second");
}

pub(super) async fn a_taken_key_changes_nothing(lab: Lab) {
    for number in 1..=3 {
        lab.open(session("alice", number)).await;
    }
    lab.open(session("bob", 4)).await;
    for when_full in [WhenFull::CloseOldest, WhenFull::Refuse] {
        let taken = NewSession { key: key(4), replaces: Some(key(3)), ..session("alice", 5) };
        let answer = lab.store.insert(taken, limit(2, when_full)).await;
        assert!(!matches!(answer, Ok(Inserted::Opened(_))), "a taken key opens nothing");
        assert_eq!(lab.live(1..=4).await, [1, 2, 3, 4], "nothing was evicted and nothing replaced");
        assert_eq!(lab.find(4).await.unwrap().user, "bob", "the key is still its owner's");
    }
}

pub(super) async fn a_session_ends_when_it_was_idle_too_long(lab: Lab) {
    lab.open(session("alice", 1)).await;
    lab.clock.advance(NEARLY_IDLE);
    assert!(lab.is_live(1).await, "it is live until then");
    lab.clock.advance(Duration::from_mins(1));
    assert!(!lab.is_live(1).await, "and not afterwards");
}

pub(super) async fn activity_lengthens_a_session_but_not_beyond_its_absolute_end(lab: Lab) {
    lab.open(session("alice", 1)).await;
    let opened = lab.find(1).await.unwrap();
    for round in 1..=11 {
        lab.clock.advance(Duration::from_mins(15));
        assert!(lab.touch(1).await, "a live session is touched");
        let found = lab.find(1).await.expect("it is live again for a while");
        assert!(found.seen.since(opened.seen) >= Duration::from_mins(15) * round, "and was seen");
        assert_eq!((found.opened, found.ends), (opened.opened, opened.ends), "but opened, and ends, when it did");
        assert_eq!(
            found.expires,
            found.seen.after(IDLE).min(found.ends),
            "it expires later, and not later than it ends"
        );
        assert_eq!(found.authenticated, opened.authenticated, "and activity proves nothing");
    }
    lab.clock.advance(Duration::from_secs(100));
    assert!(!lab.is_live(1).await, "its absolute end has come");
    assert!(!lab.touch(1).await, "for activity as well");
}

pub(super) async fn activity_is_of_one_session(lab: Lab) {
    lab.open(session("alice", 1)).await;
    lab.open(session("alice", 2)).await;
    let (opened, longer) = (lab.seen(2).await, Duration::from_mins(10));
    lab.clock.advance(longer);
    lab.touch(1).await;
    assert_eq!(lab.seen(2).await, opened, "the other session was not seen");
    lab.clock.advance(longer);
    assert_eq!(lab.live(1..=2).await, [1], "and is over");
}

pub(super) async fn what_ended_is_not_brought_back(lab: Lab) {
    for number in 1..=3 {
        lab.open(session("alice", number)).await;
    }
    lab.close(1).await;
    lab.close_handle("alice", 2).await;
    lab.close_all("alice", None).await;
    for number in 1..=3 {
        assert!(!lab.touch(number).await, "activity comes too late");
        assert!(!lab.rotate(number, number + 10, Authenticated::Now).await, "a rotation comes too late");
    }
    assert!(lab.live(1..=13).await.is_empty(), "and nothing is back");
    assert_eq!(lab.listed("alice").await, [0; 0]);
}

pub(super) async fn an_expired_session_is_nothing_even_before_it_is_purged(lab: Lab) {
    // One by idleness, the other by its absolute end.
    let absolutely = NewSession { absolute: IDLE, idle: ABSOLUTE, ..session("alice", 2) };
    lab.open(session("alice", 1)).await;
    lab.open(absolutely).await;
    lab.clock.advance(IDLE);
    assert!(lab.live(1..=2).await.is_empty(), "it is not found");
    assert_eq!(lab.listed("alice").await, [0; 0], "nor listed");
    for number in 1..=2 {
        assert!(!lab.touch(number).await, "nor touched");
        assert!(!lab.rotate(number, number + 10, Authenticated::Now).await, "nor rotated");
    }
    assert!(lab.live(1..=12).await.is_empty(), "and none of that revived it");
    if let Some((_, why)) = lab.close(1).await {
        assert_eq!(why, End::Expired, "it was not closed: its time was over");
    }
    let one = limit(1, WhenFull::Refuse);
    assert!(lab.open_within(short("alice", 3), one).await.is_some(), "it is not counted");
}
