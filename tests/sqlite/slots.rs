//! Slots in a file: what lasts, and what ends with its session whoever ends it.

use std::num::NonZeroU32;
use std::time::Duration;

use os_session::{
    Expected, Limit, NewBrowser, NewSession, SessionHandle, SessionKey, SlotKey, SlotLimits, SlotOwner, SlotWrite,
    SlotWritten, SqliteStore, Store as _, WhenFull,
};

use crate::site::Folder;

const ROOMY: Limit = Limit { sessions: NonZeroU32::MAX, when_full: WhenFull::CloseOldest };
const KEY: SessionKey = SessionKey::from_bytes([1; 32]);

/// Before there were slots.
const AS_VERSION_1: &str = "
    DROP TRIGGER os_session_slots_of_session;
    DROP TABLE os_session_slots; DROP TABLE os_session_browsers; DROP TABLE os_session_versions;
    DROP TABLE os_session_browser_count;
    UPDATE os_session_schema SET version = 1";

async fn open(folder: &Folder) -> SqliteStore {
    SqliteStore::builder().clock(folder.clock.clone()).open(folder.file()).await.unwrap()
}

/// A session of alice, and a slot of each kind.
async fn filled(folder: &Folder) -> (SqliteStore, [SlotKey; 3]) {
    let store = open(folder).await;
    store.insert(NewSession::new(KEY, "alice", SessionHandle::from_u64(1)), ROOMY).await.unwrap();
    let browser = os_session::BrowserKey::from_bytes([1; 32]);
    let owners = [SlotOwner::Session(KEY), SlotOwner::User("alice".into()), SlotOwner::Browser(browser)];
    let slots = owners.map(|owner| SlotKey { owner, tab: None, name: "basket".into() });
    for slot in &slots {
        assert!(matches!(store.write_slot(slot, value()).await.unwrap(), SlotWritten::Written(_)));
    }
    (store, slots)
}

fn value() -> SlotWrite {
    SlotWrite {
        expected: Expected::Any,
        value: Some([1, 2, 3].into()),
        limits: SlotLimits { slots: NonZeroU32::MIN, tabs: NonZeroU32::MIN },
        new_browser: Some(NewBrowser {
            idle: Duration::from_hours(1),
            new_idle: None,
            most: NonZeroU32::MAX,
            session: None,
        }),
        came_back: false,
    }
}

#[tokio::test]
async fn slots_survive_a_restart_and_their_versions_go_on() {
    let folder = Folder::new();
    let (store, slots) = filled(&folder).await;
    let before = store.slot(&slots[0]).await.unwrap().unwrap();
    drop(store);
    let store = open(&folder).await;
    for slot in &slots {
        assert_eq!(*store.slot(slot).await.unwrap().unwrap().value, [1, 2, 3]);
    }
    let SlotWritten::Written(version) = store.write_slot(&slots[0], value()).await.unwrap() else {
        panic!("the session is live");
    };
    assert!(version > before.version);
}

/// A release that knows of no slots, with foreign keys as SQLite has them by default: off.
#[tokio::test]
async fn a_session_takes_its_slots_along_whoever_deletes_it() {
    let folder = Folder::new();
    drop(filled(&folder).await);
    let old = folder.connection();
    old.pragma_update(None, "foreign_keys", "off").unwrap();
    old.execute("DELETE FROM os_session_sessions", []).unwrap();
    assert_eq!(folder.number("SELECT count(*) FROM os_session_slots WHERE kind = 1"), 0);
    assert_eq!(folder.number("SELECT count(*) FROM os_session_slots"), 2, "and no others");
    old.execute("DELETE FROM os_session_browsers", []).unwrap();
    assert_eq!(folder.number("SELECT count(*) FROM os_session_slots"), 1, "a browser does as well");
}

#[tokio::test]
async fn a_file_of_the_first_version_is_kept_and_gets_slots() {
    let folder = Folder::new();
    let (store, slots) = filled(&folder).await;
    drop(store);
    folder.connection().execute_batch(AS_VERSION_1).unwrap();
    let store = open(&folder).await;
    assert!(store.find(&KEY).await.unwrap().is_some());
    for slot in &slots {
        assert_eq!(store.slot(slot).await.unwrap(), None);
        assert!(matches!(store.write_slot(slot, value()).await.unwrap(), SlotWritten::Written(_)));
    }
    assert!(store.close(&KEY).await.unwrap().is_some());
    assert_eq!(folder.number("SELECT count(*) FROM os_session_slots WHERE kind = 1"), 0);
}
