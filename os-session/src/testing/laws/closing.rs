//! Log-outs, and what they tell.

use super::lab::{Lab, SHORT, handle, key, session, short};
use crate::store::{End, NewSession};

pub(super) async fn a_session_is_closed_once_however_many_try(lab: Lab) {
    lab.open(session("alice", 1)).await;
    let told = lab
        .at_once(16, |lab, number| async move {
            match number % 3 {
                0 => lab.close(1).await.into_iter().count(),
                1 => lab.close_handle("alice", 1).await.into_iter().count(),
                _ => lab.close_all("alice", None).await.len(),
            }
        })
        .await;
    assert_eq!(told.into_iter().sum::<usize>(), 1, "one of them is told that the session ended");
}

pub(super) async fn a_handle_closes_sessions_of_its_user_only(lab: Lab) {
    lab.open(session("alice", 1)).await;
    assert_eq!(lab.close_handle("bob", 1).await, None, "it is not bob's");
    assert!(lab.is_live(1).await);
    // Handles are unique among the sessions of one user, and no further.
    lab.open(NewSession { handle: handle(1), ..session("bob", 2) }).await;
    assert_eq!(lab.close_handle("bob", 1).await, Some((1, End::Closed)));
    assert_eq!(lab.live(1..=2).await, [1], "alice's of the same handle stays");
    assert!(lab.close_handle("alice", 1).await.is_some());
    assert!(!lab.is_live(1).await);
    assert_eq!(lab.close_handle("alice", 1).await, None, "what is gone is told no second time");
}

pub(super) async fn a_handle_may_be_given_again(lab: Lab) {
    for number in 1..=3 {
        lab.open(NewSession { handle: handle(7), ..session("alice", number) }).await;
        assert_eq!(lab.listed("alice").await, [7]);
        assert_eq!(lab.close_handle("alice", 7).await, Some((7, End::Closed)), "each time for a session of its own");
        assert!(!lab.is_live(number).await);
    }
}

pub(super) async fn all_of_a_user_are_closed_and_nobody_elses(lab: Lab) {
    for number in 1..=3 {
        lab.open(session("alice", number)).await;
    }
    lab.open(session("bob", 4)).await;
    let ended = lab.store.close_all(&"alice".into(), Some(&key(2))).await.unwrap();
    assert!(ended.iter().all(|ended| ended.user == "alice"), "each is told with its user");
    assert_eq!(super::lab::told(ended), [(1, End::Closed), (3, End::Closed)], "each is told once");
    assert_eq!(lab.live(1..=4).await, [2, 4]);
    assert_eq!(lab.close_all("alice", Some(4)).await, [(2, End::Closed)], "another user's exception saves nothing");
    assert_eq!(lab.live(1..=4).await, [4]);
    assert_eq!(lab.close_all("nobody", None).await, []);
}

pub(super) async fn many_are_closed_at_once(lab: Lab) {
    const MANY: u64 = 120;
    lab.at_once(4, |lab, task| async move {
        for number in (task..MANY).step_by(4) {
            lab.open(session("alice", number)).await;
        }
    })
    .await;
    let told = lab.close_all("alice", Some(7)).await;
    let expected: Vec<_> = (0..MANY).filter(|number| *number != 7).map(|number| (number, End::Closed)).collect();
    assert_eq!(told, expected, "each is told once");
    assert_eq!(lab.live(0..MANY).await, [7]);
}

pub(super) async fn what_expired_is_told_once_whoever_removes_it(lab: Lab) {
    for way in 0..5 {
        let number = way * 10 + 1;
        lab.open(short("alice", number)).await;
        lab.clock.advance(SHORT);
        let mut told = match way {
            0 => lab.close(number).await.into_iter().collect(),
            1 => lab.close_handle("alice", number).await.into_iter().collect(),
            2 => lab.close_all("alice", None).await,
            3 => lab.open(session("alice", number + 1)).await,
            _ => lab.open(NewSession { replaces: Some(key(number)), ..session("bob", number + 2) }).await,
        };
        told.extend(lab.purge(10).await);
        told.extend(lab.purge(10).await);
        assert_eq!(told, [(number, End::Expired)], "once, and as what it was");
        lab.close_all("alice", None).await;
    }
}
