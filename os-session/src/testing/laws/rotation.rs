//! A new token for the same session.

use std::time::Duration;

use super::lab::{IDLE, Lab, NEARLY_IDLE, ROOMY, handle, key, limit, session};
use crate::group;
use crate::store::{Authenticated, End, Found, NewSession, Rotation, WhenFull};

pub(super) async fn a_rotation_moves_the_session_to_the_new_key(lab: Lab) {
    lab.open(session("alice", 1)).await;
    assert!(lab.rotate(1, 2, Authenticated::Unchanged).await);
    assert!(!lab.is_live(1).await, "the old key opens nothing");
    assert!(lab.is_live(2).await, "the new one does");
    let listed = lab.list("alice").await;
    assert_eq!(listed.len(), 1, "it is one session");
    assert_eq!(listed[0].key, key(2), "listed under its new key");
    assert!(!lab.touch(1).await, "activity under the old key is nobody's");
    assert_eq!(lab.close(1).await, None, "and the old key closes nothing");
    assert_eq!(lab.close_all("alice", None).await, [(1, End::Closed)]);
    assert!(lab.live(1..=2).await.is_empty());
}

pub(super) async fn a_rotation_changes_nothing_else(lab: Lab) {
    for name in group::named_in_rules() {
        lab.create_group(name).await;
        lab.add("alice", name).await;
    }
    for number in 1..=3 {
        lab.open(NewSession { expire: true, ..session("alice", number) }).await;
        lab.clock.advance(Duration::from_secs(10));
    }
    let (before, listed) = (lab.find(2).await.unwrap(), lab.listed("alice").await);
    assert!(lab.rotate(2, 12, Authenticated::Unchanged).await);
    let after = lab.find(12).await.expect("it is live");
    assert_eq!(Found { now: before.now, ..after }, before, "it is the same session");
    assert_eq!(lab.listed("alice").await, listed, "at the same place of the list");
    assert!(lab.list("alice").await.iter().all(|session| session.device.as_deref() == Some("Firefox on Linux")));

    // A new token is no activity.
    lab.rotate(1, 11, Authenticated::Now).await;
    let ended = lab.open_within(session("alice", 4), limit(3, WhenFull::CloseOldest)).await;
    assert_eq!(ended, Some(vec![(1, End::Evicted)]), "and it is evicted in its turn");
    lab.clock.advance(NEARLY_IDLE);
    assert!(lab.rotate(12, 22, Authenticated::Now).await, "it is live until it was idle too long");
    lab.clock.advance(IDLE.saturating_sub(NEARLY_IDLE));
    assert!(!lab.is_live(22).await, "and a new token does not lengthen it");
}

pub(super) async fn a_rotation_says_when_the_user_was_authenticated(lab: Lab) {
    lab.open(session("alice", 1)).await;
    let first = lab.find(1).await.unwrap().authenticated;
    lab.clock.advance(Duration::from_secs(500));
    lab.rotate(1, 2, Authenticated::Unchanged).await;
    assert_eq!(lab.find(2).await.unwrap().authenticated, first, "unchanged");
    lab.rotate(2, 3, Authenticated::Now).await;
    assert!(lab.find(3).await.unwrap().authenticated.since(first) >= Duration::from_secs(500), "now");
    lab.rotate(3, 4, Authenticated::At(first)).await;
    assert_eq!(lab.find(4).await.unwrap().authenticated, first, "then");
}

pub(super) async fn a_rotation_onto_a_taken_key_changes_nothing(lab: Lab) {
    lab.open(session("alice", 1)).await;
    lab.open(session("bob", 2)).await;
    let rotation = Rotation { from: key(1), to: key(2), authenticated: Authenticated::Unchanged };
    assert!(lab.store.rotate(rotation).await.is_err(), "a taken key is an error");
    assert_eq!(lab.find(1).await.expect("the first is still there").user, "alice");
    assert_eq!(lab.find(2).await.expect("so is the second").user, "bob");
    assert_eq!((lab.listed("alice").await, lab.listed("bob").await), (vec![1], vec![2]));
}

pub(super) async fn a_rotation_onto_its_own_key_loses_nothing(lab: Lab) {
    lab.open(session("alice", 1)).await;
    let before = lab.find(1).await.unwrap();
    lab.clock.advance(Duration::from_secs(10));
    let rotation = Rotation { from: key(1), to: key(1), authenticated: Authenticated::Unchanged };
    if let Ok(rotated) = lab.store.rotate(rotation).await {
        assert!(rotated, "the session is live, so if that is no error, it is done");
    }
    let after = lab.find(1).await.expect("it is live");
    assert_eq!(Found { now: before.now, ..after }, before, "and as it was");
    assert_eq!(lab.listed("alice").await, [1], "once");
    assert_eq!(lab.close(1).await, Some((1, End::Closed)));
    assert!(!matches!(lab.store.rotate(rotation).await, Ok(true)), "what was closed has no token to exchange");
    assert!(!lab.is_live(1).await, "and does not come back");
}

pub(super) async fn a_log_in_replaces_the_session_that_it_names_under_whichever_key(lab: Lab) {
    let replacing = |new: NewSession, number, user: &str| NewSession {
        replaces: Some(key(number)),
        replaces_session: Some((user.into(), handle(number))),
        ..new
    };
    for user in ["alice", "bob"] {
        lab.open(session("alice", 1)).await;
        lab.open(session("alice", 2)).await;
        lab.rotate(1, 11, Authenticated::Now).await;
        lab.rotate(11, 12, Authenticated::Unchanged).await;
        let new = replacing(session(user, 3), 1, "alice");
        let ended = lab.open_within(new, limit(2, WhenFull::Refuse)).await;
        assert_eq!(ended, Some(vec![(1, End::Replaced)]), "it keeps its name, and takes no room beside the new one");
        assert_eq!(lab.live([1, 2, 3, 11, 12]).await, [2, 3]);

        let new = replacing(session(user, 4), 3, user);
        assert_eq!(lab.open(new).await, [(3, End::Replaced)], "named twice, it ends once");
        let new = replacing(session(user, 5), 3, user);
        assert_eq!(lab.open(new).await, [], "what is gone is not there to be replaced");
        let new = replacing(session(user, 6), 2, "carol");
        assert_eq!(lab.open(new).await, [(2, End::Replaced)], "the key that is there is what counts");
        lab.rotate(4, 14, Authenticated::Now).await;
        let new = replacing(session(user, 7), 4, "carol");
        assert_eq!(lab.open(new).await, [], "a name is of the user's own sessions");
        lab.close_all("alice", None).await;
        lab.close_all("bob", None).await;
    }
}

pub(super) async fn a_key_is_rotated_once(lab: Lab) {
    lab.open(session("alice", 1)).await;
    assert!(lab.rotate(1, 2, Authenticated::Unchanged).await);
    assert!(!lab.rotate(1, 3, Authenticated::Unchanged).await, "the old key is no session's");
    assert_eq!(lab.live(1..=3).await, [2]);
    assert!(lab.rotate(2, 3, Authenticated::Unchanged).await, "the new one is");
    assert!(lab.rotate(3, 1, Authenticated::Unchanged).await, "a key that is free again may be taken");
    assert_eq!(lab.live(1..=3).await, [1]);
    lab.store.insert(session("bob", 2), ROOMY).await.expect("by others as well");
    assert_eq!(lab.find(2).await.unwrap().user, "bob");
}
