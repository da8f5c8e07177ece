//! What nodes on one store tell each other, and what a revocation waits for.

use std::fmt::Debug;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::lab::{ROOMY, handle, key, limit, session};
use super::slot_lab::{of_session, put};
use crate::change::{Change, Listener, News};
use crate::lease::{LeaseStore, Renewal};
use crate::store::{Authenticated, NewSession, Rotation, Store, WhenFull};
use crate::token::BrowserKey;
use crate::user::UserId;

/// Far longer than anything that happens here.
const PATIENCE: Duration = Duration::from_secs(20);

/// Checks that a store [listens](Store::listen): what is changed through one handle is told to the other, and the first knows that it did it
/// itself. Both handles are on one empty store, as two processes would have them.
///
/// # Panics
///
/// If something is not told, or to the wrong one, or if the store does not begin to listen.
pub async fn news_laws<A: Store + Clone, B: Store + Clone>(one: A, other: B) {
    let (mut one_hears, mut other_hears) = (Ear::of(one.clone()).await, Ear::of(other.clone()).await);
    let alice = UserId::from("alice");
    for number in 1..=8 {
        one.insert(session("alice", number), ROOMY).await.expect("a log-in");
    }
    one.touch(&key(1)).await.expect("an activity");
    one.create_group("staff").await.expect("a group");

    one.close(&key(1)).await.expect("a log-out");
    other_hears.expects(&[session_news(1)]).await;
    one.close_handle(&alice, handle(2)).await.expect("a log-out");
    other_hears.expects(&[session_news(2)]).await;
    let rotation = Rotation { from: key(3), to: key(30), authenticated: Authenticated::Now };
    one.rotate(rotation).await.expect("a new token");
    other_hears.expects(&[session_news(3)]).await;
    let replaces = NewSession { replaces: Some(key(4)), ..session("bob", 10) };
    one.insert(replaces, ROOMY).await.expect("a log-in over another");
    other_hears.expects(&[session_news(4)]).await;
    let full = limit(4, WhenFull::CloseOldest);
    one.insert(session("alice", 9), full).await.expect("a log-in beyond the limit");
    other_hears.expects_some().await;
    one.close_all(&alice, Some(&key(9))).await.expect("a log-out everywhere else");
    other_hears.expects_some().await;
    one.close_all_with_browsers(&alice).await.expect("a log-out everywhere");
    other_hears.expects(&[session_news(9)]).await;
    for _ in 0..2 {
        one.add_to_group(&alice, "staff").await.expect("a member"); // The second time it changes nothing.
    }
    other_hears.expects(&[Change::Groups(alice.clone())]).await;
    one.remove_from_group(&alice, "staff").await.expect("no member");
    other_hears.expects(&[Change::Groups(alice.clone())]).await;
    let browser = Change::Browser(BrowserKey::from_bytes([7; 32]));
    for change in [browser, Change::Groups("ärger & co".into())] {
        one.publish(&change).await.expect("news");
        other_hears.expects(&[change]).await;
    }
    // Too much for one message.
    for number in 1000..1500 {
        one.insert(session("carol", number), limit(1000, WhenFull::Refuse)).await.expect("a log-in");
    }
    one.close_all(&"carol".into(), None).await.expect("a log-out everywhere");
    let mut missing: Vec<_> = (1000..1500).map(session_news).collect();
    while !missing.is_empty() {
        let heard = other_hears.next().await;
        missing.retain(|change| *change != heard && heard != Change::Everything);
    }

    other.close(&key(10)).await.expect("a log-out on the other");
    assert_eq!(one_hears.next().await, session_news(10), "nothing that it did itself is told to the one");
    assert!(one_hears.own > 0, "it is told that it did something");
}

fn session_news(number: u64) -> Change {
    Change::Session(handle(number))
}

struct Ear {
    news: UnboundedReceiver<News>,
    own: usize,
    task: JoinHandle<()>,
}

impl Ear {
    async fn of(store: impl Store) -> Self {
        let (told, mut news) = unbounded_channel();
        let task = tokio::spawn(async move {
            let lost = store.listen(Listener::new(move |news| drop(told.send(news)))).await;
            panic!("it no longer listens: {lost}");
        });
        let first = timeout(PATIENCE, news.recv()).await.expect("it begins to listen");
        assert_eq!(first, Some(News::Listening));
        Self { news, own: 0, task }
    }

    async fn next(&mut self) -> Change {
        loop {
            match timeout(PATIENCE, self.news.recv()).await.expect("it is told").expect("it listens") {
                News::Changed(change) => return change,
                News::OwnChange => self.own += 1,
                News::Listening | News::Forget(_) => {}
            }
        }
    }

    async fn expects(&mut self, changes: &[Change]) {
        for change in changes {
            assert_eq!(self.next().await, *change);
        }
    }

    /// At least one, and then what has come with it.
    async fn expects_some(&mut self) {
        self.next().await;
        while let Ok(Some(_)) = timeout(Duration::from_millis(50), self.news.recv()).await {}
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Checks the contract of [`LeaseStore`], with two handles on one empty store as two processes would have them.
///
/// # Panics
///
/// If it does not hold.
pub async fn lease_laws<A, B>(one: A, other: B)
where
    A: LeaseStore + Clone,
    B: LeaseStore + Clone,
{
    for number in 1..=9 {
        one.insert(session("alice", number), ROOMY).await.expect("a log-in");
    }
    one.create_group("staff").await.expect("a group");
    what_takes_nothing_away_is_not_logged(&one).await;
    a_revocation_waits_until_it_is_applied(&one, &other).await;
    whoever_does_not_renew_is_taken_off(&one, &other).await;
    who_comes_second_waits_as_well(&one, &other).await;
    no_position_is_passed_over(&one, &other).await;
}

async fn what_takes_nothing_away_is_not_logged<S: LeaseStore>(store: &S) {
    let joined_at = store.join_leases("idle", PATIENCE).await.expect("a node can join");
    store.insert(session("bob", 100), ROOMY).await.expect("a log-in");
    store.touch(&key(100)).await.expect("an activity");
    store.write_slot(&of_session(100), put("a value")).await.expect("a value");
    store.close(&key(101)).await.expect("a log-out of nobody");
    store.remove_from_group(&"bob".into(), "staff").await.expect("no member as before");
    let renewal = store.renew_lease("idle", joined_at).await.expect("it renews");
    assert_eq!(renewal, Some(Renewal { reached: joined_at, revoked: vec![] }));
    store.leave_leases("idle").await.expect("it can leave");
    assert_eq!(
        store.renew_lease("idle", joined_at).await.expect("it is answered"),
        None,
        "and is not on the list then"
    );
    store.close(&key(100)).await.expect("a log-out that waits for nobody");
}

async fn a_revocation_waits_until_it_is_applied<A, B>(one: &A, other: &B)
where
    A: LeaseStore + Clone,
    B: LeaseStore + Clone,
{
    other.join_leases("node", PATIENCE).await.expect("a node can join");
    let mut applied = other.renew_lease("node", 0).await.expect("it renews").expect("it is known").reached;
    let alice = UserId::from("alice");
    macro_rules! waits {
        ($revoked:expr, $operation:expr) => {{
            let (store, alice) = (one.clone(), alice.clone());
            let revocation: JoinHandle<()> = tokio::spawn(async move {
                #[allow(clippy::redundant_closure_call, reason = "so that the operation may name the clones")]
                let () = $operation(store, alice).await;
            });
            let renewal = news_of(other, "node", applied).await;
            assert!(renewal.revoked.contains(&$revoked), "{:?} in {renewal:?}", $revoked);
            // It was told, and has not said that it applied it.
            assert!(!revocation.is_finished(), "the revocation of {:?} waits", $revoked);
            other.renew_lease("node", renewal.reached).await.expect("it renews").expect("it is known");
            timeout(PATIENCE, revocation).await.expect("it returns").expect("it works");
            renewal.reached
        }};
    }
    applied = waits!(Change::Session(handle(1)), |store: A, _| async move { done(store.close(&key(1)).await) });
    applied = waits!(Change::Session(handle(2)), |store: A, alice| async move {
        done(store.close_handle(&alice, handle(2)).await);
    });
    applied = waits!(Change::Session(handle(3)), |store: A, _| async move {
        done(store.rotate(Rotation { from: key(3), to: key(30), authenticated: Authenticated::Unchanged }).await);
    });
    applied = waits!(Change::Session(handle(4)), |store: A, _| async move {
        done(store.insert(NewSession { replaces: Some(key(4)), ..session("bob", 40) }, ROOMY).await);
    });
    applied = waits!(Change::Groups("alice".into()), |store: A, alice| async move {
        done(store.add_to_group(&alice, "staff").await);
    });
    applied = waits!(Change::Groups("alice".into()), |store: A, alice| async move {
        done(store.remove_from_group(&alice, "staff").await);
    });
    applied = waits!(Change::Groups("dora".into()), |store: A, _| async move {
        done(store.publish(&Change::Groups("dora".into())).await);
    });
    applied = waits!(Change::Session(handle(5)), |store: A, _| async move {
        done(store.insert(session("alice", 50), limit(5, WhenFull::CloseOldest)).await);
    });
    applied = waits!(Change::Session(handle(6)), |store: A, alice| async move {
        done(store.close_all(&alice, Some(&key(9))).await);
    });
    applied = waits!(Change::Session(handle(9)), |store: A, alice| async move {
        done(store.close_all_with_browsers(&alice).await);
    });
    let last = other.renew_lease("node", applied).await.expect("it renews").expect("it is known");
    assert_eq!(last, Renewal { reached: applied, revoked: vec![] }, "each is told once");
    other.leave_leases("node").await.expect("it can leave");
}

fn done<T, E: Debug>(outcome: Result<T, E>) {
    outcome.expect("the operation works");
}

async fn news_of<S: LeaseStore>(store: &S, node: &str, applied: u64) -> Renewal {
    let asked = async {
        loop {
            let renewal = store.renew_lease(node, applied).await.expect("it renews").expect("it is known");
            if renewal.reached > applied {
                return renewal;
            }
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, asked).await.expect("what is revoked is told")
}

async fn whoever_does_not_renew_is_taken_off<A: LeaseStore + Clone, B: LeaseStore + Clone>(one: &A, other: &B) {
    const LEASE: Duration = Duration::from_millis(300);
    one.insert(session("erin", 60), ROOMY).await.expect("a log-in");
    one.insert(session("erin", 61), ROOMY).await.expect("a log-in");
    let joined_at = other.join_leases("dead", LEASE).await.expect("a node can join");
    let began = Instant::now();
    one.close(&key(60)).await.expect("a log-out");
    assert!(began.elapsed() >= LEASE, "it may have admitted until now");
    assert_eq!(other.renew_lease("dead", joined_at).await.expect("it is answered"), None, "nobody waits for it again");

    // One that renews has not applied it, and holds no lease either, as it was told; it stays.
    let joined_at = other.join_leases("slow", LEASE).await.expect("a node can join");
    let close = tokio::spawn({
        let one = one.clone();
        async move { one.close(&key(61)).await }
    });
    news_of(other, "slow", joined_at).await;
    let behind = one.nodes_behind(joined_at + 1).await.expect("who is behind is known");
    let [before] = &behind[..] else { panic!("one node is behind: {behind:?}") };
    other.renew_lease("slow", joined_at).await.expect("it is answered").expect("it is known");
    one.remove_node(before).await.expect("it is answered");
    close.await.expect("it returns").expect("a log-out");
    assert!(other.renew_lease("slow", joined_at).await.expect("it is answered").is_some(), "it renewed meanwhile");
    other.leave_leases("slow").await.expect("it can leave");
}

/// Who finds a session gone must not return before the one who ended it might.
async fn who_comes_second_waits_as_well<A: LeaseStore + Clone, B: LeaseStore + Clone>(one: &A, other: &B) {
    one.insert(session("fay", 70), ROOMY).await.expect("a log-in");
    let joined_at = other.join_leases("busy", PATIENCE).await.expect("a node can join");
    let log_out = |store: A| tokio::spawn(async move { store.close(&key(70)).await });
    let first = log_out(one.clone());
    let renewal = news_of(other, "busy", joined_at).await;
    let second = log_out(one.clone());
    let returns = async {
        while !second.is_finished() {
            tokio::task::yield_now().await;
        }
    };
    // Long enough for it to return, if it did not wait.
    assert!(timeout(Duration::from_millis(300), returns).await.is_err(), "the second waits");
    other.renew_lease("busy", renewal.reached).await.expect("it renews").expect("it is known");
    for log_out in [first, second] {
        timeout(PATIENCE, log_out).await.expect("it returns").expect("it works").expect("a log-out");
    }
    other.leave_leases("busy").await.expect("it can leave");
}

async fn no_position_is_passed_over<A: LeaseStore + Clone, B: LeaseStore + Clone>(one: &A, other: &B) {
    const MANY: u64 = 40;
    for number in 200..200 + MANY {
        one.insert(session(&format!("user{number}"), number), ROOMY).await.expect("a log-in");
    }
    let mut applied = other.join_leases("reader", PATIENCE).await.expect("a node can join");
    let closing: Vec<_> = (200..200 + MANY)
        .map(|number| {
            let (one, other) = (one.clone(), other.clone());
            tokio::spawn(async move {
                match number % 2 {
                    0 => done(one.close(&key(number)).await),
                    _ => done(other.close_all(&format!("user{number}").into(), None).await),
                }
            })
        })
        .collect();
    let mut missing: Vec<_> = (200..200 + MANY).map(session_news).collect();
    while !missing.is_empty() {
        let renewal = news_of(other, "reader", applied).await;
        missing.retain(|change| !renewal.revoked.contains(change));
        applied = renewal.reached;
    }
    other.renew_lease("reader", applied).await.expect("it renews").expect("it is known");
    for close in closing {
        timeout(PATIENCE, close).await.expect("it returns").expect("it works");
    }
    other.leave_leases("reader").await.expect("it can leave");
}
