//! A store with one of everything in it.

use std::num::NonZeroU32;
use std::time::Duration;

use os_session::testing::Clock;
use os_session::{
    BrowserKey, Expected, Found, Limit, NewBrowser, NewSession, SessionHandle, SessionKey, SlotKey, SlotLimits,
    SlotOwner, SlotWrite, SqliteStore, Store, TabKey, WhenFull,
};

use crate::run::TestFile;

pub(crate) const MANY: Limit = Limit { sessions: NonZeroU32::new(50).unwrap(), when_full: WhenFull::CloseOldest };

pub(crate) fn key(number: u8) -> SessionKey {
    SessionKey::from_bytes([number; 32])
}

pub(crate) fn session(number: u8, user: &str) -> NewSession {
    NewSession::new(key(number), user, SessionHandle::from_u64(u64::from(number) << 56 | 0xab))
}

pub(crate) fn slot(owner: SlotOwner, tab: Option<u8>) -> SlotKey {
    SlotKey { owner, tab: tab.map(|number| TabKey::from_bytes([number; 32])), name: "cart".into() }
}

pub(crate) fn write(value: &[u8]) -> SlotWrite {
    SlotWrite {
        expected: Expected::Any,
        value: Some(value.into()),
        limits: SlotLimits { slots: NonZeroU32::new(9).unwrap(), tabs: NonZeroU32::new(2).unwrap() },
        new_browser: Some(NewBrowser {
            idle: Duration::from_hours(24 * 90),
            new_idle: Some(Duration::from_hours(24)),
            most: NonZeroU32::MAX,
            session: Some(session(1, "ann").handle),
        }),
        came_back: false,
    }
}

pub(crate) fn browser() -> BrowserKey {
    BrowserKey::from_bytes([9; 32])
}

/// All slots that [`fill`] writes.
pub(crate) fn slots() -> Vec<(SlotKey, Vec<u8>)> {
    vec![
        (slot(SlotOwner::Session(key(1)), None), b"of the session".to_vec()),
        (slot(SlotOwner::Session(key(1)), Some(1)), b"of the older tab".to_vec()),
        (slot(SlotOwner::Session(key(1)), Some(2)), b"of the newer tab".to_vec()),
        (slot(SlotOwner::User("ann".into()), None), b"\0\xff: of the user".to_vec()),
        (slot(SlotOwner::Browser(browser()), None), b"of the browser".to_vec()),
    ]
}

/// One of everything, and of sessions what is out of the ordinary.
pub(crate) async fn fill(store: &impl Store, clock: &Clock) {
    let mut named = session(1, "ann");
    named.device = Some("Firefox on Linux".into());
    store.insert(named, MANY).await.unwrap();
    let mut for_ever = session(2, "ann");
    (for_ever.idle, for_ever.absolute, for_ever.expire) = (Duration::MAX, Duration::MAX, true);
    store.insert(for_ever, MANY).await.unwrap();
    let mut over = session(3, "bob");
    over.idle = Duration::from_millis(1);
    store.insert(over, MANY).await.unwrap();
    clock.advance(Duration::from_secs(2));
    store.touch(&key(1)).await.unwrap();
    for group in ["staff", "nobody is in it"] {
        store.create_group(group).await.unwrap();
    }
    for user in ["ann", "has no session"] {
        store.add_to_group(&user.into(), "staff").await.unwrap();
    }
    for (slot, value) in slots() {
        store.write_slot(&slot, write(&value)).await.unwrap();
    }
}

/// What a look-up says, without the moment at which it was made.
pub(crate) fn timeless(found: Option<Found>) -> Option<Found> {
    found.map(|found| Found { now: found.opened, ..found })
}

/// A file with one of everything, that nobody owns, and what its sessions are.
pub(crate) async fn filled() -> (TestFile, Vec<Option<Found>>) {
    let file = TestFile::new();
    let clock = Clock::new();
    let store = SqliteStore::builder().clock(clock.clone()).open(file.path()).await.unwrap();
    fill(&store, &clock).await;
    let found = [timeless(store.find(&key(1)).await.unwrap()), timeless(store.find(&key(2)).await.unwrap())];
    (file, found.into())
}
