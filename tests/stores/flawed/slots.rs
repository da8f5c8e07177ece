//! Wrong about slots.

use std::collections::{HashMap, HashSet};
use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use os_session::{
    Ended, Expected, SessionKey, SlotKey, SlotOwner, SlotValue, SlotWrite, SlotWritten, Store as _, UserId,
};

use super::{Answer, Flaw, Right};

flaws! {
    /// Nothing is an empty value.
    FindsEmptyForNone;
    /// Writes over whatever is there.
    IgnoresWhatIsExpected;
    /// Values end like a C string.
    CutsValuesAtNul;
    /// An empty value is none.
    TakesEmptyForRemoval;
    /// Names compared without their case.
    IgnoresTheCaseOfNames;
    /// All tabs are one.
    ForgetsTheTab;
    /// Finds the slots of a session by the key that it had when they were written.
    KeepsSlotsByKey;
    /// Says that it wrote for a session that is none.
    SaysThatItWrote;
    /// A write is activity.
    SeesOnWrite;
    /// Any number of values.
    ForgetsTheLimitOfSlots;
    /// Any number of tabs.
    ForgetsTheLimitOfTabs;
    /// Removes the tab to give way, and writes in a second step.
    MakesRoomBefore;
    /// Reads, compares, and writes in a second step.
    ComparesBeforeItWrites;
}

impl Flaw for FindsEmptyForNone {
    async fn slot(&self, right: &Right, key: &SlotKey) -> Answer<Option<SlotValue>> {
        let empty = SlotValue { version: 0, value: [].into(), unseen: Duration::ZERO, came_back: true };
        Ok(right.memory.slot(key).await?.or(Some(empty)))
    }
}

impl Flaw for IgnoresWhatIsExpected {
    async fn write_slot(&self, right: &Right, key: &SlotKey, write: SlotWrite) -> Answer<SlotWritten> {
        right.memory.write_slot(key, SlotWrite { expected: Expected::Any, ..write }).await
    }
}

impl Flaw for CutsValuesAtNul {
    async fn write_slot(&self, right: &Right, key: &SlotKey, mut write: SlotWrite) -> Answer<SlotWritten> {
        write.value = write.value.map(|value| value.split(|byte| *byte == 0).next().unwrap_or_default().into());
        right.memory.write_slot(key, write).await
    }
}

impl Flaw for TakesEmptyForRemoval {
    async fn slot(&self, right: &Right, key: &SlotKey) -> Answer<Option<SlotValue>> {
        Ok(right.memory.slot(key).await?.filter(|slot| !slot.value.is_empty()))
    }
}

fn lower(key: &SlotKey) -> SlotKey {
    SlotKey { name: key.name.to_lowercase().into(), ..key.clone() }
}

impl Flaw for IgnoresTheCaseOfNames {
    async fn slot(&self, right: &Right, key: &SlotKey) -> Answer<Option<SlotValue>> {
        right.memory.slot(&lower(key)).await
    }

    async fn write_slot(&self, right: &Right, key: &SlotKey, write: SlotWrite) -> Answer<SlotWritten> {
        right.memory.write_slot(&lower(key), write).await
    }
}

fn of_no_tab(key: &SlotKey) -> SlotKey {
    SlotKey { tab: None, ..key.clone() }
}

impl Flaw for ForgetsTheTab {
    async fn slot(&self, right: &Right, key: &SlotKey) -> Answer<Option<SlotValue>> {
        right.memory.slot(&of_no_tab(key)).await
    }

    async fn write_slot(&self, right: &Right, key: &SlotKey, write: SlotWrite) -> Answer<SlotWritten> {
        right.memory.write_slot(&of_no_tab(key), write).await
    }
}

/// A user of its own for each key of a session.
fn by_key(key: &SlotKey) -> SlotKey {
    match &key.owner {
        SlotOwner::Session(session) => {
            SlotKey { owner: SlotOwner::User(format!("{:?}", session.as_bytes()).into()), ..key.clone() }
        }
        _ => key.clone(),
    }
}

async fn is_live(right: &Right, key: &SlotKey) -> Answer<bool> {
    match &key.owner {
        SlotOwner::Session(session) => Ok(right.memory.find(session).await?.is_some()),
        _ => Ok(true),
    }
}

impl Flaw for KeepsSlotsByKey {
    async fn slot(&self, right: &Right, key: &SlotKey) -> Answer<Option<SlotValue>> {
        if !is_live(right, key).await? {
            return Ok(None);
        }
        right.memory.slot(&by_key(key)).await
    }

    async fn write_slot(&self, right: &Right, key: &SlotKey, write: SlotWrite) -> Answer<SlotWritten> {
        if !is_live(right, key).await? {
            return Ok(SlotWritten::NoOwner);
        }
        right.memory.write_slot(&by_key(key), write).await
    }
}

impl Flaw for SaysThatItWrote {
    async fn write_slot(&self, right: &Right, key: &SlotKey, write: SlotWrite) -> Answer<SlotWritten> {
        Ok(match right.memory.write_slot(key, write).await? {
            SlotWritten::NoOwner => SlotWritten::Written(1),
            written => written,
        })
    }
}

impl Flaw for SeesOnWrite {
    async fn write_slot(&self, right: &Right, key: &SlotKey, write: SlotWrite) -> Answer<SlotWritten> {
        if let SlotOwner::Session(session) = &key.owner {
            right.memory.touch(session).await?;
        }
        right.memory.write_slot(key, write).await
    }
}

impl Flaw for ForgetsTheLimitOfSlots {
    async fn write_slot(&self, right: &Right, key: &SlotKey, mut write: SlotWrite) -> Answer<SlotWritten> {
        write.limits.slots = NonZeroU32::MAX;
        right.memory.write_slot(key, write).await
    }
}

impl Flaw for ForgetsTheLimitOfTabs {
    async fn write_slot(&self, right: &Right, key: &SlotKey, mut write: SlotWrite) -> Answer<SlotWritten> {
        write.limits.tabs = NonZeroU32::MAX;
        right.memory.write_slot(key, write).await
    }
}

impl Flaw for MakesRoomBefore {
    async fn write_slot(&self, right: &Right, key: &SlotKey, write: SlotWrite) -> Answer<SlotWritten> {
        let room = SlotKey { name: "room".into(), ..key.clone() };
        let limits = os_session::SlotLimits { slots: NonZeroU32::MAX, ..write.limits };
        let made =
            SlotWrite { expected: Expected::Any, value: Some([].into()), limits, new_browser: None, came_back: false };
        right.memory.write_slot(&room, made.clone()).await?;
        right.memory.write_slot(&room, SlotWrite { value: None, ..made }).await?;
        tokio::task::yield_now().await;
        right.memory.write_slot(key, write).await
    }
}

impl Flaw for ComparesBeforeItWrites {
    async fn write_slot(&self, right: &Right, key: &SlotKey, write: SlotWrite) -> Answer<SlotWritten> {
        let held = right.memory.slot(key).await?.map(|slot| slot.version);
        let met = match write.expected {
            Expected::Any => true,
            Expected::Absent => held.is_none(),
            Expected::Version(version) => held == Some(version),
        };
        if !met {
            return Ok(SlotWritten::Conflict);
        }
        tokio::task::yield_now().await;
        right.memory.write_slot(key, SlotWrite { expected: Expected::Any, ..write }).await
    }
}

/// Counts the versions of each value from one: those that are told, by those that are right.
#[derive(Default)]
pub(crate) struct CountsVersionsFromOne(Mutex<HashMap<SlotKey, (u64, u64)>>);

impl CountsVersionsFromOne {
    fn known(&self) -> MutexGuard<'_, HashMap<SlotKey, (u64, u64)>> {
        self.0.lock().unwrap()
    }
}

impl Flaw for CountsVersionsFromOne {
    async fn slot(&self, right: &Right, key: &SlotKey) -> Answer<Option<SlotValue>> {
        let slot = right.memory.slot(key).await?;
        Ok(slot.map(|slot| SlotValue { version: self.known()[key].0, ..slot }))
    }

    async fn write_slot(&self, right: &Right, key: &SlotKey, mut write: SlotWrite) -> Answer<SlotWritten> {
        let held = self.known().get(key).copied();
        if let Expected::Version(told) = write.expected {
            let right = held.filter(|held| held.0 == told).map_or(u64::MAX, |held| held.1);
            write.expected = Expected::Version(right);
        }
        let written = right.memory.write_slot(key, write).await?;
        match written {
            SlotWritten::Written(version) => {
                let told = held.map_or(1, |held| held.0 + 1);
                self.known().insert(key.clone(), (told, version));
                return Ok(SlotWritten::Written(told));
            }
            SlotWritten::Removed => drop(self.known().remove(key)),
            _ => {}
        }
        Ok(written)
    }
}

/// Takes the slots of a user along with the sessions.
#[derive(Default)]
pub(crate) struct EndsSlotsOfUsers(Mutex<Vec<SlotKey>>);

impl Flaw for EndsSlotsOfUsers {
    async fn write_slot(&self, right: &Right, key: &SlotKey, write: SlotWrite) -> Answer<SlotWritten> {
        self.0.lock().unwrap().push(key.clone());
        right.memory.write_slot(key, write).await
    }

    async fn close_all(&self, right: &Right, user: &UserId, except: Option<&SessionKey>) -> Answer<Vec<Ended>> {
        let mut theirs = self.0.lock().unwrap().clone();
        theirs.retain(|key| key.owner == SlotOwner::User(user.clone()));
        let limits = os_session::SlotLimits { slots: NonZeroU32::MIN, tabs: NonZeroU32::MIN };
        let removal = SlotWrite { expected: Expected::Any, value: None, limits, new_browser: None, came_back: false };
        for key in theirs {
            right.memory.write_slot(&key, removal.clone()).await?;
        }
        right.memory.close_all(user, except).await
    }
}

/// Counts, and writes in a second step.
#[derive(Default)]
pub(crate) struct CountsBeforeItWrites(Mutex<HashSet<SlotKey>>);

impl Flaw for CountsBeforeItWrites {
    async fn write_slot(&self, right: &Right, key: &SlotKey, mut write: SlotWrite) -> Answer<SlotWritten> {
        let others = {
            let written = self.0.lock().unwrap();
            written.iter().filter(|other| (&other.owner, &other.tab) == (&key.owner, &key.tab)).count()
        };
        if others >= write.limits.slots.get() as usize {
            return Ok(SlotWritten::TooManySlots);
        }
        tokio::task::yield_now().await;
        write.limits.slots = NonZeroU32::MAX;
        let written = right.memory.write_slot(key, write).await;
        self.0.lock().unwrap().insert(key.clone());
        written
    }
}
