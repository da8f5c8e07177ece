//! A file of sessions is moved to a store that nodes share: all of it, or nothing.

use std::path::Path;

use os_session::testing::Clock;
use os_session::{Found, Record, RecordCounts, RedisStore, SlotOwner, SqliteStore, Store, StoreError};
use os_session_tests::postgres::TestSchema;
use os_session_tests::redis::TestPrefix;

use crate::filled::{MANY, browser, filled, key, session, slot, slots, timeless, write};
use crate::run::{Named, Ran, run};

/// Everything that [`fill`] wrote is there, and works as it did.
async fn assert_moved(store: &impl Store, were: &[Option<Found>]) {
    for (number, was) in (1..).zip(were) {
        assert!(was.is_some());
        assert_eq!(&timeless(store.find(&key(number)).await.unwrap()), was);
    }
    let listed = store.list(&"ann".into()).await.unwrap();
    assert_eq!(listed.len(), 2);
    assert!(listed.iter().any(|session| session.device.as_deref() == Some("Firefox on Linux")));
    assert_eq!(store.all_groups().await.unwrap(), ["nobody is in it", "staff"]);
    assert!(store.in_group(&"has no session".into(), "staff").await.unwrap());
    assert!(!store.in_group(&"bob".into(), "staff").await.unwrap());
    for (slot, value) in slots() {
        assert_eq!(store.slot(&slot).await.unwrap().map(|slot| slot.value.to_vec()), Some(value), "{slot:?}");
    }

    // The tab that was used last stays, where two are allowed.
    let third = slot(SlotOwner::Session(key(1)), Some(3));
    store.write_slot(&third, write(b"of a third tab")).await.unwrap();
    let held = |tab| store.slot(Box::leak(Box::new(slot(SlotOwner::Session(key(1)), Some(tab)))));
    assert!(held(1).await.unwrap().is_none() && held(2).await.unwrap().is_some());

    // Whose session was over when it was copied is told.
    let purged = store.purge(10).await.unwrap();
    assert_eq!(purged.iter().map(|ended| ended.user.as_str()).collect::<Vec<_>>(), ["bob"]);
    store.close_all_with_browsers(&"ann".into()).await.unwrap();
    assert_eq!(store.find(&key(1)).await.unwrap(), None);
    assert_eq!(store.slot(&slot(SlotOwner::Browser(browser()), None)).await.unwrap(), None);
}

pub(crate) async fn copy(file: &Path, to: &impl Named) -> Ran {
    run(to, &["--json", "copy", "--from", file.to_str().unwrap()]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_copied_to_postgresql_with_everything_in_it() {
    let (file, were) = filled().await;
    let schema = TestSchema::new();
    // As it is written for a store.
    let ran = copy(format!("sqlite:{}", file.path().display()).as_ref(), &schema).await;
    assert_eq!(ran.code, 0, "{:?}", ran.said());
    let said = ran.json();
    let counts = ["sessions", "groups", "members", "browsers", "slots"].map(|kind| said[kind].as_u64());
    assert_eq!(counts, [Some(3), Some(2), Some(2), Some(1), Some(5)]);
    assert_moved(&schema.store(Clock::new()).await, &were).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_copied_to_redis_with_everything_in_it() {
    let (file, were) = filled().await;
    let prefix = TestPrefix::new();
    let ran = copy(&file.path(), &prefix).await;
    assert_eq!(ran.code, 0, "{:?}", ran.said());
    assert_eq!(ran.json()["slots"], 5);
    assert_moved(&prefix.store(Clock::new()).await, &were).await;
    let left: Vec<_> = prefix.keys().into_iter().filter(|key| key != "counter").collect();
    assert_eq!(left, ["groups", "groups-of:ann", "groups-of:has no session", "slots:user:ann"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_use_is_neither_copied_nor_copied_over() {
    let (file, _) = filled().await;
    let (schema, prefix) = (TestSchema::new(), TestPrefix::new());
    schema.store(Clock::new()).await.insert(session(7, "eve"), MANY).await.unwrap();
    prefix.store(Clock::new()).await.insert(session(7, "eve"), MANY).await.unwrap();
    for ran in [copy(&file.path(), &schema).await, copy(&file.path(), &prefix).await] {
        assert!(ran.code == 1 && ran.json()["error"].as_str().unwrap().contains("already"), "{:?}", ran.said());
    }
    assert_eq!(schema.store(Clock::new()).await.all_groups().await.unwrap(), [""; 0]);
    assert!(prefix.store(Clock::new()).await.find(&key(7)).await.unwrap().is_some());

    let _server = SqliteStore::open(file.path()).await.unwrap();
    let ran = copy(&file.path(), &TestSchema::new()).await;
    assert!(ran.code == 1 && ran.err.contains("in use by process"), "{:?}", ran.said());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_postgresql_cannot_keep_is_told_and_nothing_is_copied() {
    let (file, _) = filled().await;
    let store = SqliteStore::open(file.path()).await.unwrap();
    store.write_slot(&slot(SlotOwner::User("a\0b".into()), None), write(b"")).await.unwrap();
    drop(store);
    let schema = TestSchema::new();
    let ran = copy(&file.path(), &schema).await;
    assert!(ran.code == 1 && ran.err.contains("the user id has one"), "{:?}", ran.said());
    let store = schema.store(Clock::new()).await;
    assert_eq!(store.find(&key(1)).await.unwrap(), None);
    assert_eq!(store.all_groups().await.unwrap(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_that_nothing_could_close_is_not_copied() {
    let (file, _) = filled().await;
    let store = SqliteStore::open(file.path()).await.unwrap();
    store.insert(session(8, &"x".repeat(256)), MANY).await.unwrap();
    drop(store);
    let (schema, prefix) = (TestSchema::new(), TestPrefix::new());
    for ran in [copy(&file.path(), &schema).await, copy(&file.path(), &prefix).await] {
        assert!(ran.code == 1 && ran.err.contains("a user id must have at most 255 bytes"), "{:?}", ran.said());
    }
    assert_eq!(schema.store(Clock::new()).await.all_groups().await.unwrap(), [""; 0]);
}

/// Records that end with a failure.
fn half_of(records: &mut Vec<Vec<Record>>) -> Result<Option<Vec<Record>>, StoreError> {
    records.pop().map(Some).ok_or_else(|| StoreError::new("the disk is gone"))
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_uses_a_redis_where_a_copy_broke_off_until_it_is_copied_again() {
    let (file, were) = filled().await;
    let prefix = TestPrefix::new();
    let target = prefix.builder().for_import().connect(&prefix.url).await.unwrap();
    let mut some = vec![vec![
        Record::Group("left behind".into()),
        Record::Member { user: "eve".into(), group: "left behind".into() },
    ]];
    let error = target.import(async || half_of(&mut some)).await.unwrap_err();
    assert_eq!(error.to_string(), "the disk is gone");

    let refused = prefix.builder().connect(&prefix.url).await.unwrap_err().to_string();
    assert!(refused.contains("copy again"), "{refused}");
    let ran = run(&prefix, &["groups", "list"]).await;
    assert!(ran.code == 1 && ran.err.contains("copy again"), "{:?}", ran.said());

    assert_eq!(copy(&file.path(), &prefix).await.code, 0);
    let store: RedisStore = prefix.store(Clock::new()).await;
    assert!(!store.in_group(&"eve".into(), "left behind").await.unwrap());
    assert_eq!(timeless(store.find(&key(1)).await.unwrap()), were[0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_to_postgresql_that_breaks_off_leaves_nothing() {
    let schema = TestSchema::new();
    let store = schema.store(Clock::new()).await;
    let mut some =
        vec![vec![Record::Group("staff".into()), Record::Member { user: "eve".into(), group: "staff".into() }]];
    store.import(async || half_of(&mut some)).await.unwrap_err();
    assert_eq!(store.all_groups().await.unwrap(), [""; 0]);
    let nothing = store.import(async || Ok(None)).await.unwrap();
    assert_eq!(nothing, RecordCounts::default());
}
