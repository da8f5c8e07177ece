//! What nodes on one store tell each other.

use std::time::Duration;

use super::ear::Ear;
use super::lab::{Lab, ROOMY, ended, key, limit, session};
use super::slot_lab::{NEW, browser, of_session};
use crate::change::Change;
use crate::store::{Authenticated, NewSession, WhenFull};

/// Two handles on the same empty store, as two nodes have them.
pub(super) struct Nodes {
    pub(super) one: Lab,
    /// A clone of the first handle.
    pub(super) same: Lab,
    pub(super) other: Lab,
}

fn groups_of(user: &str) -> Change {
    Change::Groups(user.into())
}

pub(super) async fn a_store_that_nodes_share_says_so(Nodes { one, other, .. }: Nodes) {
    assert!(one.store.is_shared() && other.store.is_shared(), "else nobody listens to it");
}

pub(super) async fn a_store_that_listens_says_so(Nodes { one, other, .. }: Nodes) {
    for lab in [one, other] {
        Ear::of(&lab).await;
    }
}

pub(super) async fn whoever_listens_again_is_told(Nodes { one, other, .. }: Nodes) {
    for number in 1..=3 {
        let mut ear = Ear::of(&other).await;
        one.open(session("alice", number)).await;
        one.close(number).await;
        ear.is_told(&one, &[ended(number)]).await;
    }
}

pub(super) async fn what_changes_nothing_for_others_is_not_told(Nodes { one, other, .. }: Nodes) {
    let mut ear = Ear::of(&other).await;
    one.open(session("alice", 1)).await;
    one.touch(1).await;
    one.create_group("staff").await;
    one.put(&of_session(1), "a value").await;
    one.browse(1, NEW).await;
    one.touch_browser(1).await;
    one.close(2).await;
    one.close_handle("bob", 1).await;
    one.close_all("bob", None).await;
    one.rotate(2, 3, Authenticated::Now).await;
    one.purge(10).await;
    ear.is_told(&one, &[]).await;
}

pub(super) async fn a_log_out_is_told(Nodes { one, other, .. }: Nodes) {
    let mut ear = Ear::of(&other).await;
    for number in 1..=2 {
        one.open(session("alice", number)).await;
    }
    one.close(1).await;
    ear.is_told(&one, &[ended(1)]).await;
    one.close_handle("alice", 2).await;
    ear.is_told(&one, &[ended(2)]).await;
}

pub(super) async fn a_new_token_is_told(Nodes { one, other, .. }: Nodes) {
    let mut ear = Ear::of(&other).await;
    one.open(session("alice", 1)).await;
    for (from, to) in [(1, 2), (2, 3)] {
        one.rotate(from, to, Authenticated::Unchanged).await;
        ear.is_told(&one, &[ended(1)]).await;
    }
}

pub(super) async fn what_a_log_in_closes_is_told(Nodes { one, other, .. }: Nodes) {
    let mut ear = Ear::of(&other).await;
    for number in 1..=4 {
        one.open(session("alice", number)).await;
        one.clock.advance(Duration::from_secs(1));
    }
    one.open_within(NewSession { replaces: Some(key(4)), ..session("bob", 5) }, ROOMY).await;
    ear.is_told(&one, &[ended(4)]).await;
    one.open_within(session("alice", 6), limit(2, WhenFull::CloseOldest)).await;
    ear.is_told(&one, &[ended(1), ended(2)]).await;
}

pub(super) async fn a_log_out_everywhere_is_told(Nodes { one, other, .. }: Nodes) {
    let mut ear = Ear::of(&other).await;
    for number in 1..=4 {
        one.open(session("alice", number)).await;
    }
    one.open(session("bob", 5)).await;
    one.close_all("alice", Some(3)).await;
    ear.is_told(&one, &[ended(1), ended(2), ended(4)]).await;
    one.close_all("alice", None).await;
    ear.is_told(&one, &[ended(3)]).await;
    for number in 6..=7 {
        one.open(session("alice", number)).await;
    }
    one.close_all_with_browsers("alice").await;
    ear.is_told(&one, &[ended(6), ended(7)]).await;
}

pub(super) async fn a_change_of_groups_is_told_once(Nodes { one, other, .. }: Nodes) {
    let mut ear = Ear::of(&other).await;
    one.create_group("staff").await;
    for told in [&[groups_of("alice")][..], &[]] {
        one.add("alice", "staff").await;
        one.add("alice", "no group").await;
        ear.is_told(&one, told).await;
    }
    for told in [&[groups_of("alice")][..], &[]] {
        one.remove("alice", "staff").await;
        one.remove("alice", "no group").await;
        ear.is_told(&one, told).await;
    }
}

pub(super) async fn what_is_published_is_told(Nodes { one, other, .. }: Nodes) {
    let mut ear = Ear::of(&other).await;
    let users = ["alice", "Alice", "a & b", "ärger", "*", "", " ", "a\tb\nc", "100%", "'\"\\", "🦀"].map(groups_of);
    for change in [Change::Browser(browser(1))].into_iter().chain(users) {
        one.publish(&change).await;
        ear.is_told(&one, &[change]).await;
    }
}

pub(super) async fn many_ends_at_once_are_told(Nodes { one, other, .. }: Nodes) {
    let mut ear = Ear::of(&other).await;
    for number in 1..=500 {
        one.open(session("alice", number)).await;
    }
    one.close_all("alice", None).await;
    ear.is_told_of_many(&one, (1..=500).map(ended).collect()).await;
}

pub(super) async fn what_a_node_does_itself_is_told_as_its_own(Nodes { one, other, .. }: Nodes) {
    let (mut ear, mut others) = (Ear::of(&one).await, Ear::of(&other).await);
    one.create_group("staff").await;
    for number in 1..=2 {
        one.open(session("alice", number)).await;
    }
    one.close(1).await;
    one.add("alice", "staff").await;
    others.is_told(&one, &[ended(1), groups_of("alice")]).await;
    assert_eq!(others.own(), 0, "nothing of it was the other's own");
    other.close(2).await;
    ear.is_told(&other, &[ended(2)]).await;
    assert_ne!(ear.own(), 0, "it is told that it did something");
}

pub(super) async fn what_a_clone_does_is_told_as_the_nodes_own(Nodes { one, same, other }: Nodes) {
    let mut ear = Ear::of(&one).await;
    one.open(session("alice", 1)).await;
    same.close(1).await;
    ear.is_told(&other, &[]).await;
    assert_ne!(ear.own(), 0, "it is told that it did something");
}
