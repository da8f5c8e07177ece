//! What is at the edge of what can be stored.

use std::num::NonZeroU32;
use std::time::Duration;

use os_session::testing::Clock;
use os_session::{
    Authenticated, Rotation, SessionHandle, SlotKey, SlotLimits, SlotOwner, SlotWrite, SlotWritten, Store as _, TabKey,
    Timestamp, UserId,
};
use os_session_tests::redis::{TestPrefix, ask};

use crate::{LIMIT, key, session, slot, value};

const NAMES: [&str; 8] =
    ["O'Brien", "\"Quoted\"", "Ünïcödé 🦀", "UPPER", "upper", " {a,b}\\ ", "nul\0", "nul\0\r\n:} ~*?[a-z]"];

#[tokio::test]
async fn what_lasts_for_ever_does_and_the_largest_handle_comes_back() {
    let (prefix, clock) = (TestPrefix::new(), Clock::new());
    let store = prefix.store(clock.clone()).await;
    let mut new = session("alice", 1).await;
    (new.idle, new.absolute) = (Duration::MAX, Duration::MAX);
    new.handle = SessionHandle::from_u64(u64::MAX);
    new.device = None;
    store.insert(new, LIMIT).await.unwrap();
    let forever = Timestamp::from_millis(u64::MAX);
    let found = store.find(&key(1)).await.unwrap().unwrap();
    assert_eq!((found.handle.as_u64(), found.ends), (u64::MAX, forever));
    clock.advance(Duration::from_hours(24 * 365 * 1000));
    assert!(store.touch(&key(1)).await.unwrap());
    assert_eq!(store.list(&"alice".into()).await.unwrap()[0].device, None);
    store.rotate(Rotation { from: key(1), to: key(2), authenticated: Authenticated::At(forever) }).await.unwrap();
    assert_eq!(store.find(&key(2)).await.unwrap().unwrap().authenticated, forever);
    clock.advance(Duration::MAX);
    assert!(store.find(&key(2)).await.unwrap().is_some(), "and no sum is too large");
    assert_eq!(store.purge(100).await.unwrap(), []);
    let ended = store.close_handle(&"alice".into(), SessionHandle::from_u64(u64::MAX)).await.unwrap();
    assert_eq!(ended.unwrap().handle.as_u64(), u64::MAX);
}

#[tokio::test]
async fn a_session_of_no_duration_is_never_found() {
    let prefix = TestPrefix::new();
    let store = prefix.store(Clock::new()).await;
    let mut new = session("alice", 1).await;
    (new.idle, new.absolute) = (Duration::ZERO, Duration::ZERO);
    store.insert(new, LIMIT).await.unwrap();
    assert_eq!(store.find(&key(1)).await.unwrap(), None);
}

#[tokio::test]
async fn names_are_kept_as_they_are_and_compared_byte_by_byte() {
    let prefix = TestPrefix::new();
    let store = prefix.store(Clock::new()).await;
    for (number, name) in (1..).zip(NAMES) {
        // A store keeps more names than a log-in takes.
        let mut new = session("alice", number).await;
        new.user = name.into();
        new.device = Some(name.into());
        store.insert(new, LIMIT).await.unwrap();
        assert_eq!(store.find(&key(number)).await.unwrap().unwrap().user, name);
        let listed = store.list(&name.into()).await.unwrap();
        assert_eq!((listed.len(), listed[0].device.as_deref()), (1, Some(name)));
        store.create_group(name).await.unwrap();
        assert!(store.add_to_group(&name.into(), name).await.unwrap());
        assert!(store.in_group(&name.into(), name).await.unwrap());
        for owner in [SlotOwner::Session(key(number)), SlotOwner::User(UserId::from(name))] {
            let of_name = SlotKey { owner, tab: None, name: name.into() };
            assert_eq!(store.slot(&of_name).await.unwrap(), None, "{name:?} has nothing of another");
            assert!(matches!(store.write_slot(&of_name, value(name)).await.unwrap(), SlotWritten::Written(_)));
            assert_eq!(&*store.slot(&of_name).await.unwrap().unwrap().value, name.as_bytes());
        }
    }
    let mut sorted = NAMES.map(str::to_owned);
    sorted.sort();
    assert_eq!(store.all_groups().await.unwrap(), sorted);
    assert_eq!(store.close_all(&"upper".into(), None).await.unwrap().len(), 1, "one user is not the other");
}

/// A server that lost its last writes in a crash would count again what somebody may have read.
#[tokio::test]
async fn a_version_is_not_given_again_by_a_server_that_lost_its_counter() {
    let prefix = TestPrefix::new();
    let store = prefix.store(Clock::new()).await;
    store.insert(session("alice", 1).await, LIMIT).await.unwrap();
    let SlotWritten::Written(before) = store.write_slot(&slot(&key(1)), value("first")).await.unwrap() else {
        panic!("it is written")
    };
    ask::<()>(&mut prefix.connection(), &[b"DEL", &prefix.key("counter", b"")]);
    let SlotWritten::Written(after) = store.write_slot(&slot(&key(1)), value("second")).await.unwrap() else {
        panic!("it is written")
    };
    assert!(after > before, "{after} after {before}");
}

/// What was written last in a tab, and removed since, makes the tab no younger.
#[tokio::test]
async fn of_tabs_the_one_goes_whose_latest_value_is_the_oldest() {
    let prefix = TestPrefix::new();
    let store = prefix.store(Clock::new()).await;
    store.insert(session("alice", 1).await, LIMIT).await.unwrap();
    let place = |tab: u8, name: &'static str| {
        let tab = Some(TabKey::from_bytes([tab; 32]));
        SlotKey { tab, name: name.into(), ..slot(&key(1)) }
    };
    let two = |write: SlotWrite| SlotWrite {
        limits: SlotLimits { tabs: NonZeroU32::new(2).unwrap(), ..write.limits },
        ..write
    };
    for (tab, name) in [(1, "a"), (2, "a"), (1, "b")] {
        store.write_slot(&place(tab, name), two(value("value"))).await.unwrap();
    }
    store.write_slot(&place(1, "b"), SlotWrite { value: None, ..value("") }).await.unwrap();
    store.write_slot(&place(3, "a"), two(value("value"))).await.unwrap();
    assert_eq!(store.slot(&place(1, "a")).await.unwrap(), None);
    assert!(store.slot(&place(2, "a")).await.unwrap().is_some());
}
