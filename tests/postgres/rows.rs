//! Rows that a newer release wrote, and rows that nobody can have written.

use std::time::Duration;

use os_session::testing::{Browser, Clock};
use os_session::{End, PostgresStore, Store as _, UserId};
use os_session_tests::log::caught;
use os_session_tests::postgres::TestSchema;
use tokio_postgres::Client;

use crate::site::node;
use crate::{LIMIT, handle, key, rotation, session, short_session};

/// A store with sessions 1 of alice and 2 of bob, and a connection to spoil them by.
async fn spoilt(schema: &TestSchema, clock: &Clock, spoil: &str) -> (PostgresStore, Client) {
    let store = schema.store(clock.clone()).await;
    store.insert(short_session("alice", 1).await, LIMIT).await.unwrap();
    store.insert(short_session("bob", 2).await, LIMIT).await.unwrap();
    let client = schema.client().await;
    client.batch_execute(spoil).await.unwrap();
    (store, client)
}

#[tokio::test]
async fn a_row_of_a_newer_release_is_nothing_here_and_is_left_to_that_release() {
    let (schema, clock) = (TestSchema::new(), Clock::new());
    let (store, client) = spoilt(&schema, &clock, "update session set format = 2 where user_id = 'alice'").await;
    assert_eq!(store.find(&key(1)).await.unwrap(), None);
    assert_eq!(store.list(&"alice".into()).await.unwrap(), []);
    assert!(!store.touch(&key(1)).await.unwrap());
    assert!(!store.rotate(rotation(1, 3)).await.unwrap());

    clock.advance(Duration::from_mins(1));
    let purged = store.purge(100).await.unwrap();
    assert_eq!(purged.iter().map(|ended| ended.handle).collect::<Vec<_>>(), [handle(2)], "bob's, which is known");
    store.insert(session("alice", 4).await, LIMIT).await.unwrap();
    let kept: i64 = client.query_one_scalar("select count(*) from session where format = 2", &[]).await.unwrap();
    assert_eq!(kept, 1, "neither a purge nor a log-in removes what it does not understand");
}

#[tokio::test]
async fn a_log_out_ends_sessions_of_a_newer_release_as_well() {
    for way in 0..3 {
        let (schema, clock) = (TestSchema::new(), Clock::new());
        let (store, client) = spoilt(&schema, &clock, "update session set format = 2").await;
        let user = UserId::from("alice");
        let ended = match way {
            0 => store.close(&key(1)).await.unwrap().into_iter().collect(),
            1 => store.close_handle(&user, handle(1)).await.unwrap().into_iter().collect(),
            _ => store.close_all(&user, None).await.unwrap(),
        };
        assert_eq!((ended.len(), ended[0].why), (1, End::Closed));
        let left: i64 = client.query_one_scalar("select count(*) from session", &[]).await.unwrap();
        assert_eq!(left, 1, "and nobody else's");
    }
}

#[tokio::test]
async fn a_row_that_cannot_be_is_an_unconnected_request_and_one_line_in_the_log() {
    // The table itself refuses a negative last use, or an end that cannot be counted.
    for spoil in ["format = 2", "format = -1", "opened = -1", "authenticated = -1"] {
        let (schema, clock) = (TestSchema::new(), Clock::new());
        let store = schema.store(clock.clone()).await;
        let (sessions, app) = node(&store, |builder| builder).await;
        let mut alice = Browser::connected(&app, &sessions, "alice").await.unwrap();
        let client = schema.client().await;
        client.batch_execute(&format!("update session set {spoil}")).await.unwrap();

        let (lines, _guard) = caught();
        for _ in 0..5 {
            assert_eq!(alice.get("/who").await.text(), "None", "{spoil}");
            assert_eq!(alice.get("/admin").await.status(), 401, "{spoil}");
        }
        let lines: Vec<_> = lines.take().into_iter().filter(|line| line.starts_with("WARN")).collect();
        assert_eq!(lines.len(), 1, "{spoil}: {lines:#?}");
        let hex: String = client.query_one_scalar("select encode(key, 'hex') from session", &[]).await.unwrap();
        assert!(!lines[0].contains(&hex), "{}", lines[0]);
        store.list(&"alice".into()).await.unwrap();
    }
}

#[tokio::test]
async fn a_key_that_is_no_hash_is_not_listed_and_can_be_closed() {
    let (schema, clock) = (TestSchema::new(), Clock::new());
    let (store, _client) = spoilt(&schema, &clock, "update session set key = 'short' where user_id = 'alice'").await;
    assert_eq!(store.list(&"alice".into()).await.unwrap(), []);
    assert_eq!(store.close_all(&"alice".into(), None).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_table_of_another_make_is_an_error_and_no_panic() {
    let (schema, clock) = (TestSchema::new(), Clock::new());
    let (store, client) = spoilt(&schema, &clock, "").await;
    store.find(&key(1)).await.unwrap();
    let without = "drop table slot_owner cascade; drop trigger session_changed on session";
    client.batch_execute(without).await.unwrap();
    client.batch_execute("alter table session alter column handle type text").await.unwrap();
    assert!(store.find(&key(1)).await.is_err());
    client.batch_execute("drop table session").await.unwrap();
    assert!(store.find(&key(1)).await.is_err());
}
