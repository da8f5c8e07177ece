//! The values of one owner, by tab and name.

use std::borrow::Cow;
use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::Arc;

use crate::slots::{SlotKey, SlotWrite, SlotWritten};
use crate::token::TabKey;

/// What stands in a slot.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) version: u64,
    pub(super) value: Arc<[u8]>,
}

/// No tab is here without a value.
#[derive(Debug, Default)]
pub(super) struct Values(HashMap<Option<TabKey>, HashMap<Cow<'static, str>, Kept>>);

impl Values {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn get(&self, key: &SlotKey) -> Option<&Kept> {
        self.0.get(&key.tab)?.get(&key.name)
    }

    /// `last` is the version that was given last, to whichever slot of the store.
    pub(super) fn write(&mut self, key: &SlotKey, write: SlotWrite, last: &mut u64) -> SlotWritten {
        let held = self.get(key).map(|kept| kept.version);
        if !write.expected.is_met_by(held) {
            return SlotWritten::Conflict;
        }
        let Some(value) = write.value else {
            self.remove(key);
            return SlotWritten::Removed;
        };
        let others = self.0.get(&key.tab).map_or(0, HashMap::len);
        if held.is_none() && others >= write.limits.slots.get() as usize {
            return SlotWritten::TooManySlots;
        }
        if others == 0 && key.tab.is_some() {
            self.make_room_for_a_tab(write.limits.tabs);
        }
        *last += 1;
        self.0.entry(key.tab).or_default().insert(key.name.clone(), Kept { version: *last, value });
        SlotWritten::Written(*last)
    }

    fn remove(&mut self, key: &SlotKey) {
        if let Some(tab) = self.0.get_mut(&key.tab) {
            tab.remove(&key.name);
            if tab.is_empty() {
                self.0.remove(&key.tab);
            }
        }
    }

    /// Versions grow, so that the latest of a tab tells when it was written.
    fn make_room_for_a_tab(&mut self, most: NonZeroU32) {
        let latest = |tab: &HashMap<_, Kept>| tab.values().map(|kept| kept.version).max();
        let mut tabs: Vec<_> = self.0.iter().filter_map(|(key, tab)| Some(((*key)?, latest(tab)))).collect();
        tabs.sort_unstable_by_key(|(_, latest)| *latest);
        tabs.truncate((tabs.len() + 1).saturating_sub(most.get() as usize));
        for (tab, _) in tabs {
            self.0.remove(&Some(tab));
        }
    }
}
