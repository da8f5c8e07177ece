//! A database that lost its last commits, and tables that were changed by hand.

use std::num::NonZeroU32;
use std::time::Duration;

use os_session::testing::Clock;
use os_session::{Inserted, LeasedStore, Limit, Store as _, WhenFull};
use os_session_tests::postgres::TestSchema;

use crate::shared_leases::a_store_that_lost_its_last_writes_is_obeyed_from_then_on;
use crate::{LIMIT, handle, key, session};

/// As after the promotion of a standby that lagged.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_lost_its_last_commits_is_obeyed_from_then_on() {
    let schema = TestSchema::new();
    let store = schema.store(Clock::new()).await;
    let client = schema.client().await;
    let save = async || {
        let tables = ["revocation_position", "revocation", "lease_node"];
        let copies = tables.map(|table| format!("create table saved_{table} as table {table};")).concat();
        client.batch_execute(&copies).await.unwrap();
    };
    let lose = async || {
        client
            .batch_execute(
                "begin; lock table lease_node;
                update revocation_position p set position = s.position from saved_revocation_position s;
                delete from revocation; insert into revocation table saved_revocation;
                delete from lease_node; insert into lease_node table saved_lease_node; commit",
            )
            .await
            .unwrap();
    };
    a_store_that_lost_its_last_writes_is_obeyed_from_then_on(store, save, lose).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_by_hand_is_forgotten_by_nodes_that_remember() {
    let schema = TestSchema::new();
    let store = schema.store(Clock::new()).await;
    let leased = LeasedStore::builder(store.clone()).lease(Duration::from_secs(1)).start().unwrap();
    while !leased.holds_lease() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    for group in ["staff", "banned"] {
        store.create_group(group).await.unwrap();
    }
    store.add_to_group(&"alice".into(), "staff").await.unwrap();
    for statement in [
        "update member set group_name = 'banned'",
        "update member set user_id = 'bob'",
        "truncate member",
        "delete from session",
        "truncate session cascade",
        "delete from revocation; truncate session cascade",
    ] {
        store.close_all(&"alice".into(), None).await.unwrap();
        store.insert(session("alice", 1).await, LIMIT).await.unwrap();
        assert!(leased.find(&key(1)).await.unwrap().is_some() && leased.find_now(&key(1)).is_some(), "{statement}");
        schema.client().await.batch_execute(statement).await.unwrap();
        // Nobody waited: the node learns of it when it next renews its lease.
        let renewals = leased.renewals();
        while leased.renewals() < renewals + 2 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert!(leased.find_now(&key(1)).is_none(), "{statement}");
        while !leased.holds_lease() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    assert!(leased.holds_lease());
}

/// The clock of the database was set: a session seems to be over that a node which read it before still admits.
#[tokio::test(flavor = "multi_thread")]
async fn what_seems_to_be_over_is_told_when_somebody_ends_it() {
    let schema = TestSchema::new();
    let store = schema.store(Clock::new()).await;
    let leased = LeasedStore::builder(store.clone()).lease(Duration::from_secs(2)).start().unwrap();
    while !leased.holds_lease() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let user = "alice".into();
    for way in 0..4 {
        store.insert(session("alice", 1).await, LIMIT).await.unwrap();
        assert!(leased.find(&key(1)).await.unwrap().is_some());
        schema.client().await.batch_execute("update session set seen = seen - idle").await.unwrap();
        assert!(store.find(&key(1)).await.unwrap().is_none() && leased.find_now(&key(1)).is_some());
        match way {
            0 => drop(store.close(&key(1)).await.unwrap().expect("it was there")),
            1 => drop(store.close_handle(&user, handle(1)).await.unwrap().expect("it was there")),
            2 => assert_eq!(store.close_all(&user, None).await.unwrap().len(), 1),
            _ => {
                let mut over_it = session("bob", 2).await;
                over_it.replaces = Some(key(1));
                assert!(
                    matches!(store.insert(over_it, LIMIT).await.unwrap(), Inserted::Opened(ended) if ended.len() == 1)
                );
            }
        }
        assert!(leased.find_now(&key(1)).is_none(), "{way}");
    }
}

/// A token is exchanged while the session is about to be closed: it is the session that ends, under whatever key.
#[tokio::test(flavor = "multi_thread")]
async fn who_gets_another_token_meanwhile_is_logged_out_as_well() {
    let schema = TestSchema::new();
    let store = schema.store(Clock::new()).await;
    let mut client = schema.client().await;
    for (way, open) in [vec![1, 2, 3], vec![2]].into_iter().enumerate() {
        for number in open {
            store.insert(session("alice", number).await, LIMIT).await.unwrap();
        }
        let exchange = client.transaction().await.unwrap();
        let (from, to) = (key(2), key(9));
        exchange
            .execute(
                "update session set key = $2 where key = $1",
                &[&from.as_bytes().as_slice(), &to.as_bytes().as_slice()],
            )
            .await
            .unwrap();
        let ending = tokio::spawn({
            let store = store.clone();
            async move {
                if way == 0 {
                    assert_eq!(store.close_everybody().await.unwrap(), 3);
                    return;
                }
                // One session at most, in the place of the one whose token is exchanged.
                let mut new = session("alice", 4).await;
                new.replaces = Some(key(2));
                let only = Limit { sessions: NonZeroU32::MIN, when_full: WhenFull::CloseOldest };
                let inserted = store.insert(new, only).await.unwrap();
                assert!(matches!(inserted, Inserted::Opened(ended) if ended.len() == 1));
            }
        });
        // It waits for the row.
        let waits =
            "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query like '%' || $1 || '%'";
        while schema.client().await.query_one(waits, &[&schema.name]).await.unwrap().get::<_, i64>(0) == 0 {
            tokio::task::yield_now().await;
        }
        exchange.commit().await.unwrap();
        ending.await.unwrap();
        let left = store.list(&"alice".into()).await.unwrap();
        assert_eq!(left.iter().map(|session| session.key).collect::<Vec<_>>(), [key(4)][..way]);
    }
}
