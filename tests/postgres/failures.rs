//! A server that is down, slow or gone without a word.

use std::time::{Duration, Instant};

use os_session::Store as _;
use os_session::testing::{Browser, Clock};
use os_session_tests::postgres::TestSchema;
use os_session_tests::proxy::Proxy;

use crate::site::{COOKIE, node};
use crate::{LIMIT, key, session};
use os_session_tests::cluster::Cluster;

const SOON: Duration = Duration::from_millis(300);

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_down_is_a_503_and_nothing_has_to_be_restarted() {
    let cluster = Cluster::start();
    let schema = TestSchema::at(cluster.url());
    let store = schema.store(Clock::new()).await;
    let (sessions, app) = node(&store, |builder| builder).await;
    let mut alice = Browser::connected(&app, &sessions, "alice").await.unwrap();
    sessions.groups().add_user_in_group("alice", "admin").await.unwrap();
    let cookie = alice.cookie(COOKIE).unwrap().to_owned();

    for _ in 0..2 {
        cluster.stop();
        for path in ["/who", "/admin"] {
            let answer = alice.get(path).await;
            assert_eq!(answer.status(), 503, "{path}");
            assert!(answer.header("retry-after").is_some());
            assert!(!answer.text().contains("PostgreSQL"), "no internal text leaves: {}", answer.text());
        }
        assert_eq!(alice.post("/login/mallory", &[]).await.status(), 503);
        assert_eq!(Browser::new(&app).get("/who").await.text(), "None", "nobody needs no look-up");
        assert!(store.find(&key(1)).await.is_err(), "a failure is not an absence");

        cluster.resume();
        assert_eq!(alice.get("/admin").await.text(), "the safe");
        assert_eq!(alice.cookie(COOKIE), Some(&*cookie));
    }
    drop(schema);
}

#[tokio::test]
async fn a_slow_server_is_an_error_at_the_deadline_and_its_connection_is_used_no_more() {
    let schema = TestSchema::new();
    let proxy = Proxy::before(&schema.url).await;
    let store = schema.builder().deadline(SOON).connect(&proxy.url()).await.unwrap();
    store.insert(session("alice", 1).await, LIMIT).await.unwrap();
    let connections = proxy.connections();

    proxy.hold();
    let began = Instant::now();
    let error = store.find(&key(1)).await.unwrap_err();
    assert!((SOON..SOON * 4).contains(&began.elapsed()), "{:?}", began.elapsed());
    assert!(error.to_string().contains("300ms"), "{error}");
    proxy.release();
    assert!(store.find(&key(1)).await.unwrap().is_some());
    assert_eq!(proxy.connections(), connections + 1, "another connection");
}

/// As after a firewall forgot them: one request pays for all.
#[tokio::test]
async fn connections_that_fell_silent_are_all_given_up_at_the_first_deadline() {
    let schema = TestSchema::new();
    let proxy = Proxy::before(&schema.url).await;
    let store = schema.builder().deadline(SOON).connect(&proxy.url()).await.unwrap();
    store.insert(session("alice", 1).await, LIMIT).await.unwrap();
    // All four are there, and idle.
    let at_once = || async { store.find(&key(1)).await.unwrap() };
    tokio::join!(at_once(), at_once(), at_once(), at_once());

    proxy.silence_present();
    assert!(store.find(&key(1)).await.is_err());
    for _ in 0..5 {
        assert!(store.find(&key(1)).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn a_pool_in_use_is_an_error_at_the_deadline_and_no_hang() {
    let schema = TestSchema::new();
    let store = schema.builder().max_connections(1).deadline(SOON).connect(&schema.url).await.unwrap();
    store.insert(session("alice", 1).await, LIMIT).await.unwrap();
    let mut client = schema.client().await;
    let blocking = client.transaction().await.unwrap();
    blocking.execute("select from session for update", &[]).await.unwrap();

    // One waits for the row, the other for the connection.
    let (touch_key, find_key) = (key(1), key(1));
    let began = Instant::now();
    let (touched, found) = tokio::join!(store.touch(&touch_key), store.find(&find_key));
    assert!(touched.is_err() && found.is_err());
    assert!(began.elapsed() < SOON * 4);
    blocking.rollback().await.unwrap();
    assert!(store.find(&key(1)).await.unwrap().is_some());
}

/// What the server still worked on ends there too, so that it does not happen long after it was given up.
#[tokio::test]
async fn what_missed_the_deadline_does_not_go_on_at_the_server() {
    let schema = TestSchema::new();
    let store = schema.builder().deadline(SOON).connect(&schema.url).await.unwrap();
    store.insert(session("alice", 1).await, LIMIT).await.unwrap();
    let mut client = schema.client().await;
    let blocking = client.transaction().await.unwrap();
    blocking.execute("select from session for update", &[]).await.unwrap();
    assert!(store.close(&key(1)).await.is_err());
    let waiting =
        "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query like '%' || $1 || '%'";
    let observer = schema.client().await;
    let until = Instant::now() + Duration::from_secs(10);
    while observer.query_one_scalar::<i64, _>(waiting, &[&schema.name]).await.unwrap() > 0 {
        assert!(Instant::now() < until, "it waits on");
        tokio::task::yield_now().await;
    }
    blocking.rollback().await.unwrap();
    assert!(store.find(&key(1)).await.unwrap().is_some(), "it was left undone");
}

#[tokio::test]
async fn a_future_that_is_dropped_leaves_its_connection_in_order() {
    let schema = TestSchema::new();
    let proxy = Proxy::before(&schema.url).await;
    let store = schema.builder().max_connections(1).connect(&proxy.url()).await.unwrap();
    store.insert(session("alice", 1).await, LIMIT).await.unwrap();
    store.insert(session("bob", 2).await, LIMIT).await.unwrap();
    let connections = proxy.connections();
    for _ in 0..50 {
        // The question is sent, and nobody waits for the answer.
        let alice = key(1);
        tokio::select! { biased; _ = store.find(&alice) => {}, () = tokio::task::yield_now() => {} }
        assert_eq!(store.find(&key(2)).await.unwrap().unwrap().user, "bob", "each gets the answer to its question");
    }
    assert_eq!(proxy.connections(), connections, "on the same connection");
}
