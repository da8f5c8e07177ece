//! What cannot be seen from outside: that memory never says more than the file, whatever happens between the two.

use std::num::NonZeroU32;
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use tokio::task::JoinSet;

use super::error::Failure;
use super::{SqliteStore, rows};
use crate::store::{Inserted, Limit, NewSession, SessionHandle, Store, StoreError, WhenFull};
use crate::token::SessionKey;

const ROOMY: Limit = Limit { sessions: NonZeroU32::MAX, when_full: WhenFull::CloseOldest };

fn key(number: u64) -> SessionKey {
    SessionKey::from_bytes(Sha256::digest(number.to_le_bytes()).into())
}

fn session(number: u64) -> NewSession {
    NewSession {
        key: key(number),
        user: "alice".into(),
        handle: SessionHandle::from_u64(number),
        device: None,
        idle: Duration::from_hours(1),
        absolute: Duration::from_hours(2),
        expire: false,
        replaces: None,
        replaces_session: None,
    }
}

async fn opened(folder: &TempDir, cached_sessions: usize) -> SqliteStore {
    let file = folder.path().join("app.db");
    SqliteStore::builder().cached_sessions(cached_sessions).open(file).await.unwrap()
}

async fn insert(store: &SqliteStore, number: u64) -> Result<Inserted, StoreError> {
    Store::insert(store, session(number), ROOMY).await
}

async fn is_live(store: &SqliteStore, number: u64) -> bool {
    Store::find(store, &key(number)).await.unwrap().is_some()
}

#[tokio::test]
async fn however_few_are_kept_warm_all_are_found() {
    let folder = tempfile::tempdir().unwrap();
    for cached_sessions in [0, 1, 7] {
        let store = opened(&folder, cached_sessions).await;
        Store::close_all(&store, &"alice".into(), None).await.unwrap();
        for number in 0..50 {
            insert(&store, number).await.unwrap();
        }
        for _ in 0..2 {
            for number in 0..50 {
                assert!(is_live(&store, number).await, "{number} with {cached_sessions} kept");
            }
        }
    }
}

/// Look-ups in the file race with log-outs: none of them may leave behind, in memory, what it read before.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_slow_look_up_warms_nothing_that_ended_meanwhile() {
    const SESSIONS: u64 = 300;
    let folder = tempfile::tempdir().unwrap();
    drop({
        let store = opened(&folder, 1000).await;
        for number in 0..SESSIONS {
            insert(&store, number).await.unwrap();
        }
        store
    });
    let store = opened(&folder, 1000).await;
    for number in 0..SESSIONS {
        let mut looking: JoinSet<_> = (0..3)
            .map(|_| {
                let store = store.clone();
                async move { is_live(&store, number).await }
            })
            .collect();
        assert!(Store::close(&store, &key(number)).await.unwrap().is_some());
        assert!(!is_live(&store, number).await, "the log-out has returned");
        while looking.join_next().await.is_some() {}
        assert!(!is_live(&store, number).await, "and all that began before it are over");
    }
}

/// The same, step by step: what was read is handed over after the file was changed.
#[tokio::test]
async fn what_was_read_before_a_change_is_not_kept() {
    let folder = tempfile::tempdir().unwrap();
    let store = opened(&folder, 1000).await;
    insert(&store, 1).await.unwrap();
    let version = store.0.warm.version();
    let read = store.0.readers.now(|file| rows::stored(file, &key(1))).unwrap().unwrap();
    Store::close(&store, &key(1)).await.unwrap();
    assert!(store.0.looked_up(key(1), read, version).is_some(), "that look-up began before the log-out");
    assert!(!is_live(&store, 1).await, "the next one did not");
}

#[tokio::test]
async fn a_full_disk_refuses_log_ins_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let store = opened(&folder, 1000).await;
    insert(&store, 0).await.unwrap();
    let pages = |most: i64| {
        store.0.change(move |change| {
            let pages: i64 = change.file.query_row("PRAGMA page_count", [], |row| row.get(0))?;
            Ok(change.file.pragma_update(None, "max_page_count", pages.max(most))?)
        })
    };
    pages(0).await.unwrap();

    let mut opened = 1;
    let error = loop {
        match insert(&store, opened).await {
            Ok(_) => opened += 1,
            Err(error) => break error,
        }
    };
    assert!(error.to_string().contains("full"), "{error}");
    assert!(!is_live(&store, opened).await, "a log-in that failed is none");
    for number in 0..opened {
        assert!(is_live(&store, number).await, "{number} is what it was");
    }
    assert!(Store::close(&store, &key(0)).await.unwrap().is_some(), "a log-out needs no room");
    assert!(!is_live(&store, 0).await);

    pages(1_000_000).await.unwrap();
    insert(&store, opened).await.expect("there is room again");
    assert!(is_live(&store, opened).await);
}

#[tokio::test]
async fn a_change_that_fails_is_undone_and_spoils_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let store = opened(&folder, 1000).await;
    let failing = store.0.change(|change| {
        change.insert(&session(1), ROOMY)?;
        Err::<(), _>(Failure::KeyTaken)
    });
    // All three wait before the first is begun, so that they share a transaction.
    let (before, failed, after) = tokio::join!(biased; insert(&store, 0), failing, insert(&store, 2));
    assert!(before.is_ok() && failed.is_err() && after.is_ok());
    assert!(is_live(&store, 0).await && is_live(&store, 2).await);
    assert!(!is_live(&store, 1).await, "neither in the file nor in memory");
}

#[tokio::test]
async fn a_panic_in_a_change_is_an_error_and_the_next_change_works() {
    let folder = tempfile::tempdir().unwrap();
    let store = opened(&folder, 1000).await;
    let outcome = store.0.change::<(), _>(|change| {
        change.insert(&session(1), ROOMY)?;
        panic!("on purpose")
    });
    assert!(outcome.await.is_err());
    assert!(!is_live(&store, 1).await, "it was undone");
    insert(&store, 1).await.unwrap();
    assert!(is_live(&store, 1).await);
}
