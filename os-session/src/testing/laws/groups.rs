//! Groups and who is in them.

use super::lab::{Lab, session};
use crate::group::{self, GroupSet};

pub(super) async fn groups_are_created_once_and_listed_in_order(lab: Lab) {
    assert_eq!(lab.store.all_groups().await.unwrap(), Vec::<String>::new());
    for name in ["staff", "admin", "staff"] {
        lab.create_group(name).await;
    }
    lab.add("alice", "staff").await;
    lab.create_group("staff").await;
    assert_eq!(lab.store.all_groups().await.unwrap(), ["admin", "staff"]);
    assert!(lab.is_in("alice", "staff").await, "creating it again empties nothing");
}

pub(super) async fn members_come_and_go(lab: Lab) {
    assert!(!lab.add("alice", "staff").await, "there is no such group");
    assert!(!lab.remove("alice", "staff").await, "there is no such group");
    assert!(!lab.is_in("alice", "staff").await, "and nobody in it");
    lab.create_group("staff").await;
    assert!(!lab.is_in("alice", "staff").await, "what was refused did not happen");
    assert!(lab.remove("alice", "staff").await, "nobody is taken out of a group that is there");
    for _ in 0..2 {
        assert!(lab.add("alice", "staff").await, "a member may be added again");
        assert!(lab.is_in("alice", "staff").await);
    }
    for _ in 0..2 {
        assert!(lab.remove("alice", "staff").await);
        assert!(!lab.is_in("alice", "staff").await, "and is removed once for all");
    }
}

pub(super) async fn a_membership_is_of_one_user_and_one_group(lab: Lab) {
    for name in ["staff", "admin"] {
        lab.create_group(name).await;
        for user in ["alice", "bob"] {
            assert!(lab.add(user, name).await, "nobody needs a session for it");
        }
    }
    lab.remove("alice", "staff").await;
    assert!(!lab.is_in("alice", "staff").await);
    assert!(lab.is_in("alice", "admin").await, "her other group is left");
    assert!(lab.is_in("bob", "staff").await, "and so is the other member");
    assert!(!lab.is_in("carol", "staff").await);
    assert!(!lab.is_in("alice", "nobody's").await);
}

pub(super) async fn groups_are_read_with_the_session(lab: Lab) {
    // Sets hold the groups that rules of this binary name, so those are what can be told apart.
    let names = group::named_in_rules();
    for name in names {
        lab.create_group(name).await;
    }
    lab.open(session("alice", 1)).await;
    lab.open(session("bob", 2)).await;
    assert_eq!(lab.find(1).await.unwrap().groups, GroupSet::default());
    for last in 0..names.len() {
        lab.add("alice", names[last]).await;
        assert_eq!(lab.find(1).await.unwrap().groups, names[..=last].iter().collect(), "she is in it at once");
        assert_eq!(lab.find(2).await.unwrap().groups, GroupSet::default(), "and nobody else");
    }
    lab.open(session("alice", 3)).await;
    assert_eq!(lab.find(3).await.unwrap().groups, names.iter().collect(), "in whichever session");
    for first in 0..names.len() {
        lab.remove("alice", names[first]).await;
        assert_eq!(lab.find(1).await.unwrap().groups, names[first + 1..].iter().collect(), "she has left it at once");
    }
}

pub(super) async fn membership_outlives_the_sessions(lab: Lab) {
    lab.create_group("staff").await;
    lab.open(session("alice", 1)).await;
    lab.add("alice", "staff").await;
    lab.close_all("alice", None).await;
    assert!(lab.is_in("alice", "staff").await, "after a log-out");
    lab.open(session("alice", 2)).await;
    lab.clock.advance(std::time::Duration::from_hours(24 * 365));
    lab.purge(10).await;
    assert!(lab.is_in("alice", "staff").await, "after a purge");
}
