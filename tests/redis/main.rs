//! The store in Redis, against real servers.

mod cluster;
mod failures;
mod laws;
mod nodes;
mod opening;
mod orphans;
mod records;
mod secrets;
mod site;
mod values;
mod wire;

use std::num::NonZeroU32;
use std::time::Duration;

use os_session::{
    Authenticated, BrowserKey, Expected, Limit, NewBrowser, NewSession, Rotation, SessionHandle, SessionKey, SlotKey,
    SlotLimits, SlotOwner, SlotWrite, WhenFull,
};
use os_session_tests::store::new_session;

pub(crate) const LIMIT: Limit =
    Limit { sessions: NonZeroU32::new(1000).expect("it is positive"), when_full: WhenFull::CloseOldest };

/// What the documentation of the store says that a user of the server needs.
pub(crate) const RIGHTS: &str = "~{os_session}:* &{os_session}:* +evalsha +eval +script|load +time +info +publish +subscribe +incr +@hash +@set +@sortedset +exists +rename +del +get +set";

pub(crate) fn key(number: u8) -> SessionKey {
    SessionKey::from_bytes([number; 32])
}

pub(crate) fn handle(number: u64) -> SessionHandle {
    SessionHandle::from_u64(number)
}

pub(crate) fn rotation(from: u8, to: u8) -> Rotation {
    Rotation { from: key(from), to: key(to), authenticated: Authenticated::Unchanged }
}

/// A session of that user whose key and handle are made of the number.
pub(crate) async fn session(user: &str, number: u8) -> NewSession {
    let mut new = new_session(user).await;
    (new.key, new.handle) = (key(number), handle(number.into()));
    new
}

/// One that ends soon.
pub(crate) async fn short_session(user: &str, number: u8) -> NewSession {
    let mut new = session(user, number).await;
    new.idle = Duration::from_mins(1);
    new
}

/// A slot of that session.
pub(crate) fn slot(session: &SessionKey) -> SlotKey {
    SlotKey { owner: SlotOwner::Session(*session), tab: None, name: "basket".into() }
}

pub(crate) fn browser(number: u8) -> BrowserKey {
    BrowserKey::from_bytes([number; 32])
}

/// A write of that value over whatever is there; of a browser, it makes it.
pub(crate) fn value(value: &str) -> SlotWrite {
    SlotWrite {
        expected: Expected::Any,
        value: Some(value.as_bytes().into()),
        limits: SlotLimits { slots: NonZeroU32::MAX, tabs: NonZeroU32::MAX },
        new_browser: Some(NewBrowser { idle: Duration::from_mins(1), session: Some(handle(1)) }),
    }
}
