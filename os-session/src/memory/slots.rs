//! The slots of the memory store: beside its sessions, so that a session without slots is no larger for them.

use std::collections::HashMap;
use std::time::Duration;

use super::browsers::Browsers;
use super::values::{Kept, Values};
use crate::clock::Timestamp;
use crate::slots::{SlotKey, SlotValue, SlotWrite, SlotWritten};
use crate::token::BrowserKey;
use crate::user::UserId;

#[derive(Debug, Default)]
pub(super) struct Slots {
    /// By the place of the session, which stays when its key changes.
    sessions: HashMap<u32, Values>,
    users: HashMap<UserId, Values>,
    pub(super) browsers: Browsers,
    /// The version that was given last, to whichever slot, so that none has the same twice.
    last_version: u64,
}

impl Slots {
    pub(super) fn of_session(&self, place: u32, key: &SlotKey) -> Option<SlotValue> {
        self.sessions.get(&place)?.get(key).map(|kept| value(kept, Duration::ZERO, true))
    }

    pub(super) fn of_user(&self, user: &UserId, key: &SlotKey) -> Option<SlotValue> {
        self.users.get(user)?.get(key).map(|kept| value(kept, Duration::ZERO, true))
    }

    pub(super) fn of_browser(&self, browser: &BrowserKey, key: &SlotKey, now: Timestamp) -> Option<SlotValue> {
        let browser = self.browsers.get(browser, now)?;
        browser.values.get(key).map(|kept| value(kept, now.since(browser.seen), browser.came_back()))
    }

    pub(super) fn write_of_session(&mut self, place: u32, key: &SlotKey, write: SlotWrite) -> SlotWritten {
        let values = self.sessions.entry(place).or_default();
        let written = values.write(key, write, &mut self.last_version);
        if values.is_empty() {
            self.sessions.remove(&place);
        }
        written
    }

    pub(super) fn write_of_user(&mut self, user: &UserId, key: &SlotKey, write: SlotWrite) -> SlotWritten {
        let values = self.users.entry(user.clone()).or_default();
        let written = values.write(key, write, &mut self.last_version);
        if values.is_empty() {
            self.users.remove(user);
        }
        written
    }

    pub(super) fn write_of_browser(
        &mut self,
        browser: &BrowserKey,
        key: &SlotKey,
        write: SlotWrite,
        now: Timestamp,
    ) -> SlotWritten {
        if let Some(values) = self.browsers.values(browser, now) {
            let came_back = write.came_back;
            let written = values.write(key, write, &mut self.last_version);
            if matches!(written, SlotWritten::Written(_) | SlotWritten::Removed) {
                self.browsers.touch(browser, came_back, now);
            }
            return written;
        }
        let (Some(new), Some(_)) = (write.new_browser, &write.value) else {
            return SlotWritten::NoOwner;
        };
        let mut values = Values::default();
        let written = values.write(key, write, &mut self.last_version);
        if !values.is_empty() {
            self.browsers.insert(*browser, new, values, now);
        }
        written
    }

    /// The session at that place is no more.
    pub(super) fn forget_session(&mut self, place: u32) {
        self.sessions.remove(&place);
    }
}

fn value(kept: &Kept, unseen: Duration, came_back: bool) -> SlotValue {
    SlotValue { version: kept.version, value: kept.value.clone(), unseen, came_back }
}
