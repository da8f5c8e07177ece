//! A server that lost its last writes or may throw some away, has no room for more, or does what nobody waits for any more.

use std::num::NonZeroU32;
use std::time::Duration;

use os_session::testing::Clock;
use os_session::{LeaseStore as _, Limit, SessionKey, Store as _, WhenFull};
use os_session_tests::redis::{RedisServer, TestPrefix, ask};
use tokio::sync::Mutex;

use crate::shared_leases::a_store_that_lost_its_last_writes_is_obeyed_from_then_on;
use crate::{LIMIT, key, session, short_session};

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_lost_its_last_writes_is_obeyed_from_then_on() {
    let server = RedisServer::with(&["--appendonly", "no"]);
    let prefix = TestPrefix::at(server.url());
    let store = prefix.store(Clock::new()).await;
    let server = Mutex::new(server);
    let save = async || ask::<()>(&mut server.lock().await.connection(), &[b"SAVE"]);
    let lose = async || {
        let mut server = server.lock().await;
        server.kill();
        server.restart();
    };
    a_store_that_lost_its_last_writes_is_obeyed_from_then_on(store, save, lose).await;
}

#[tokio::test]
async fn a_server_that_throws_keys_away_has_no_leases() {
    let server = RedisServer::with(&["--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"]);
    let store = TestPrefix::at(server.url()).store(Clock::new()).await;
    let error = store.join_leases("node", Duration::from_secs(1)).await.unwrap_err().to_string();
    assert!(error.contains("allkeys-lru") && error.contains("noeviction"), "{error}");
    ask::<()>(&mut server.connection(), &[b"CONFIG", b"SET", b"maxmemory-policy", b"noeviction"]);
    store.join_leases("node", Duration::from_secs(1)).await.unwrap();
}

/// The server stood still, and whoever asked has gone.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_in_that_nobody_waits_for_any_more_opens_and_closes_nothing() {
    let server = RedisServer::start();
    let prefix = TestPrefix::at(server.url());
    let deadline = Duration::from_millis(300);
    let store = prefix.builder().deadline(deadline).connect(&prefix.url).await.unwrap();
    let only = Limit { sessions: NonZeroU32::MIN, when_full: WhenFull::CloseOldest };
    store.insert(session("alice", 1).await, only).await.unwrap();

    server.pause();
    let error = store.insert(session("alice", 2).await, only).await.unwrap_err().to_string();
    assert!(error.contains("300ms"), "{error}");
    // It has what was sent, and time goes on.
    tokio::time::sleep(deadline).await;
    server.resume();
    assert!(store.find(&key(1)).await.unwrap().is_some(), "the session that there was");
    let listed = store.list(&"alice".into()).await.unwrap();
    assert_eq!(listed.into_iter().map(|session| session.key).collect::<Vec<_>>(), [key(1)]);
    store.insert(session("alice", 3).await, LIMIT).await.unwrap();
}

/// Whoever may be let in no more is put into a group; that needs memory, and must not fail for want of it.
#[tokio::test]
async fn when_memory_is_full_users_can_still_be_banned() {
    let server = RedisServer::start();
    let store = TestPrefix::at(server.url()).store(Clock::new()).await;
    store.create_group("banned").await.unwrap();
    store.insert(session("mallory", 1).await, LIMIT).await.unwrap();
    ask::<()>(&mut server.connection(), &[b"CONFIG", b"SET", b"maxmemory", b"1"]);
    store.insert(session("mallory", 2).await, LIMIT).await.unwrap_err();
    assert!(store.add_to_group(&"mallory".into(), "banned").await.unwrap());
    assert_eq!(store.find(&key(1)).await.unwrap().unwrap().groups, ["banned"].iter().collect());
}

/// Of a purge in several steps a later one fails, here by values that are none.
#[tokio::test]
async fn a_purge_that_fails_tells_whose_sessions_it_ended() {
    const STEP: u16 = 500;
    let prefix = TestPrefix::new();
    let clock = Clock::new();
    let store = prefix.store(clock.clone()).await;
    for number in 0..STEP {
        let mut new = short_session(&format!("user{number}"), 0).await;
        let [high, low] = number.to_be_bytes();
        let mut bytes = [low; 32];
        bytes[0] = high;
        new.key = SessionKey::from_bytes(bytes);
        store.insert(new, LIMIT).await.unwrap();
    }
    let last = session("alice", 250).await;
    store.insert(last, LIMIT).await.unwrap();
    let mut connection = prefix.connection();
    let record = prefix.key("session:", &[250; 32]);
    let id: Vec<u8> = ask(&mut connection, &[b"HGET", &record, b"id"]);
    ask::<()>(&mut connection, &[b"SET", &prefix.key("tabs:", &id), b"no tabs"]);
    clock.advance(Duration::from_hours(24 * 365));

    assert_eq!(store.purge(1000).await.unwrap().len(), usize::from(STEP), "those before it");
    store.purge(1000).await.unwrap_err();
    ask::<()>(&mut connection, &[b"DEL", &prefix.key("tabs:", &id)]);
    assert_eq!(store.purge(1000).await.unwrap().len(), 1);
}
