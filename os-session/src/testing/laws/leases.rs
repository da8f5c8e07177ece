//! What a revocation waits for.

use std::time::{Duration, Instant};

use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::lab::{PATIENCE, ROOMY, SHORT, ended, key, limit, session, short};
use super::lease_lab::{LeaseLab, returns, start, waits};
use super::slot_lab::{NEW, browser, of_session};
use crate::change::Change;
use crate::lease::Renewal;
use crate::store::{Authenticated, NewSession, WhenFull};

/// A lease whose end is waited for.
const LEASE: Duration = Duration::from_millis(300);

/// More than is revoked in any law.
const FAR: u64 = 10_000;

pub(super) async fn what_takes_nothing_away_is_not_logged(lab: LeaseLab) {
    let one = &lab.one;
    one.create_group("staff").await;
    let node = lab.join("node").await;
    one.open(session("alice", 1)).await;
    one.touch(1).await;
    one.put(&of_session(1), "a value").await;
    one.browse(1, NEW).await;
    one.publish(&Change::Browser(browser(1))).await;
    one.close(2).await;
    one.close_handle("bob", 1).await;
    one.close_all("bob", None).await;
    one.rotate(2, 3, Authenticated::Now).await;
    one.remove("alice", "staff").await;
    one.add("alice", "no group").await;
    one.purge(10).await;
    assert_eq!(node.renew().await, Renewal { reached: node.applied, revoked: vec![] });
}

pub(super) async fn a_log_out_waits_until_it_is_applied(lab: LeaseLab) {
    let mut node = lab.join("node").await;
    for number in 1..=4 {
        lab.one.open(session("alice", number)).await;
    }
    // Whichever handle the node has.
    for (by, number) in [(&lab.one, 1), (&lab.other, 3)] {
        node.is_waited_for(&[ended(number)], by, move |lab| async move { lab.close(number).await }).await;
        let device = number + 1;
        node.is_waited_for(&[ended(device)], by, move |lab| async move { lab.close_handle("alice", device).await })
            .await;
    }
}

pub(super) async fn a_log_out_of_what_seems_expired_waits_as_well(lab: LeaseLab) {
    let one = &lab.one;
    for number in 1..=6 {
        one.open(short("alice", number)).await;
    }
    for number in 7..=8 {
        one.open(short("bob", number)).await;
    }
    let mut node = lab.join("node").await;
    one.clock.advance(SHORT);
    // The clock of the store may have been set, and the node has one of its own.
    node.is_waited_for(&[ended(1)], one, async |lab| lab.close(1).await).await;
    node.is_waited_for(&[ended(2)], one, async |lab| lab.close_handle("alice", 2).await).await;
    node.is_waited_for(&[ended(3), ended(4), ended(5)], one, async |lab| lab.close_all("alice", Some(6)).await).await;
    node.is_waited_for(&[ended(6)], one, async |lab| lab.close_all("alice", None).await).await;
    node.is_waited_for(&[ended(7), ended(8)], one, async |lab| lab.close_all_with_browsers("bob").await).await;
}

pub(super) async fn a_new_token_waits_until_it_is_applied(lab: LeaseLab) {
    let mut node = lab.join("node").await;
    lab.one.open(session("alice", 1)).await;
    for authenticated in [Authenticated::Unchanged, Authenticated::Now] {
        let (from, to) = if authenticated == Authenticated::Now { (2, 3) } else { (1, 2) };
        node.is_waited_for(&[ended(1)], &lab.one, move |lab| async move { lab.rotate(from, to, authenticated).await })
            .await;
    }
}

pub(super) async fn a_log_in_waits_until_what_it_closes_is_applied(lab: LeaseLab) {
    let one = &lab.one;
    let mut node = lab.join("node").await;
    for number in 1..=4 {
        one.open(session("alice", number)).await;
        one.clock.advance(Duration::from_secs(1));
    }
    let replaces = NewSession { replaces: Some(key(4)), ..session("bob", 5) };
    node.is_waited_for(&[ended(4)], one, |lab| async move { lab.open_within(replaces, ROOMY).await }).await;
    let beyond = limit(2, WhenFull::CloseOldest);
    node.is_waited_for(&[ended(1), ended(2)], one, move |lab| async move {
        lab.open_within(session("alice", 6), beyond).await
    })
    .await;
}

pub(super) async fn a_log_in_that_closes_nothing_waits_for_nobody(lab: LeaseLab) {
    let one = &lab.one;
    one.open(session("alice", 1)).await;
    let mut node = lab.join("node").await;
    let log_out = start(one, async |lab| lab.close(1).await);
    let reached = node.hear_of(&[ended(1)], &log_out).await;
    let log_in = timeout(PATIENCE, one.open(session("alice", 2))).await;
    assert_eq!(log_in.expect("it returns, whoever is behind"), []);
    waits([&log_out]).await;
    node.apply(reached).await;
    returns(log_out).await;
}

pub(super) async fn a_log_out_everywhere_waits_until_it_is_applied(lab: LeaseLab) {
    let one = &lab.one;
    let mut node = lab.join("node").await;
    for number in 1..=3 {
        one.open(session("alice", number)).await;
    }
    node.is_waited_for(&[ended(1), ended(2)], one, async |lab| lab.close_all("alice", Some(3)).await).await;
    node.is_waited_for(&[ended(3)], one, async |lab| lab.close_all("alice", None).await).await;
    one.open(session("alice", 4)).await;
    node.is_waited_for(&[ended(4)], one, async |lab| lab.close_all_with_browsers("alice").await).await;
}

pub(super) async fn a_change_of_groups_waits_until_it_is_applied(lab: LeaseLab) {
    let one = &lab.one;
    let mut node = lab.join("node").await;
    one.create_group("staff").await;
    let changed = [Change::Groups("alice".into())];
    // A rule may deny a group.
    node.is_waited_for(&changed, one, async |lab| lab.add("alice", "staff").await).await;
    node.is_waited_for(&changed, one, async |lab| lab.remove("alice", "staff").await).await;
    // Those of the application itself.
    node.is_waited_for(&changed, one, async |lab| lab.publish(&Change::Groups("alice".into())).await).await;
}

pub(super) async fn who_comes_second_waits_as_well(lab: LeaseLab) {
    let one = &lab.one;
    one.create_group("staff").await;
    one.open(session("alice", 1)).await;
    let mut node = lab.join("node").await;
    let first = start(one, async |lab| lab.close(1).await);
    let reached = node.hear_of(&[ended(1)], &first).await;
    // Nothing is left to take away, and whoever took it away has not returned.
    let others = [
        start(one, async |lab| lab.close(1).await),
        start(&lab.other, async |lab| lab.close(1).await),
        start(one, async |lab| lab.close_handle("alice", 1).await),
        start(one, async |lab| lab.close_all("alice", None).await),
        start(one, async |lab| lab.close_all_with_browsers("alice").await),
        start(one, async |lab| lab.rotate(1, 2, Authenticated::Now).await),
        start(one, async |lab| lab.remove("alice", "staff").await),
    ];
    waits(others.iter().chain([&first])).await;
    node.apply(reached).await;
    for task in others.into_iter().chain([first]) {
        returns(task).await;
    }
}

pub(super) async fn every_node_is_waited_for_and_told(lab: LeaseLab) {
    let (mut first, mut second) = (lab.join("a node").await, lab.join("beside it").await);
    for number in 1..=4 {
        lab.one.open(session("alice", number)).await;
        let (quick, slow) = if number % 2 == 0 { (&mut first, &mut second) } else { (&mut second, &mut first) };
        let log_out = start(&lab.one, move |lab| async move { lab.close(number).await });
        let reached = quick.hear_of(&[ended(number)], &log_out).await;
        quick.apply(reached).await;
        waits([&log_out]).await;
        assert_eq!(
            slow.renew().await,
            Renewal { reached, revoked: vec![ended(number)] },
            "the slow node is told it still"
        );
        slow.apply(reached).await;
        returns(log_out).await;
    }
}

pub(super) async fn what_is_not_applied_is_told_again(lab: LeaseLab) {
    lab.one.open(session("alice", 1)).await;
    let mut node = lab.join("node").await;
    let log_out = start(&lab.one, async |lab| lab.close(1).await);
    let reached = node.hear_of(&[ended(1)], &log_out).await;
    // The answer may have been lost.
    for _ in 0..3 {
        assert_eq!(node.renew().await, Renewal { reached, revoked: vec![ended(1)] });
    }
    let later = lab.join("a later one").await;
    assert_eq!(later.renew().await, Renewal { reached: later.applied, revoked: vec![] }, "what was before is not told");
    node.apply(reached).await;
    returns(log_out).await;
}

pub(super) async fn no_position_is_passed_over(lab: LeaseLab) {
    const MANY: u64 = 40;
    for number in 1..=MANY {
        lab.one.open(session(&format!("user{number}"), number)).await;
    }
    let mut node = lab.join("node").await;
    let log_outs: Vec<_> = (1..=MANY)
        .map(|number| {
            let by = if number % 4 < 2 { &lab.one } else { &lab.other };
            start(by, move |lab| async move {
                match number % 2 {
                    0 => drop(lab.close(number).await),
                    _ => drop(lab.close_all(&format!("user{number}"), None).await),
                }
            })
        })
        .collect();
    let mut missing: Vec<_> = (1..=MANY).map(ended).collect();
    let hear = async {
        while !missing.is_empty() {
            let has_returned = log_outs.iter().all(JoinHandle::is_finished);
            let renewal = node.renew().await;
            missing.retain(|change| !renewal.revoked.contains(change));
            node.applied = renewal.reached;
            assert!(!has_returned || missing.is_empty(), "they returned, and {missing:?} is not told");
        }
    };
    timeout(PATIENCE, hear).await.expect("all of them are told");
    node.renew().await;
    for log_out in log_outs {
        returns(log_out).await;
    }
}

pub(super) async fn who_does_not_renew_is_removed_after_its_lease(lab: LeaseLab) {
    lab.one.open(session("alice", 1)).await;
    let node = lab.join_for("node", LEASE).await;
    let began = Instant::now();
    returns(start(&lab.one, async |lab| lab.close(1).await)).await;
    assert!(began.elapsed() >= LEASE, "it may have admitted somebody until then");
    assert_eq!(lab.behind(node.applied + FAR).await, [], "nobody waits for it again");
    assert_eq!(node.say(node.applied).await, None, "and it learns so");
}

pub(super) async fn a_node_that_renewed_meanwhile_stays(lab: LeaseLab) {
    let node = lab.join("node").await;
    let found = lab.behind(node.applied + 1).await;
    let [before] = &found[..] else { panic!("one node is behind: {found:?}") };
    node.renew().await;
    lab.list.remove(before).await.expect("it is answered");
    let found = lab.behind(node.applied + 1).await;
    let [again] = &found[..] else { panic!("the node is on the list: {found:?}") };
    lab.list.remove(again).await.expect("it is answered");
    assert_eq!(lab.behind(node.applied + FAR).await, [], "without another renewal it goes");
}

pub(super) async fn a_node_that_left_is_not_waited_for(lab: LeaseLab) {
    for number in 1..=2 {
        lab.one.open(session("alice", number)).await;
    }
    let node = lab.join("node").await;
    node.leave().await;
    assert_eq!(lab.behind(node.applied + FAR).await, []);
    assert_eq!(node.say(node.applied).await, None, "it is not on the list");
    returns(start(&lab.one, async |lab| lab.close(1).await)).await;
    let node = lab.join("another").await;
    let log_out = start(&lab.one, async |lab| lab.close(2).await);
    node.hear_of(&[ended(2)], &log_out).await;
    node.leave().await;
    returns(log_out).await;
}

/// A store that lost its last writes in a crash is noticed so: nodes have followed it further than it knows. Until it has the answer such a node
/// may admit, so it is waited for until it leaves.
pub(super) async fn who_applied_more_than_it_was_told_is_not_known(lab: LeaseLab) {
    for number in 1..=2 {
        lab.one.open(session("alice", number)).await;
    }
    let node = lab.join("node").await;
    assert_eq!(node.say(node.applied + 5).await, None, "the log is not as long");
    let log_out = start(&lab.one, async |lab| lab.close(1).await);
    waits([&log_out]).await;
    node.leave().await;
    returns(log_out).await;

    let (mut witness, node) = (lab.join("a witness").await, lab.join("another").await);
    let log_out = start(&lab.one, async |lab| lab.close(2).await);
    let reached = witness.hear_of(&[ended(2)], &log_out).await;
    assert_eq!(node.say(reached).await, None, "the log is as long, but it was not told so");
    witness.apply(reached).await;
    waits([&log_out]).await;
    node.leave().await;
    returns(log_out).await;
}
