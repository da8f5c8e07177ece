//! Who waits for whom: the locks of users, taken by a test in their place.

use std::time::{Duration, Instant};

use os_session::Store as _;
use os_session::testing::Clock;
use os_session_tests::postgres::TestSchema;
use tokio_postgres::Client;

use crate::{LIMIT, key, session};

/// Waits until that many of the store's statements wait for a lock.
async fn waiting(observer: &Client, schema: &TestSchema, wanted: i64) {
    let waiting =
        "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query like '%' || $1 || '%'";
    let until = Instant::now() + Duration::from_secs(20);
    while observer.query_one_scalar::<i64, _>(waiting, &[&schema.name]).await.unwrap() != wanted {
        assert!(Instant::now() < until, "{wanted} statements should wait");
        tokio::task::yield_now().await;
    }
}

/// Two browsers change hands at once: each log-in ends a session of the other's user.
#[tokio::test]
async fn log_ins_that_replace_each_others_sessions_take_the_locks_in_one_order() {
    let schema = TestSchema::new();
    let store = schema.builder().deadline(Duration::from_secs(20)).connect(&schema.url).await.unwrap();
    let (mut holder, observer) = (schema.client().await, schema.client().await);
    let order = "select u, user_lock_1(u) from unnest(array['alice', 'bob']) u order by 2 desc";
    let rows = holder.query(order, &[]).await.unwrap();
    let (high, low): (String, String) = (rows[0].get(0), rows[1].get(0));
    store.insert(session(&high, 1).await, LIMIT).await.unwrap();
    store.insert(session(&low, 2).await, LIMIT).await.unwrap();
    let (mut first, mut second) = (session(&high, 3).await, session(&low, 4).await);
    (first.replaces, second.replaces) = (Some(key(2)), Some(key(1)));

    let held = holder.transaction().await.unwrap();
    held.query("select pg_advisory_xact_lock(user_lock_1($1))", &[&high]).await.unwrap();
    let spawn = |new| {
        let store = store.clone();
        tokio::spawn(async move { store.insert(new, LIMIT).await })
    };
    let first = spawn(first);
    waiting(&observer, &schema, 1).await;
    let second = spawn(second);
    waiting(&observer, &schema, 2).await;
    held.rollback().await.unwrap();
    for log_in in [first, second] {
        log_in.await.unwrap().expect("there is no deadlock");
    }
    assert_eq!((store.list(&high.into()).await.unwrap().len(), store.list(&low.into()).await.unwrap().len()), (1, 1));
}

#[tokio::test]
async fn a_log_out_everywhere_waits_for_log_ins_of_that_user_and_of_nobody_else() {
    let schema = TestSchema::new();
    let store = schema.store(Clock::new()).await;
    let (mut holder, observer) = (schema.client().await, schema.client().await);
    for (number, user) in [(1, "alice"), (2, "bob")] {
        store.insert(session(user, number).await, LIMIT).await.unwrap();
    }
    let held = holder.transaction().await.unwrap();
    held.query("select pg_advisory_xact_lock(user_lock_1('alice'))", &[]).await.unwrap();
    let all_of_alice = {
        let store = store.clone();
        tokio::spawn(async move { store.close_all(&"alice".into(), None).await })
    };
    waiting(&observer, &schema, 1).await;
    assert_eq!(store.close_all(&"bob".into(), None).await.unwrap().len(), 1);
    assert!(store.find(&key(1)).await.unwrap().is_some(), "and nobody who reads waits");
    held.rollback().await.unwrap();
    assert_eq!(all_of_alice.await.unwrap().unwrap().len(), 1);
}
