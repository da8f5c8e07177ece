//! A server that is down, slow, full, a replica by now, or gone without a word.

use std::time::{Duration, Instant};

use os_session::testing::{Browser, Clock};
use os_session::{Inserted, Store as _};
use os_session_tests::proxy::Proxy;
use os_session_tests::redis::{RedisServer, TestPrefix, ask};

use crate::site::{COOKIE, node};
use crate::{LIMIT, key, session, short_session, slot, value};

const SOON: Duration = Duration::from_millis(300);

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_down_is_a_503_and_nothing_has_to_be_restarted() {
    let mut server = RedisServer::start();
    let prefix = TestPrefix::at(server.url());
    let store = prefix.store(Clock::new()).await;
    let (sessions, app) = node(&store, |builder| builder).await;
    let mut alice = Browser::connected(&app, &sessions, "alice").await.unwrap();
    sessions.groups().add_user_in_group("alice", "admin").await.unwrap();
    let cookie = alice.cookie(COOKIE).unwrap().to_owned();

    for _ in 0..2 {
        server.kill();
        for path in ["/who", "/admin"] {
            let answer = alice.get(path).await;
            assert_eq!(answer.status(), 503, "{path}");
            assert!(answer.header("retry-after").is_some());
            assert!(!answer.text().contains("Redis"), "no internal text leaves: {}", answer.text());
        }
        assert_eq!(alice.post("/login/mallory", &[]).await.status(), 503);
        assert_eq!(Browser::new(&app).get("/who").await.text(), "None", "nobody needs no look-up");
        let error = store.find(&key(1)).await.expect_err("a failure is not an absence").to_string();
        assert!(error.contains("Redis cannot be reached") && error.contains("refused"), "{error}");

        server.restart();
        assert_eq!(alice.get("/admin").await.text(), "the safe");
        assert_eq!(alice.cookie(COOKIE), Some(&*cookie));
    }
}

/// The connection said that it was closed while nobody used it.
#[tokio::test(flavor = "multi_thread")]
async fn a_restart_that_nobody_met_is_no_error() {
    let mut server = RedisServer::start();
    let prefix = TestPrefix::at(server.url());
    let store = prefix.store(Clock::new()).await;
    store.insert(session("alice", 1).await, LIMIT).await.unwrap();
    server.kill();
    server.restart();
    assert!(store.find(&key(1)).await.unwrap().is_some());
}

#[tokio::test]
async fn a_slow_server_is_an_error_at_the_deadline() {
    let server = RedisServer::start();
    let prefix = TestPrefix::at(server.url());
    let store = prefix.builder().deadline(SOON).connect(&prefix.url).await.unwrap();
    store.insert(session("alice", 1).await, LIMIT).await.unwrap();

    let mut connection = server.connection();
    ask::<()>(&mut connection, &[b"CLIENT", b"PAUSE", b"60000", b"WRITE"]);
    for _ in 0..2 {
        let began = Instant::now();
        let error = store.find(&key(1)).await.unwrap_err();
        assert!((SOON..SOON * 4).contains(&began.elapsed()), "{:?}", began.elapsed());
        assert!(error.to_string().contains("300ms"), "{error}");
    }
    ask::<()>(&mut connection, &[b"CLIENT", b"UNPAUSE"]);
    assert!(store.find(&key(1)).await.unwrap().is_some());
}

#[tokio::test]
async fn a_connection_that_missed_the_deadline_is_used_no_more() {
    let prefix = TestPrefix::new();
    let proxy = Proxy::before(&prefix.url).await;
    let store = prefix.builder().deadline(SOON).connect(&proxy.url()).await.unwrap();
    store.insert(session("alice", 1).await, LIMIT).await.unwrap();
    let connections = proxy.connections();
    // As after a firewall forgot it: one request pays.
    proxy.silence_present();
    assert!(store.find(&key(1)).await.is_err());
    let at_once = || async { store.find(&key(1)).await.unwrap() };
    let (one, other, third) = tokio::join!(at_once(), at_once(), at_once());
    assert!(one.is_some() && other.is_some() && third.is_some());
    assert_eq!(proxy.connections(), connections + 1, "one other, for all of them");
}

/// However many wait for a connection, each has its own deadline.
#[tokio::test]
async fn a_server_that_accepts_nothing_is_an_error_at_the_deadline_for_all() {
    let prefix = TestPrefix::new();
    let proxy = Proxy::before(&prefix.url).await;
    let store = prefix.builder().deadline(SOON).connect(&proxy.url()).await.unwrap();
    proxy.hold();
    assert!(store.find(&key(1)).await.is_err());
    let began = Instant::now();
    let at_once = || async { store.find(&key(1)).await.unwrap_err().to_string() };
    let (one, other, third) = tokio::join!(at_once(), at_once(), at_once());
    assert!(began.elapsed() < SOON * 4, "{:?}", began.elapsed());
    for error in [one, other, third] {
        assert!(error.contains("no connection to Redis") && error.contains("300ms"), "{error}");
    }
    proxy.release();
    assert_eq!(store.find(&key(1)).await.unwrap(), None);
}

#[tokio::test]
async fn a_future_that_is_dropped_leaves_its_connection_in_order() {
    let prefix = TestPrefix::new();
    let proxy = Proxy::before(&prefix.url).await;
    let store = prefix.store_at(&proxy.url(), Clock::new()).await;
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

/// What it knows was true a while ago: who was logged out since would be let in.
#[tokio::test]
async fn a_primary_that_became_a_replica_answers_nothing_not_even_a_look_up() {
    let server = RedisServer::start();
    let prefix = TestPrefix::at(server.url());
    let store = prefix.store(Clock::new()).await;
    store.insert(session("alice", 1).await, LIMIT).await.unwrap();
    let mut connection = server.connection();
    ask::<()>(&mut connection, &[b"REPLICAOF", b"127.0.0.1", b"1"]);
    let user = "alice".into();
    let errors = [
        store.find(&key(1)).await.unwrap_err(),
        store.in_group(&user, "staff").await.unwrap_err(),
        store.list(&user).await.unwrap_err(),
        store.touch(&key(1)).await.unwrap_err(),
        store.close(&key(1)).await.unwrap_err(),
    ];
    for error in errors {
        assert!(error.to_string().contains("READONLY"), "{error}");
    }
    ask::<()>(&mut connection, &[b"REPLICAOF", b"NO", b"ONE"]);
    assert!(store.find(&key(1)).await.unwrap().is_some());
}

/// What it has not read yet is not absent.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_loading_is_an_error_that_says_so() {
    let server = RedisServer::with(&["--loading-process-events-interval-bytes", "1024"]);
    let prefix = TestPrefix::at(server.url());
    let store = prefix.store(Clock::new()).await;
    for number in 1..=100 {
        let mut new = session(&format!("user {number}"), number).await;
        new.device = Some("a long name of a device ".repeat(20).into());
        store.insert(new, LIMIT).await.unwrap();
    }
    let (mut reloading, mut connection) = (server.connection(), server.connection());
    ask::<()>(&mut connection, &[b"CONFIG", b"SET", b"key-load-delay", b"10000"]);
    let reloaded = tokio::task::spawn_blocking(move || ask::<()>(&mut reloading, &[b"DEBUG", b"RELOAD"]));
    let until = Instant::now() + Duration::from_secs(10);
    let error = loop {
        match store.find(&key(1)).await {
            Err(error) => break error.to_string(),
            Ok(found) => assert!(found.is_some() && Instant::now() < until, "it was never absent, and is loading soon"),
        }
    };
    assert!(error.contains("LOADING"), "{error}");
    ask::<()>(&mut connection, &[b"CONFIG", b"SET", b"key-load-delay", b"0"]);
    reloaded.await.unwrap();
    assert!(store.find(&key(1)).await.unwrap().is_some());
}

#[tokio::test]
async fn a_full_server_takes_no_log_in_and_every_log_out() {
    let server = RedisServer::start();
    let (prefix, clock) = (TestPrefix::at(server.url()), Clock::new());
    let store = prefix.store(clock.clone()).await;
    for number in 1..=3 {
        store.insert(short_session("alice", number).await, LIMIT).await.unwrap();
    }
    store.create_group("staff").await.unwrap();
    store.add_to_group(&"alice".into(), "staff").await.unwrap();
    let mut connection = server.connection();
    ask::<()>(&mut connection, &[b"CONFIG", b"SET", b"maxmemory", b"1"]);

    let before = prefix.contents().await;
    let mut replacing = session("alice", 4).await;
    replacing.replaces = Some(key(3));
    let error = store.insert(replacing, LIMIT).await.unwrap_err().to_string();
    assert!(error.contains("OOM"), "{error}");
    assert!(store.write_slot(&slot(&key(1)), value("more")).await.is_err());
    assert_eq!(prefix.contents().await, before, "nothing was half done");

    assert!(store.find(&key(1)).await.unwrap().is_some());
    assert!(store.touch(&key(1)).await.unwrap());
    assert!(store.close(&key(1)).await.unwrap().is_some());
    assert!(store.remove_from_group(&"alice".into(), "staff").await.unwrap());
    clock.advance(Duration::from_mins(1));
    assert_eq!(store.purge(100).await.unwrap().len(), 2);
    ask::<()>(&mut connection, &[b"CONFIG", b"SET", b"maxmemory", b"0"]);
    assert_eq!(store.insert(session("alice", 4).await, LIMIT).await.unwrap(), Inserted::Opened(Vec::new()));
}
