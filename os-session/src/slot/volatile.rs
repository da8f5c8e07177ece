//! Values that stay in this process: any type, gone with their scope or with the process.

use std::any::Any;
use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::config::SlotConfig;
use crate::context::Session;
use crate::error::{Error, SlotError, SlotFailure};
use crate::scope::{Kind, Owner, Place};
use crate::store::{NewBrowser, SessionHandle, SlotLimits, SlotWritten};
use crate::token::{BrowserKey, TabKey};
use crate::user::UserId;

/// A value, behind a lock of its own: whoever changes it holds that, and not the whole table.
pub(crate) type Held = Arc<dyn Any + Send + Sync>;

/// A slot that has no name: where it stands in memory.
pub(crate) type Id = usize;

/// The volatile values of one owner, or of one request.
#[derive(Default)]
pub(crate) struct Values(HashMap<Option<TabKey>, Tab>);

pub(crate) struct Tab {
    values: HashMap<Id, Held>,
    written: Instant,
}

impl Values {
    pub(crate) fn get(&self, tab: Option<TabKey>, id: Id) -> Option<Held> {
        self.0.get(&tab)?.values.get(&id).cloned()
    }

    /// Returns the value that is there, or else this one. Tabs that make room go to `gone`, to be
    /// dropped when the lock is free: their values may run code of the application.
    pub(crate) fn get_or_insert(
        &mut self,
        tab: Option<TabKey>,
        id: Id,
        limits: SlotLimits,
        value: impl FnOnce() -> Held,
        gone: &mut Vec<Tab>,
    ) -> Result<Held, SlotFailure> {
        if !self.0.contains_key(&tab) && tab.is_some() {
            self.make_room_for_a_tab(limits, gone);
        }
        let tab = self.0.entry(tab).or_insert_with(|| Tab { values: HashMap::new(), written: Instant::now() });
        tab.written = Instant::now();
        if !tab.values.contains_key(&id) && tab.values.len() >= limits.slots.get() as usize {
            return Err(SlotFailure::TooMany(limits.slots.get()));
        }
        Ok(tab.values.entry(id).or_insert_with(value).clone())
    }

    pub(crate) fn remove(&mut self, tab: Option<TabKey>, id: Id) -> Option<Held> {
        let values = &mut self.0.get_mut(&tab)?.values;
        let removed = values.remove(&id);
        if values.is_empty() {
            self.0.remove(&tab);
        }
        removed
    }

    fn make_room_for_a_tab(&mut self, limits: SlotLimits, gone: &mut Vec<Tab>) {
        while self.0.keys().flatten().count() >= limits.tabs.get() as usize {
            let oldest = self.0.iter().filter(|(tab, _)| tab.is_some()).min_by_key(|(_, held)| held.written);
            let Some(oldest) = oldest.map(|(tab, _)| *tab) else { return };
            gone.extend(self.0.remove(&oldest));
        }
    }
}

/// All volatile values of this process that outlive a request.
#[derive(Default)]
pub(crate) struct Volatile(Mutex<Owners>);

#[derive(Default)]
struct Owners {
    /// Gone with their session, see [`Remembered`](crate::lifecycle::Remembered).
    sessions: HashMap<SessionHandle, Values>,
    users: ByUse<UserId>,
    browsers: ByUse<BrowserKey>,
    /// Browsers by the session that was open in them.
    browsers_with: BTreeSet<(SessionHandle, BrowserKey)>,
}

/// Owners by when they were used last, so that those that go are found without a look at the
/// others.
struct ByUse<K> {
    owned: HashMap<K, Owned>,
    /// Browsers whose cookie never came back.
    new: BTreeSet<(Instant, K)>,
    kept: BTreeSet<(Instant, K)>,
}

struct Owned {
    values: Values,
    used: Instant,
    came_back: bool,
    /// Of a browser: the session that was open in it.
    session: Option<SessionHandle>,
}

/// Who uses values, and how many there may be.
#[derive(Clone, Copy)]
pub(crate) struct Use {
    /// The request came with the cookie of its browser.
    pub(crate) came_back: bool,
    /// The session that is open in a browser that is made for the value.
    pub(crate) session: Option<SessionHandle>,
    pub(crate) limits: SlotLimits,
    pub(crate) max_browsers: NonZeroU32,
}

impl<K> Default for ByUse<K> {
    fn default() -> Self {
        Self { owned: HashMap::new(), new: BTreeSet::new(), kept: BTreeSet::new() }
    }
}

impl<K: Clone + Eq + Hash + Ord> ByUse<K> {
    fn remove(&mut self, key: &K) -> Option<Owned> {
        let owned = self.owned.remove(key)?;
        self.index(owned.came_back).remove(&(owned.used, key.clone()));
        Some(owned)
    }

    fn insert(&mut self, key: K, owned: Owned) -> &mut Owned {
        self.index(owned.came_back).insert((owned.used, key.clone()));
        self.owned.entry(key).insert_entry(owned).into_mut()
    }

    fn index(&mut self, came_back: bool) -> &mut BTreeSet<(Instant, K)> {
        if came_back { &mut self.kept } else { &mut self.new }
    }

    /// What is there is used now.
    fn get(&mut self, key: &K, came_back: bool) -> Option<&mut Owned> {
        let owned = self.remove(key)?;
        let came_back = owned.came_back || came_back;
        Some(self.insert(key.clone(), Owned { used: Instant::now(), came_back, ..owned }))
    }

    fn get_or_insert(&mut self, key: &K, came_back: bool, session: Option<SessionHandle>) -> &mut Owned {
        let used = Instant::now();
        let owned = self.remove(key).unwrap_or_else(|| Owned { values: Values::default(), used, came_back, session });
        let came_back = owned.came_back || came_back;
        self.insert(key.clone(), Owned { used, came_back, ..owned })
    }

    /// The one that goes first: one whose cookie never came back, if there is one.
    fn first(&self) -> Option<K> {
        self.new.first().or_else(|| self.kept.first()).map(|(_, key)| key.clone())
    }

    /// One that was not used for that long.
    fn unused(&self, new_idle: Duration, idle: Duration) -> Option<K> {
        let first = |index: &BTreeSet<(Instant, K)>, idle| {
            index.first().filter(|(used, _)| used.elapsed() >= idle).map(|(_, key)| key.clone())
        };
        first(&self.new, new_idle).or_else(|| first(&self.kept, idle))
    }
}

impl Volatile {
    fn owners(&self) -> MutexGuard<'_, Owners> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn get(&self, owner: &Owner, tab: Option<TabKey>, id: Id, came_back: bool) -> Option<Held> {
        self.owners().get_mut(owner, came_back)?.get(tab, id)
    }

    /// Whether anything of this browser is here, so that its token is known.
    pub(crate) fn knows(&self, browser: &BrowserKey) -> bool {
        self.owners().browsers.owned.contains_key(browser)
    }

    pub(crate) fn get_or_insert(
        &self,
        owner: &Owner,
        by: Use,
        tab: Option<TabKey>,
        id: Id,
        value: impl FnOnce() -> Held,
    ) -> Result<Held, SlotFailure> {
        let mut owners = self.owners();
        let _browsers = owners.make_room_for(owner, by.max_browsers);
        let mut tabs = Vec::new();
        let value = owners.entry(owner, by).get_or_insert(tab, id, by.limits, value, &mut tabs);
        drop(owners);
        value
    }

    pub(crate) fn remove(&self, owner: &Owner, tab: Option<TabKey>, id: Id, came_back: bool) -> Option<Held> {
        self.owners().get_mut(owner, came_back)?.remove(tab, id)
    }

    pub(crate) fn session_ended(&self, session: SessionHandle) {
        // Dropped when the lock is free: a value may run code of the application.
        let _values = self.owners().sessions.remove(&session);
    }

    pub(crate) fn browser_rotated(&self, from: &BrowserKey, to: BrowserKey, session: Option<SessionHandle>) {
        let mut owners = self.owners();
        if let Some(owned) = owners.remove_browser(from) {
            let came_back = owned.came_back || session.is_some();
            owners.browsers_with.extend(session.map(|session| (session, to)));
            owners.browsers.insert(to, Owned { came_back, session, ..owned });
        }
    }

    pub(crate) fn forget_browsers_of(&self, sessions: &[SessionHandle]) {
        let mut gone = Vec::new();
        let mut owners = self.owners();
        for session in sessions {
            let range = (*session, BrowserKey::from_bytes([0; 32]))..=(*session, BrowserKey::from_bytes([u8::MAX; 32]));
            let keys: Vec<_> = owners.browsers_with.range(range).map(|(_, key)| *key).collect();
            gone.extend(keys.iter().filter_map(|key| owners.remove_browser(key)));
        }
        drop(owners);
    }

    /// Forgets the values of browsers and users that were not used for that long.
    pub(crate) fn forget_unused(&self, new_browser_idle: Duration, idle: Duration) {
        let mut gone = Vec::new();
        let mut owners = self.owners();
        while let Some(browser) = owners.browsers.unused(new_browser_idle.min(idle), idle) {
            gone.extend(owners.remove_browser(&browser));
        }
        while let Some(user) = owners.users.unused(idle, idle) {
            gone.extend(owners.users.remove(&user));
        }
        drop(owners);
    }
}

impl Owners {
    fn get_mut(&mut self, owner: &Owner, came_back: bool) -> Option<&mut Values> {
        match owner {
            Owner::Session(_, handle, _) => self.sessions.get_mut(handle),
            Owner::User(user) => self.users.get(user, true).map(|owned| &mut owned.values),
            Owner::Browser(key) => self.browsers.get(key, came_back).map(|owned| &mut owned.values),
        }
    }

    fn entry(&mut self, owner: &Owner, by: Use) -> &mut Values {
        match owner {
            Owner::Session(_, handle, _) => self.sessions.entry(*handle).or_default(),
            Owner::User(user) => &mut self.users.get_or_insert(user, true, None).values,
            Owner::Browser(key) => {
                if !self.browsers.owned.contains_key(key) {
                    self.browsers_with.extend(by.session.map(|session| (session, *key)));
                }
                &mut self.browsers.get_or_insert(key, by.came_back, by.session).values
            }
        }
    }

    /// The browsers that make room, to be dropped when the lock is free: their values may run code
    /// of the application.
    fn make_room_for(&mut self, owner: &Owner, most: NonZeroU32) -> Vec<Owned> {
        let Owner::Browser(key) = owner else { return Vec::new() };
        let mut gone = Vec::new();
        while !self.browsers.owned.contains_key(key) && self.browsers.owned.len() >= most.get() as usize {
            let Some(first) = self.browsers.first() else { break };
            gone.extend(self.remove_browser(&first));
        }
        gone
    }

    fn remove_browser(&mut self, key: &BrowserKey) -> Option<Owned> {
        let owned = self.browsers.remove(key)?;
        if let Some(session) = owned.session {
            self.browsers_with.remove(&(session, *key));
        }
        Some(owned)
    }
}

/// How often an update is tried again where others were faster. Each of them has changed the value, so
/// that many in a row means a change that changes its own slot.
pub(super) const TRIES: u32 = 1_000;

pub(super) fn failed(failure: SlotFailure) -> Error {
    Error::Slot(SlotError { slot: "a volatile slot", failure })
}

/// A value of the application. Its code, a clone and a drop included, runs without the lock.
pub(crate) struct Cell<T>(Mutex<Option<Arc<T>>>);

impl<T> Cell<T> {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(None))
    }

    fn lock(&self) -> MutexGuard<'_, Option<Arc<T>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn get(&self) -> Option<Arc<T>> {
        self.lock().clone()
    }

    /// Puts another value there, and returns the one before.
    pub(crate) fn replace(&self, value: Option<Arc<T>>) -> Option<Arc<T>> {
        std::mem::replace(&mut *self.lock(), value)
    }

    /// Puts another value there if the present one is still `before`. Returns whether it was.
    pub(crate) fn replace_if(&self, before: Option<&Arc<T>>, value: T) -> bool {
        let mut value = Some(Arc::new(value));
        let mut present = self.lock();
        let is_same = present.as_ref().map(Arc::as_ptr) == before.map(Arc::as_ptr);
        if is_same {
            std::mem::swap(&mut *present, &mut value);
        }
        drop(present);
        is_same
    }
}

/// The value where this request finds it.
pub(super) fn find(session: &Session, place: &Place, id: Id) -> Option<Held> {
    match place {
        Place::Request => session.0.request_values().get(None, id),
        Place::Lasting(owner, tab) => session.sessions().0.volatile.get(owner, *tab, id, session.0.browser_came_back()),
    }
}

pub(super) fn remove(session: &Session, place: &Place, id: Id) -> Option<Held> {
    match place {
        Place::Request => session.0.request_values().remove(None, id),
        Place::Lasting(owner, tab) => {
            session.sessions().0.volatile.remove(owner, *tab, id, session.0.browser_came_back())
        }
    }
}

/// The value's place, made where there is none yet; a browser gets a cookie for it.
pub(super) async fn find_or_make(
    session: &Session,
    scope: Kind,
    id: Id,
    value: impl Fn() -> Held + Send + Sync,
) -> Result<Held, Error> {
    let sessions = session.sessions();
    let SlotConfig { limits, max_browsers, .. } = sessions.0.config.slots;
    loop {
        match scope.find(session).await? {
            Some(Place::Request) => {
                return session
                    .0
                    .request_values()
                    .get_or_insert(None, id, limits, &value, &mut Vec::new())
                    .map_err(failed);
            }
            Some(Place::Lasting(owner, tab)) => {
                let came_back = session.0.browser_came_back();
                if let Owner::Browser(key) = &owner
                    && came_back
                    && !sessions.0.volatile.knows(key)
                    && !sessions.0.store.touch_browser(key).await?
                {
                    // A token that nobody handed out is not adopted.
                    session.browser_is_lost(*key).await?;
                    continue;
                }
                if let Owner::Session(_, handle, user) = &owner {
                    sessions.remember(*handle, user);
                }
                let by = Use { came_back, session: None, limits, max_browsers };
                return sessions.0.volatile.get_or_insert(&owner, by, tab, id, &value).map_err(failed);
            }
            None if scope.is_of_browsers() => {
                let tab = session.0.tab();
                if scope.is_of_tabs() && tab.is_none() {
                    return Err(Error::NoProcess);
                }
                let tab = tab.filter(|_| scope.is_of_tabs());
                let mut made = None;
                let write = async |key: BrowserKey, new: NewBrowser| {
                    let owner = Owner::Browser(key);
                    let by = Use { came_back: new.new_idle.is_none(), session: new.session, limits, max_browsers };
                    made = Some(sessions.0.volatile.get_or_insert(&owner, by, tab, id, &value));
                    Ok(SlotWritten::Written(0))
                };
                session.make_browser(write).await?;
                if let Some(made) = made {
                    return made.map_err(failed);
                }
            }
            None => return Err(scope.why_not(session.0.tab())),
        }
    }
}
