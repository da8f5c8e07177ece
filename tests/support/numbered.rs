//! Sessions, browsers and slots that are known by a number.

use std::num::NonZeroU32;
use std::time::Duration;

use os_session::{
    Authenticated, BrowserKey, Expected, Limit, NewBrowser, NewSession, Rotation, SessionHandle, SessionKey, SlotKey,
    SlotLimits, SlotOwner, SlotWrite, WhenFull,
};

use crate::store::new_session;

/// One that nobody reaches.
pub const LIMIT: Limit =
    Limit { sessions: NonZeroU32::new(1000).expect("it is positive"), when_full: WhenFull::CloseOldest };

/// The key of that number.
#[must_use]
pub fn key(number: u8) -> SessionKey {
    SessionKey::from_bytes([number; 32])
}

/// The handle of that number.
#[must_use]
pub fn handle(number: u64) -> SessionHandle {
    SessionHandle::from_u64(number)
}

/// An exchange of one key for another.
#[must_use]
pub fn rotation(from: u8, to: u8) -> Rotation {
    Rotation { from: key(from), to: key(to), authenticated: Authenticated::Unchanged }
}

/// A session of that user whose key and handle are made of the number.
pub async fn session(user: &str, number: u8) -> NewSession {
    let mut new = new_session(user).await;
    (new.key, new.handle) = (key(number), handle(number.into()));
    new
}

/// One that ends soon.
pub async fn short_session(user: &str, number: u8) -> NewSession {
    let mut new = session(user, number).await;
    new.idle = Duration::from_mins(1);
    new
}

/// A slot of that session.
#[must_use]
pub fn slot(session: &SessionKey) -> SlotKey {
    SlotKey { owner: SlotOwner::Session(*session), tab: None, name: "basket".into() }
}

/// The key of that number.
#[must_use]
pub fn browser(number: u8) -> BrowserKey {
    BrowserKey::from_bytes([number; 32])
}

/// A write of that value over whatever is there; of a browser, it makes it.
#[must_use]
pub fn value(value: &str) -> SlotWrite {
    SlotWrite {
        expected: Expected::Any,
        value: Some(value.as_bytes().into()),
        limits: SlotLimits { slots: NonZeroU32::MAX, tabs: NonZeroU32::MAX },
        new_browser: Some(NewBrowser {
            idle: Duration::from_mins(1),
            new_idle: None,
            most: NonZeroU32::MAX,
            session: Some(handle(1)),
        }),
        came_back: false,
    }
}
