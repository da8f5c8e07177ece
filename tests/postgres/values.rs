//! What is at the edge of what can be stored.

use std::time::Duration;

use os_session::testing::Clock;
use os_session::{SessionHandle, Store as _, Timestamp, UserId};
use os_session_tests::postgres::TestSchema;

use crate::{LIMIT, key, session};

const NAMES: [&str; 6] = ["O'Brien; drop table session; --", "\"Quoted\"", "Ünïcödé 🦀", "UPPER", "upper", " {a,b}\\ "];

#[tokio::test]
async fn what_lasts_for_ever_does_and_the_largest_handle_comes_back() {
    let (schema, clock) = (TestSchema::new(), Clock::new());
    let store = schema.store(clock.clone()).await;
    let mut new = session("alice", 1).await;
    (new.idle, new.absolute) = (Duration::MAX, Duration::MAX);
    new.handle = SessionHandle::from_u64(u64::MAX);
    new.device = None;
    store.insert(new, LIMIT).await.unwrap();
    let found = store.find(&key(1)).await.unwrap().unwrap();
    assert_eq!((found.handle.as_u64(), found.ends), (u64::MAX, Timestamp::from_millis(u64::MAX)));
    clock.advance(Duration::from_hours(24 * 365 * 1000));
    assert!(store.touch(&key(1)).await.unwrap());
    assert_eq!(store.list(&"alice".into()).await.unwrap()[0].device, None);
    clock.advance(Duration::MAX);
    assert!(store.find(&key(1)).await.unwrap().is_some(), "and no sum is too large");
    let ended = store.close_handle(&"alice".into(), SessionHandle::from_u64(u64::MAX)).await.unwrap();
    assert_eq!(ended.unwrap().handle.as_u64(), u64::MAX);
}

#[tokio::test]
async fn a_session_of_no_duration_is_never_found() {
    let schema = TestSchema::new();
    let store = schema.store(Clock::new()).await;
    let mut new = session("alice", 1).await;
    (new.idle, new.absolute) = (Duration::ZERO, Duration::ZERO);
    store.insert(new, LIMIT).await.unwrap();
    assert_eq!(store.find(&key(1)).await.unwrap(), None);
}

#[tokio::test]
async fn names_are_kept_as_they_are_and_compared_byte_by_byte() {
    let schema = TestSchema::new();
    let store = schema.store(Clock::new()).await;
    for (number, name) in (1..).zip(NAMES) {
        store.insert(session(name, number).await, LIMIT).await.unwrap();
        assert_eq!(store.find(&key(number)).await.unwrap().unwrap().user, name);
        assert_eq!(store.list(&name.into()).await.unwrap().len(), 1);
        store.create_group(name).await.unwrap();
        assert!(store.add_to_group(&name.into(), name).await.unwrap());
        assert!(store.in_group(&name.into(), name).await.unwrap());
    }
    let mut sorted = NAMES.map(str::to_owned);
    sorted.sort();
    assert_eq!(store.all_groups().await.unwrap(), sorted);
    assert_eq!(store.close_all(&"upper".into(), None).await.unwrap().len(), 1, "one user is not the other");
}

#[tokio::test]
async fn a_text_with_nul_is_an_error_that_says_so() {
    let schema = TestSchema::new();
    let store = schema.store(Clock::new()).await;
    let (nobody, alice) = (UserId::from("a\0b"), UserId::from("alice"));
    let mut with_user = session("alice", 1).await;
    with_user.user = nobody.clone();
    let mut with_device = session("alice", 2).await;
    with_device.device = Some("Fire\0fox".into());
    let errors = [
        store.insert(with_user, LIMIT).await.unwrap_err(),
        store.insert(with_device, LIMIT).await.unwrap_err(),
        store.list(&nobody).await.unwrap_err(),
        store.close_all(&nobody, None).await.unwrap_err(),
        store.create_group("a\0b").await.unwrap_err(),
        store.add_to_group(&alice, "a\0b").await.unwrap_err(),
    ];
    for error in errors {
        assert!(error.to_string().contains("NUL"), "{error}");
    }
}
