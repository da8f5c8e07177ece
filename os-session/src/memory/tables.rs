//! The tables of the memory store: sessions by key, and each user's sessions in a list of their own.
//!
//! Everything here runs under the store's lock, takes the moment as an argument, and knows nothing of futures.

use std::collections::BTreeMap;
use std::hash::BuildHasher as _;
use std::sync::Arc;

use hashbrown::{DefaultHashBuilder, HashTable};

use super::slab::Slab;
use super::slots::Slots;
use crate::clock::Timestamp;
use crate::group::GroupSet;
use crate::store::{
    Authenticated, End, Ended, Found, Inserted, Limit, Listed, NewSession, Rotation, SessionHandle, SlotKey, SlotOwner,
    SlotValue, SlotWrite, SlotWritten, WhenFull,
};
use crate::token::SessionKey;
use crate::user::UserId;

/// A session: at a million of them each byte here is a megabyte.
#[derive(Debug)]
struct Session {
    key: SessionKey,
    handle: SessionHandle,
    opened: Timestamp,
    seen: Timestamp,
    authenticated: Timestamp,
    idle_millis: u64,
    ends: Timestamp,
    device: Option<Arc<str>>,
    expire: bool,
    user: u32,
    /// The neighbours in the list of the user's sessions.
    next: Option<NonMax>,
    previous: Option<NonMax>,
}

/// A place in a slab whose `Option` is as small as itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct NonMax(std::num::NonZeroU32);

impl NonMax {
    fn new(place: u32) -> Self {
        Self(std::num::NonZeroU32::new(!place).expect("a slab has fewer than 2^32 - 1 places"))
    }

    fn get(self) -> u32 {
        !self.0.get()
    }
}

impl Session {
    /// When it ends if nothing more happens.
    fn expires(&self) -> Timestamp {
        Timestamp::from_millis(self.seen.as_millis().saturating_add(self.idle_millis)).min(self.ends)
    }

    fn is_live(&self, now: Timestamp) -> bool {
        now < self.expires()
    }
}

/// A user with a session or a group; forgotten when the last of both is gone.
#[derive(Debug)]
struct User {
    id: UserId,
    sessions: Option<NonMax>,
    /// Indices into [`Tables::groups`], few and unordered.
    groups: Vec<u32>,
    /// The same groups as the rules see them.
    set: GroupSet,
}

#[derive(Debug)]
pub(super) struct Tables {
    sessions: Slab<Session>,
    by_key: HashTable<u32>,
    users: Slab<User>,
    by_user: HashTable<u32>,
    hasher: DefaultHashBuilder,
    groups: Vec<String>,
    group_index: BTreeMap<String, u32>,
    pub(super) slots: Slots,
}

/// The key is a hash already, and one that nobody can choose.
fn hash_of(key: &SessionKey) -> u64 {
    let (first, _) = key.as_bytes().split_first_chunk().expect("32 bytes are more than 8");
    u64::from_ne_bytes(*first)
}

impl Tables {
    pub(super) fn new() -> Self {
        Self {
            sessions: Slab::new(),
            by_key: HashTable::new(),
            users: Slab::new(),
            by_user: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
            groups: Vec::new(),
            group_index: BTreeMap::new(),
            slots: Slots::default(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.by_key.len()
    }

    /// `None`: the key is there already.
    pub(super) fn insert(&mut self, new: NewSession, limit: Limit, now: Timestamp) -> Option<Inserted> {
        if self.place_of(&new.key).is_some() {
            return None;
        }
        let named = |(user, handle): &(UserId, SessionHandle)| self.place_of_handle(user, *handle);
        let replaced =
            new.replaces.and_then(|key| self.place_of(&key)).or_else(|| named(new.replaces_session.as_ref()?));
        let (mut live, expired): (Vec<u32>, Vec<u32>) = self
            .sessions_of(&new.user)
            .filter(|place| Some(*place) != replaced)
            .partition(|place| self.sessions[*place].is_live(now));

        let most = limit.sessions.get() as usize - 1;
        if live.len() > most && limit.when_full == WhenFull::Refuse {
            return Some(Inserted::Full);
        }
        // The list begins with the newest: reversed, of two seen in the same millisecond the older goes first.
        live.reverse();
        live.sort_by_key(|place| self.sessions[*place].seen);
        live.truncate(live.len().saturating_sub(most));

        // The new one first, so that its user is not forgotten in between.
        self.append(new, now);
        let mut ended = Vec::new();
        ended.extend(replaced.map(|place| self.remove(place, End::Replaced, now)));
        ended.extend(expired.into_iter().map(|place| self.remove(place, End::Expired, now)));
        ended.extend(live.into_iter().map(|place| self.remove(place, End::Evicted, now)));
        Some(Inserted::Opened(ended))
    }

    pub(super) fn find(&self, key: &SessionKey, now: Timestamp) -> Option<Found> {
        let session = &self.sessions[self.place_of(key)?];
        let expires = session.expires();
        if now >= expires {
            return None;
        }
        let user = &self.users[session.user];
        Some(Found {
            user: user.id.clone(),
            handle: session.handle,
            opened: session.opened,
            seen: session.seen,
            authenticated: session.authenticated,
            ends: session.ends,
            expires,
            expire: session.expire,
            now,
            groups: user.set.clone(),
        })
    }

    pub(super) fn touch(&mut self, key: &SessionKey, now: Timestamp) -> bool {
        match self.live(key, now) {
            Some(place) => {
                self.sessions[place].seen = now;
                true
            }
            None => false,
        }
    }

    /// `None`: the new key is there already.
    pub(super) fn rotate(&mut self, rotation: Rotation, now: Timestamp) -> Option<bool> {
        if self.place_of(&rotation.to).is_some() {
            return None;
        }
        let Some(place) = self.live(&rotation.from, now) else {
            return Some(false);
        };
        self.forget_key(&rotation.from);
        let session = &mut self.sessions[place];
        session.key = rotation.to;
        match rotation.authenticated {
            Authenticated::Unchanged => {}
            Authenticated::Now => session.authenticated = now,
            Authenticated::At(then) => session.authenticated = then,
        }
        self.learn_key(place);
        Some(true)
    }

    pub(super) fn close(&mut self, key: &SessionKey, now: Timestamp) -> Option<Ended> {
        let place = self.place_of(key)?;
        Some(self.remove(place, End::Closed, now))
    }

    pub(super) fn close_handle(&mut self, user: &UserId, handle: SessionHandle, now: Timestamp) -> Option<Ended> {
        let place = self.place_of_handle(user, handle)?;
        Some(self.remove(place, End::Closed, now))
    }

    pub(super) fn close_all(&mut self, user: &UserId, except: Option<&SessionKey>, now: Timestamp) -> Vec<Ended> {
        let places: Vec<_> =
            self.sessions_of(user).filter(|place| Some(&self.sessions[*place].key) != except).collect();
        places.into_iter().map(|place| self.remove(place, End::Closed, now)).collect()
    }

    pub(super) fn list(&self, user: &UserId, now: Timestamp) -> Vec<Listed> {
        let mut listed: Vec<_> = self
            .sessions_of(user)
            .map(|place| &self.sessions[place])
            .filter(|session| session.is_live(now))
            .map(|session| Listed {
                key: session.key,
                handle: session.handle,
                device: session.device.clone(),
                opened: session.opened,
                seen: session.seen,
            })
            .collect();
        listed.sort_by_key(|session| std::cmp::Reverse(session.seen));
        listed
    }

    /// Removes at most `most` expired sessions among `count` places from `first` on. `None` once there are no such places.
    pub(super) fn purge(&mut self, first: u32, count: u32, most: usize, now: Timestamp) -> Option<Vec<Ended>> {
        if first >= self.sessions.places() {
            return None;
        }
        let places: Vec<_> = (first..first.saturating_add(count))
            .filter(|place| self.sessions.get(*place).is_some_and(|session| !session.is_live(now)))
            .take(most)
            .collect();
        Some(places.into_iter().map(|place| self.remove(place, End::Expired, now)).collect())
    }

    pub(super) fn create_group(&mut self, name: &str) {
        if !self.group_index.contains_key(name) {
            let index = u32::try_from(self.groups.len()).expect("fewer than 2^32 groups");
            self.groups.push(name.to_owned());
            self.group_index.insert(name.to_owned(), index);
        }
    }

    pub(super) fn all_groups(&self) -> Vec<String> {
        self.group_index.keys().cloned().collect()
    }

    pub(super) fn set_group(&mut self, user: &UserId, group: &str, member: bool) -> bool {
        let Some(&group) = self.group_index.get(group) else {
            return false;
        };
        let place = self.user(user);
        let user = &mut self.users[place];
        user.groups.retain(|other| *other != group);
        if member {
            user.groups.push(group);
        }
        user.set = user.groups.iter().map(|index| &self.groups[*index as usize]).collect();
        self.forget_user_without_traces(place);
        true
    }

    pub(super) fn in_group(&self, user: &UserId, group: &str) -> bool {
        match (self.user_place(user), self.group_index.get(group)) {
            (Some(place), Some(group)) => self.users[place].groups.contains(group),
            _ => false,
        }
    }

    pub(super) fn slot(&self, key: &SlotKey, now: Timestamp) -> Option<SlotValue> {
        match &key.owner {
            SlotOwner::Session(session) => self.slots.of_session(self.live(session, now)?, key),
            SlotOwner::User(user) => self.slots.of_user(user, key),
            SlotOwner::Browser(browser) => self.slots.of_browser(browser, key, now),
        }
    }

    pub(super) fn write_slot(&mut self, key: &SlotKey, write: SlotWrite, now: Timestamp) -> SlotWritten {
        match &key.owner {
            SlotOwner::Session(session) => match self.live(session, now) {
                Some(place) => self.slots.write_of_session(place, key, write),
                None => SlotWritten::NoOwner,
            },
            SlotOwner::User(user) => self.slots.write_of_user(user, key, write),
            SlotOwner::Browser(browser) => self.slots.write_of_browser(browser, key, write, now),
        }
    }
}

/// The two indices, and the lists of each user's sessions.
impl Tables {
    fn place_of(&self, key: &SessionKey) -> Option<u32> {
        self.by_key.find(hash_of(key), |place| self.sessions[*place].key == *key).copied()
    }

    fn place_of_handle(&self, user: &UserId, handle: SessionHandle) -> Option<u32> {
        self.sessions_of(user).find(|place| self.sessions[*place].handle == handle)
    }

    fn live(&self, key: &SessionKey, now: Timestamp) -> Option<u32> {
        self.place_of(key).filter(|place| self.sessions[*place].is_live(now))
    }

    fn learn_key(&mut self, place: u32) {
        let sessions = &self.sessions;
        let hash = hash_of(&sessions[place].key);
        self.by_key.insert_unique(hash, place, |place| hash_of(&sessions[*place].key));
    }

    fn forget_key(&mut self, key: &SessionKey) {
        if let Ok(entry) = self.by_key.find_entry(hash_of(key), |place| self.sessions[*place].key == *key) {
            entry.remove();
        }
    }

    fn user_place(&self, user: &UserId) -> Option<u32> {
        self.by_user.find(self.hasher.hash_one(user), |place| self.users[*place].id == *user).copied()
    }

    /// The user's entry, made if need be.
    fn user(&mut self, user: &UserId) -> u32 {
        if let Some(place) = self.user_place(user) {
            return place;
        }
        let place =
            self.users.insert(User { id: user.clone(), sessions: None, groups: Vec::new(), set: GroupSet::default() });
        let (users, hasher) = (&self.users, &self.hasher);
        self.by_user.insert_unique(hasher.hash_one(user), place, |place| hasher.hash_one(&users[*place].id));
        place
    }

    fn forget_user_without_traces(&mut self, place: u32) {
        let user = &self.users[place];
        if user.sessions.is_some() || !user.groups.is_empty() {
            return;
        }
        let hash = self.hasher.hash_one(&user.id);
        if let Ok(entry) = self.by_user.find_entry(hash, |other| *other == place) {
            entry.remove();
        }
        self.users.remove(place);
    }

    fn sessions_of(&self, user: &UserId) -> impl Iterator<Item = u32> {
        let first = self.user_place(user).and_then(|place| self.users[place].sessions);
        std::iter::successors(first, |place| self.sessions[place.get()].next).map(NonMax::get)
    }

    fn append(&mut self, new: NewSession, now: Timestamp) {
        let user = self.user(&new.user);
        let next = self.users[user].sessions;
        let place = self.sessions.insert(Session {
            key: new.key,
            handle: new.handle,
            opened: now,
            seen: now,
            authenticated: now,
            idle_millis: u64::try_from(new.idle.as_millis()).unwrap_or(u64::MAX),
            ends: now.after(new.absolute),
            device: new.device,
            expire: new.expire,
            user,
            next,
            previous: None,
        });
        if let Some(next) = next {
            self.sessions[next.get()].previous = Some(NonMax::new(place));
        }
        self.users[user].sessions = Some(NonMax::new(place));
        self.learn_key(place);
    }

    fn remove(&mut self, place: u32, why: End, now: Timestamp) -> Ended {
        let key = self.sessions[place].key;
        self.forget_key(&key);
        self.slots.forget_session(place);
        let session = self.sessions.remove(place).expect("an indexed place is in use");
        match session.previous {
            Some(previous) => self.sessions[previous.get()].next = session.next,
            None => self.users[session.user].sessions = session.next,
        }
        if let Some(next) = session.next {
            self.sessions[next.get()].previous = session.previous;
        }
        let ended = Ended {
            user: self.users[session.user].id.clone(),
            handle: session.handle,
            why: if session.is_live(now) { why } else { End::Expired },
        };
        self.forget_user_without_traces(session.user);
        ended
    }
}
