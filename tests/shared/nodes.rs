//! Two nodes over one store, at the same moment.

use std::num::NonZeroU32;
use std::sync::Arc;

use os_session::testing::{Browser, Clock};
use os_session::{Inserted, Limit, Store as _, WhenFull};
use tokio::sync::Barrier;

use crate::site::node;
use crate::{Place, handle, key, session};

#[tokio::test(flavor = "multi_thread")]
async fn fifty_log_ins_at_once_on_two_nodes_leave_three_sessions() {
    let place = Place::new();
    let nodes = [place.store(Clock::new()).await, place.store(Clock::new()).await];
    let template = session("alice", 0).await;
    for when_full in [WhenFull::CloseOldest, WhenFull::Refuse] {
        nodes[0].close_all(&"alice".into(), None).await.unwrap();
        let limit = Limit { sessions: NonZeroU32::new(3).unwrap(), when_full };
        let together = Arc::new(Barrier::new(50));
        let log_ins: Vec<_> = (1..=50)
            .map(|number: u8| {
                let (store, together, mut new) =
                    (nodes[usize::from(number % 2)].clone(), together.clone(), template.clone());
                (new.key, new.handle) = (key(number), handle(number.into()));
                tokio::spawn(async move {
                    together.wait().await;
                    store.insert(new, limit).await.unwrap()
                })
            })
            .collect();
        let (mut opened, mut ended) = (0, 0);
        for log_in in log_ins {
            if let Inserted::Opened(by_it) = log_in.await.unwrap() {
                opened += 1;
                ended += by_it.len();
            }
        }
        assert_eq!(nodes[1].list(&"alice".into()).await.unwrap().len(), 3, "{when_full:?}");
        assert_eq!(opened - ended, 3, "every other was told to have ended, once ({when_full:?})");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_node_revokes_no_other_admits() {
    let place = Place::new();
    let (one, other) = (place.store(Clock::new()).await, place.store(Clock::new()).await);
    let (sessions, here) = node(&one, |builder| builder).await;
    let (_, there) = node(&other, |builder| builder).await;
    sessions.groups().add_user_in_group("alice", "admin").await.unwrap();

    let alice = Browser::connected(&here, &sessions, "alice").await.unwrap();
    let mut elsewhere = Browser::new(&there);
    elsewhere.set_cookie(crate::site::COOKIE, alice.cookie(crate::site::COOKIE).unwrap());
    assert_eq!(elsewhere.get("/admin").await.status(), 200);
    sessions.groups().add_user_in_group("alice", "banned").await.unwrap();
    assert_eq!(elsewhere.get("/admin").await.status(), 403);
    sessions.disconnect_all("alice").await.unwrap();
    assert_eq!(elsewhere.get("/who").await.text(), "None");
}
