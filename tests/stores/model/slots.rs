//! The steps of slots and browsers.

use std::collections::BTreeSet;
use std::num::NonZeroU32;

use os_session::{
    BrowserKey, Expected, NewBrowser, SlotKey, SlotLimits, SlotOwner, SlotWrite, SlotWritten, Store as _, TabKey,
};

use super::check::{Run, TICK, Verdict, ask, handle, key, same, ticks, user};
use super::operations::{Of, Operation, Place, Written};
use crate::backends::Backend;

/// What a value belongs to, by what never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Owner {
    Session(u64),
    User(&'static str),
    Browser(u64),
}

type Slot = (Owner, Option<u8>, u8);

/// A browser, removed or not yet.
#[derive(Debug, Clone)]
struct Browser {
    number: u64,
    key: u8,
    seen: u64,
    idle: u64,
    session: Option<u64>,
}

/// What a store is to know of slots: values in the order in which they were written.
#[derive(Debug, Default)]
pub(crate) struct Slots {
    held: Vec<(Slot, u8, u64)>,
    browsers: Vec<Browser>,
    made: u64,
    /// Every version that any slot ever had.
    versions: BTreeSet<(Slot, u64)>,
}

impl Slots {
    pub(super) fn forget_browsers_of(&mut self, sessions: &[u64]) {
        self.browsers.retain(|known| known.session.is_none_or(|session| !sessions.contains(&session)));
    }

    fn browser(&mut self, key: u8, now: u64) -> Option<&mut Browser> {
        self.browsers.iter_mut().find(|browser| browser.key == key && now < browser.seen + browser.idle)
    }

    pub(super) fn purge(&mut self, now: u64) {
        self.browsers.retain(|browser| now < browser.seen + browser.idle);
    }

    fn get(&self, slot: Slot) -> Option<(u8, u64)> {
        self.held.iter().find(|(other, ..)| *other == slot).map(|(_, value, version)| (*value, *version))
    }

    fn remove(&mut self, slot: Slot) {
        self.held.retain(|(other, ..)| *other != slot);
    }

    /// Puts it there, if there is room; the tabs that were written first make it.
    fn put(&mut self, slot: Slot, value: u8, written: &Written) -> bool {
        let (owner, tab, _) = slot;
        let beside = self.held.iter().filter(|((other, its, _), ..)| (*other, *its) == (owner, tab)).count();
        if self.get(slot).is_none() && beside >= written.slots as usize {
            return false;
        }
        if beside == 0 && tab.is_some() {
            let mut tabs = Vec::new();
            for ((other, its, _), ..) in self.held.iter().rev() {
                if *other == owner && its.is_some() && !tabs.contains(its) {
                    tabs.push(*its);
                }
            }
            let gone: Vec<_> = tabs.into_iter().skip(written.tabs as usize - 1).collect();
            self.held.retain(|((other, its, _), ..)| *other != owner || !gone.contains(its));
        }
        self.remove(slot);
        self.held.push((slot, value, 0));
        true
    }
}

fn browser(number: u8) -> BrowserKey {
    BrowserKey::from_bytes([number; 32])
}

const NAMES: [&str; 3] = ["a", "A", "a "];

fn asked(place: Place, owner: SlotOwner) -> SlotKey {
    let tab = place.tab.map(|number| TabKey::from_bytes([number; 32]));
    SlotKey { owner, tab, name: NAMES[usize::from(place.name)].into() }
}

impl<B: Backend> Run<B> {
    /// Who is meant, for the store and for the model.
    fn owner(&mut self, of: Of) -> (SlotOwner, Option<Owner>) {
        let now = self.model.now;
        match of {
            Of::Session(picked) => {
                let picked = self.pick(picked);
                let live = self.model.live(picked).map(|session| Owner::Session(session.handle));
                (SlotOwner::Session(key(picked)), live)
            }
            Of::User(number) => (SlotOwner::User(user(number).into()), Some(Owner::User(user(number)))),
            Of::Browser(number) => {
                let live = self.model.slots.browser(number, now).map(|known| Owner::Browser(known.number));
                (SlotOwner::Browser(browser(number)), live)
            }
        }
    }

    pub(super) async fn slots(&mut self, operation: &Operation) -> Verdict {
        let now = self.model.now;
        match *operation {
            Operation::Slot { which, place } => self.read_slot(which, place).await,
            Operation::WriteSlot { which, place, ref written } => self.write_slot(which, place, written).await,
            Operation::RotateBrowser { which, from, to, session } => {
                // Its own key is an error, or exchanged for itself; what expired may still have a key.
                let unclear =
                    self.model.slots.browsers.iter().any(|known| known.key == to && now >= known.seen + known.idle);
                if from == to || unclear {
                    return Ok(());
                }
                let session = session.map(u64::from);
                let answer = ask!(self, which, rotate_browser(&browser(from), &browser(to), session.map(handle)));
                let taken = self.model.slots.browser(to, now).is_some();
                match self.model.slots.browser(from, now) {
                    Some(_) if taken => same("whether a taken key is given to a browser", answer.is_err(), true),
                    Some(known) => {
                        (known.key, known.session) = (to, session);
                        same("rotate_browser", answer, Ok(true))
                    }
                    None => same("whether no browser is rotated", answer.unwrap_or(false), false),
                }
            }
            Operation::TouchBrowser { which, key } => {
                let touched = ask!(self, which, touch_browser(&browser(key)))?;
                let known = self.model.slots.browser(key, now);
                let live = known.is_some();
                if let Some(known) = known {
                    known.seen = now;
                }
                same("touch_browser", touched, live)
            }
            Operation::ForgetBrowser { which, key } => {
                let forgotten = ask!(self, which, forget_browser(&browser(key)))?;
                let live = self.model.slots.browser(key, now).is_some();
                self.model.slots.browsers.retain(|known| known.key != key);
                same("forget_browser", forgotten, live)
            }
            _ => unreachable!("the other operations are none of slots"),
        }
    }

    pub(super) async fn read_slot(&mut self, which: u8, place: Place) -> Verdict {
        let (owner, live) = self.owner(place.of);
        let found = ask!(self, which, slot(&asked(place, owner)))?;
        let held = live.and_then(|owner| self.model.slots.get((owner, place.tab, place.name)));
        same(
            "slot",
            found.as_ref().map(|slot| (slot.value.to_vec(), slot.version)),
            held.map(|(value, version)| (vec![value], version)),
        )?;
        let (Of::Browser(number), Some(found)) = (place.of, found) else { return Ok(()) };
        let now = self.model.now;
        let unseen = self.model.slots.browser(number, now).map_or(0, |known| now - known.seen);
        let close = found.unseen >= ticks(unseen) && found.unseen < ticks(unseen) + TICK;
        same(
            "how long the browser was not seen, about",
            if close { ticks(unseen) } else { found.unseen },
            ticks(unseen),
        )
    }

    async fn write_slot(&mut self, which: u8, place: Place, written: &Written) -> Verdict {
        let now = self.model.now;
        let (owner, live) = self.owner(place.of);
        let slot = |owner| (owner, place.tab, place.name);
        let held = live.and_then(|owner| self.model.slots.get(slot(owner)));
        let given = self.model.slots.versions.iter().find(|(other, _)| live.map(slot) == Some(*other));
        let expected = match written.expected {
            0 => Expected::Any,
            1 => Expected::Absent,
            // The version that it has, or the first that it had.
            2 => Expected::Version(held.map_or(1, |(_, version)| version)),
            _ => Expected::Version(given.map_or(1, |(_, version)| *version)),
        };
        let met = match expected {
            Expected::Any => true,
            Expected::Absent => held.is_none(),
            Expected::Version(version) => held.is_some_and(|(_, held)| held == version),
        };
        let (slots, tabs) = (NonZeroU32::new(written.slots), NonZeroU32::new(written.tabs));
        let answer = ask!(
            self,
            which,
            write_slot(
                &asked(place, owner),
                SlotWrite {
                    expected,
                    value: written.value.map(|value| [value].into()),
                    limits: SlotLimits {
                        slots: slots.expect("limits are positive"),
                        tabs: tabs.expect("limits are positive")
                    },
                    new_browser: written.anew.map(|(idle, session)| NewBrowser {
                        idle: ticks(idle),
                        new_idle: None,
                        most: NonZeroU32::MAX,
                        session: session.map(u64::from).map(handle)
                    }),
                    came_back: false,
                }
            )
        )?;

        let made = match (place.of, written.anew, written.value) {
            (Of::Browser(key), Some((idle, session)), Some(_)) if live.is_none() => Some((key, idle, session)),
            _ => None,
        };
        if live.is_none() && made.is_none() {
            return same("a write for nobody", answer, SlotWritten::NoOwner);
        }
        if !met {
            return same("a write that expects something else", answer, SlotWritten::Conflict);
        }
        let model = &mut self.model.slots;
        let owner = live.unwrap_or(Owner::Browser(model.made + 1));
        if let Some((key, idle, session)) = made {
            model.made += 1;
            model.browsers.retain(|known| known.key != key);
            model.browsers.push(Browser { number: model.made, key, seen: now, idle, session: session.map(u64::from) });
        }
        match written.value {
            None => {
                model.remove(slot(owner));
                same("a removal", answer, SlotWritten::Removed)?;
            }
            Some(value) if model.put(slot(owner), value, written) => {
                let SlotWritten::Written(version) = answer else {
                    return Err(format!("a write that is to be done came to {answer:?}"));
                };
                same("whether the version is new", model.versions.insert((slot(owner), version)), true)?;
                model.held.last_mut().expect("it was put there").2 = version;
            }
            Some(_) => return same("a value too many", answer, SlotWritten::TooManySlots),
        }
        if let Of::Browser(key) = place.of {
            model.browser(key, now).into_iter().for_each(|known| known.seen = now);
        }
        Ok(())
    }
}
