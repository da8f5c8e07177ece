//! Records that a newer release wrote, and records that nobody can have written.

use std::time::Duration;

use os_session::testing::{Browser, Clock};
use os_session::{End, RedisStore, SlotWritten, Store as _, UserId};
use os_session_tests::log::caught;
use os_session_tests::redis::{TestPrefix, ask};

use crate::site::node;
use crate::{LIMIT, handle, key, rotation, session, short_session, slot, value};

/// A store with sessions 1 of alice and 2 of bob, of which the first has that field set to that value.
async fn spoilt(prefix: &TestPrefix, clock: &Clock, field: &str, value: &str) -> RedisStore {
    let store = prefix.store(clock.clone()).await;
    store.insert(short_session("alice", 1).await, LIMIT).await.unwrap();
    store.insert(short_session("bob", 2).await, LIMIT).await.unwrap();
    let record = prefix.key("session:", &[1; 32]);
    ask::<()>(&mut prefix.connection(), &[b"HSET", &record, field.as_bytes(), value.as_bytes()]);
    store
}

fn formats(prefix: &TestPrefix) -> Vec<String> {
    let mut connection = prefix.connection();
    let count = prefix.keys().iter().filter(|name| name.starts_with("session:")).count();
    let formats: Vec<String> = (1..=9)
        .filter_map(|number| ask(&mut connection, &[b"HGET", &prefix.key("session:", &[number; 32]), b"format"]))
        .collect();
    assert_eq!(formats.len(), count, "every session is one of these");
    formats
}

#[tokio::test]
async fn a_record_of_a_newer_release_is_nothing_here_and_is_left_to_that_release() {
    let (prefix, clock) = (TestPrefix::new(), Clock::new());
    let store = spoilt(&prefix, &clock, "format", "2").await;
    assert_eq!(store.find(&key(1)).await.unwrap(), None);
    assert_eq!(store.list(&"alice".into()).await.unwrap(), []);
    assert!(!store.touch(&key(1)).await.unwrap());
    assert!(!store.rotate(rotation(1, 3)).await.unwrap());
    assert_eq!(store.slot(&slot(&key(1))).await.unwrap(), None);
    assert_eq!(store.write_slot(&slot(&key(1)), value("value")).await.unwrap(), SlotWritten::NoOwner);

    clock.advance(Duration::from_mins(1));
    // More than one, and behind it: what is passed over hides nothing.
    for most in [1, 100] {
        let purged = store.purge(most).await.unwrap();
        let told: Vec<_> = purged.iter().map(|ended| ended.handle).collect();
        assert_eq!(told, if most == 1 { vec![handle(2)] } else { vec![] }, "bob's, which is known");
    }
    store.insert(session("alice", 4).await, LIMIT).await.unwrap();
    assert_eq!(formats(&prefix), ["2", "1"], "neither a purge nor a log-in removes what it does not understand");
}

#[tokio::test]
async fn many_of_a_newer_release_hide_nothing_from_a_purge() {
    const MANY: u64 = 1200;
    let (prefix, clock) = (TestPrefix::new(), Clock::new());
    let store = prefix.store(clock.clone()).await;
    let mut connection = prefix.connection();
    for number in 0..MANY {
        let mut new = short_session(&format!("user {number}"), 1).await;
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&number.to_le_bytes());
        (new.key, new.handle) = (os_session::SessionKey::from_bytes(bytes), handle(number));
        store.insert(new, LIMIT).await.unwrap();
        if number < MANY - 5 {
            ask::<()>(&mut connection, &[b"HSET", &prefix.key("session:", &bytes), b"format", b"2"]);
        }
    }
    clock.advance(Duration::from_mins(10));
    assert_eq!(store.purge(3).await.unwrap().len(), 3);
    assert_eq!(store.purge(100).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_log_out_ends_sessions_of_a_newer_release_as_well() {
    for way in 0..4 {
        let (prefix, clock) = (TestPrefix::new(), Clock::new());
        let store = spoilt(&prefix, &clock, "format", "2").await;
        let user = UserId::from("alice");
        let ended = match way {
            0 => store.close(&key(1)).await.unwrap().into_iter().collect(),
            1 => store.close_handle(&user, handle(1)).await.unwrap().into_iter().collect(),
            2 => store.close_all(&user, None).await.unwrap(),
            _ => store.close_all_with_browsers(&user).await.unwrap(),
        };
        assert_eq!((ended.len(), ended[0].why), (1, End::Closed));
        assert_eq!(formats(&prefix), ["1"], "and nobody else's");
    }
}

#[tokio::test]
async fn a_record_that_cannot_be_is_an_unconnected_request_and_one_line_in_the_log() {
    let spoils = [
        ("format", "2"),
        ("format", "-1"),
        ("opened", "-1"),
        ("authenticated", "noon"),
        ("seen", ""),
        ("ends", "1e99"),
        ("handle", "12"),
        ("user", "\u{0}"),
    ];
    for (field, value) in spoils {
        let prefix = TestPrefix::new();
        let store = prefix.store(Clock::new()).await;
        let (sessions, app) = node(&store, |builder| builder).await;
        let mut alice = Browser::connected(&app, &sessions, "alice").await.unwrap();
        let mut connection = prefix.connection();
        let name = prefix.keys().into_iter().find(|name| name.starts_with("session:")).unwrap();
        let keys: Vec<Vec<u8>> = ask(&mut connection, &[b"ZRANGE", &prefix.key("sessions", b""), b"0", b"-1"]);
        let record = prefix.key("session:", &keys[0]);
        // What is no text is no user.
        let value = if field == "user" { b"\xff".as_slice() } else { value.as_bytes() };
        ask::<()>(&mut connection, &[b"HSET", &record, field.as_bytes(), value]);

        let (lines, _guard) = caught();
        for _ in 0..5 {
            assert_eq!(alice.get("/who").await.text(), "None", "{field}");
            assert_eq!(alice.get("/admin").await.status(), 401, "{field}");
        }
        let lines: Vec<_> = lines.take().into_iter().filter(|line| line.starts_with("WARN")).collect();
        assert_eq!(lines.len(), 1, "{field}: {lines:#?}");
        assert!(!lines[0].contains(&name["session:".len()..]), "{}", lines[0]);
        store.list(&"alice".into()).await.unwrap();
        store.close_all(&"alice".into(), None).await.unwrap();
        store.close(&os_session::SessionKey::from_bytes(keys[0].clone().try_into().unwrap())).await.unwrap();
        assert_eq!(prefix.keys().iter().filter(|name| name.starts_with("session:")).count(), 0, "{field}");
    }
}

/// A server that threw keys away, whatever it was told.
#[tokio::test]
async fn a_session_of_which_only_an_index_knows_is_none_and_is_tidied_up() {
    let (prefix, clock) = (TestPrefix::new(), Clock::new());
    let store = prefix.store(clock.clone()).await;
    store.insert(short_session("alice", 1).await, LIMIT).await.unwrap();
    store.insert(short_session("alice", 2).await, LIMIT).await.unwrap();
    ask::<()>(&mut prefix.connection(), &[b"DEL", &prefix.key("session:", &[1; 32])]);
    assert_eq!(store.find(&key(1)).await.unwrap(), None);
    assert!(!store.touch(&key(1)).await.unwrap() && !store.rotate(rotation(1, 3)).await.unwrap());
    assert_eq!(store.list(&"alice".into()).await.unwrap().len(), 1);
    let two = os_session::Limit { sessions: 2.try_into().unwrap(), ..LIMIT };
    let opened = store.insert(short_session("alice", 3).await, two).await.unwrap();
    assert_eq!(opened, os_session::Inserted::Opened(Vec::new()), "it takes nobody's place");
    ask::<()>(&mut prefix.connection(), &[b"DEL", &prefix.key("session:", &[2; 32])]);
    clock.advance(Duration::from_mins(1));
    assert_eq!(store.close_all(&"alice".into(), None).await.unwrap().len(), 1);
    assert_eq!(store.purge(10).await.unwrap(), []);
    assert_eq!(prefix.keys(), ["counter"]);
}

#[tokio::test]
async fn a_key_of_another_kind_is_an_error_and_no_panic() {
    let (prefix, clock) = (TestPrefix::new(), Clock::new());
    let store = spoilt(&prefix, &clock, "device", "any").await;
    let (record, mut connection) = (prefix.key("session:", &[1; 32]), prefix.connection());
    ask::<()>(&mut connection, &[b"DEL", &record]);
    ask::<()>(&mut connection, &[b"SET", &record, b"text"]);
    let error = store.find(&key(1)).await.unwrap_err().to_string();
    assert!(error.contains("WRONGTYPE"), "{error}");
    let groups = prefix.key("groups", b"");
    ask::<()>(&mut connection, &[b"SADD", &groups, b"\xff"]);
    assert!(store.all_groups().await.is_err());
}
