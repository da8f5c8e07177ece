//! Short words for what laws of slots do.

use std::num::NonZeroU32;
use std::time::Duration;

use super::lab::{IDLE, Lab, handle, key};
use crate::slots::{Expected, NewBrowser, SlotKey, SlotLimits, SlotOwner, SlotValue, SlotWrite, SlotWritten};
use crate::token::{BrowserKey, TabKey};

pub(super) const NEW: NewBrowser = NewBrowser { idle: IDLE, new_idle: None, most: NonZeroU32::MAX, session: None };

pub(super) fn browser(number: u64) -> BrowserKey {
    BrowserKey::from_bytes(*key(number).as_bytes())
}

pub(super) fn of_session(number: u64) -> SlotKey {
    slot_of(SlotOwner::Session(key(number)))
}

pub(super) fn of_user(user: &str) -> SlotKey {
    slot_of(SlotOwner::User(user.into()))
}

pub(super) fn of_browser(number: u64) -> SlotKey {
    slot_of(SlotOwner::Browser(browser(number)))
}

fn slot_of(owner: SlotOwner) -> SlotKey {
    SlotKey { owner, tab: None, name: "basket".into() }
}

impl SlotKey {
    pub(super) fn named(self, name: impl Into<String>) -> Self {
        Self { name: name.into().into(), ..self }
    }

    pub(super) fn in_tab(self, number: u64) -> Self {
        Self { tab: Some(TabKey::from_bytes(*key(number).as_bytes())), ..self }
    }
}

impl SlotWrite {
    pub(super) fn expecting(self, expected: Expected) -> Self {
        Self { expected, ..self }
    }

    pub(super) fn within(self, slots: u32, tabs: u32) -> Self {
        Self { limits: limits(slots, tabs), ..self }
    }

    /// The request came with the browser's cookie.
    pub(super) fn coming_back(self) -> Self {
        Self { came_back: true, ..self }
    }

    /// Makes a browser for it.
    pub(super) fn anew(self) -> Self {
        Self { new_browser: Some(NEW), ..self }
    }
}

fn limits(slots: u32, tabs: u32) -> SlotLimits {
    let positive = |number: u32| number.try_into().expect("a limit is positive");
    SlotLimits { slots: positive(slots), tabs: positive(tabs) }
}

/// A write of that value over whatever is there, with room for it.
pub(super) fn put(value: impl AsRef<[u8]>) -> SlotWrite {
    SlotWrite {
        expected: Expected::Any,
        value: Some(value.as_ref().into()),
        limits: limits(1000, 1000),
        new_browser: None,
        came_back: false,
    }
}

pub(super) fn removal() -> SlotWrite {
    SlotWrite { value: None, ..put("") }
}

impl Lab {
    pub(super) async fn slot(&self, key: &SlotKey) -> Option<SlotValue> {
        self.store.slot(key).await.expect("a slot is read")
    }

    /// What the slot holds, for a value that is text.
    pub(super) async fn value(&self, key: &SlotKey) -> Option<String> {
        let slot = self.slot(key).await;
        slot.map(|slot| String::from_utf8_lossy(&slot.value).into_owned())
    }

    pub(super) async fn write(&self, key: &SlotKey, write: SlotWrite) -> SlotWritten {
        self.store.write_slot(key, write).await.expect("a slot is written")
    }

    /// Writes what is there to be written, and tells the version.
    pub(super) async fn put(&self, key: &SlotKey, value: &str) -> u64 {
        written(self.write(key, put(value)).await)
    }

    pub(super) async fn remove_slot(&self, key: &SlotKey) {
        assert_eq!(self.write(key, removal()).await, SlotWritten::Removed, "what may be anything is removed");
    }

    /// Makes a browser with a value.
    pub(super) async fn browse(&self, number: u64, new: NewBrowser) {
        let write = SlotWrite { new_browser: Some(new), ..put(format!("of {number}")) };
        written(self.write(&of_browser(number), write).await);
    }

    /// Which of these browsers are there, by the value that [`browse`](Self::browse) wrote.
    pub(super) async fn browsers(&self, numbers: impl IntoIterator<Item = u64>) -> Vec<u64> {
        let mut there = Vec::new();
        for number in numbers {
            there.extend(self.slot(&of_browser(number)).await.map(|_| number));
        }
        there
    }

    pub(super) async fn rotate_browser(&self, from: u64, to: u64, session: Option<u64>) -> bool {
        let session = session.map(handle);
        self.store.rotate_browser(&browser(from), &browser(to), session).await.expect("a rotation succeeds")
    }

    pub(super) async fn touch_browser(&self, number: u64) -> bool {
        self.store.touch_browser(&browser(number)).await.expect("a browser is seen")
    }

    pub(super) async fn forget_browser(&self, number: u64) -> bool {
        self.store.forget_browser(&browser(number)).await.expect("a browser is forgotten")
    }

    /// Adds one to the number in the slot, as often as it takes to be the one who did.
    pub(super) async fn increment(&self, key: &SlotKey) {
        loop {
            let slot = self.slot(key).await;
            let (number, expected) = slot.map_or((0, Expected::Absent), |slot| {
                let text = String::from_utf8_lossy(&slot.value).into_owned();
                (text.parse::<u64>().expect("a number was written"), Expected::Version(slot.version))
            });
            match self.write(key, put((number + 1).to_string()).expecting(expected)).await {
                SlotWritten::Written(_) => return,
                SlotWritten::Conflict => tokio::time::sleep(Duration::from_millis(1)).await,
                other => panic!("a number is written, and not {other:?}"),
            }
        }
    }
}

/// The version of what was written.
pub(super) fn written(written: SlotWritten) -> u64 {
    match written {
        SlotWritten::Written(version) => version,
        other => panic!("a value is written, and not {other:?}"),
    }
}
