//! Values that stay in this process: any type, gone with their scope or with the process.

use std::any::Any;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

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

struct Tab {
    values: HashMap<Id, Held>,
    written: Instant,
}

impl Values {
    pub(crate) fn get(&self, tab: Option<TabKey>, id: Id) -> Option<Held> {
        self.0.get(&tab)?.values.get(&id).cloned()
    }

    /// The value that is there, or else this one.
    pub(crate) fn get_or_insert(
        &mut self,
        tab: Option<TabKey>,
        id: Id,
        limits: SlotLimits,
        value: impl FnOnce() -> Held,
    ) -> Result<Held, SlotFailure> {
        if !self.0.contains_key(&tab) && tab.is_some() {
            self.make_room_for_a_tab(limits);
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

    fn make_room_for_a_tab(&mut self, limits: SlotLimits) {
        while self.0.keys().flatten().count() >= limits.tabs.get() as usize {
            let oldest = self.0.iter().filter(|(tab, _)| tab.is_some()).min_by_key(|(_, held)| held.written);
            let Some(oldest) = oldest.map(|(tab, _)| *tab) else { return };
            self.0.remove(&oldest);
        }
    }
}

/// All volatile values of this process that outlive a request.
#[derive(Default)]
pub(crate) struct Volatile(Mutex<Owners>);

#[derive(Default)]
struct Owners {
    sessions: HashMap<SessionHandle, Owned>,
    users: HashMap<UserId, Owned>,
    browsers: HashMap<BrowserKey, Owned>,
}

#[derive(Default)]
struct Owned {
    values: Values,
    /// When anybody asked.
    used: Option<Instant>,
    /// Of a browser: the session that was open in it.
    session: Option<SessionHandle>,
}

impl Volatile {
    fn owners(&self) -> MutexGuard<'_, Owners> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn get(&self, owner: &Owner, tab: Option<TabKey>, id: Id) -> Option<Held> {
        let mut owners = self.owners();
        let theirs = owners.get_mut(owner)?;
        theirs.used = Some(Instant::now());
        theirs.values.get(tab, id)
    }

    /// Whether anything of this browser is here, so that its token is known.
    pub(crate) fn knows(&self, browser: &BrowserKey) -> bool {
        self.owners().browsers.contains_key(browser)
    }

    pub(crate) fn get_or_insert(
        &self,
        owner: &Owner,
        session: Option<SessionHandle>,
        tab: Option<TabKey>,
        id: Id,
        limits: SlotLimits,
        value: impl FnOnce() -> Held,
    ) -> Result<Held, SlotFailure> {
        let mut owners = self.owners();
        let theirs = owners.entry(owner);
        theirs.used = Some(Instant::now());
        theirs.session = theirs.session.or(session);
        theirs.values.get_or_insert(tab, id, limits, value)
    }

    pub(crate) fn remove(&self, owner: &Owner, tab: Option<TabKey>, id: Id) -> Option<Held> {
        self.owners().get_mut(owner)?.values.remove(tab, id)
    }

    pub(crate) fn session_ended(&self, session: SessionHandle) {
        self.owners().sessions.remove(&session);
    }

    pub(crate) fn browser_rotated(&self, from: &BrowserKey, to: BrowserKey, session: Option<SessionHandle>) {
        let mut owners = self.owners();
        if let Some(mut owned) = owners.browsers.remove(from) {
            owned.session = session;
            owners.browsers.insert(to, owned);
        }
    }

    pub(crate) fn forget_browsers_of(&self, sessions: &[SessionHandle]) {
        self.owners().browsers.retain(|_, owned| owned.session.is_none_or(|session| !sessions.contains(&session)));
    }

    /// Forgets whose owner nobody has asked for in so long: of a session that ended where this process was not told, for example.
    pub(crate) fn forget_unused(&self, idle: Duration) {
        fn keep<K: Eq + Hash>(owned: &mut HashMap<K, Owned>, idle: Duration) {
            owned.retain(|_, owned| owned.used.is_some_and(|used| used.elapsed() < idle));
        }
        let mut owners = self.owners();
        keep(&mut owners.sessions, idle);
        keep(&mut owners.users, idle);
        keep(&mut owners.browsers, idle);
    }
}

impl Owners {
    fn get_mut(&mut self, owner: &Owner) -> Option<&mut Owned> {
        match owner {
            Owner::Session(_, handle) => self.sessions.get_mut(handle),
            Owner::User(user) => self.users.get_mut(user),
            Owner::Browser(key) => self.browsers.get_mut(key),
        }
    }

    fn entry(&mut self, owner: &Owner) -> &mut Owned {
        match owner {
            Owner::Session(_, handle) => self.sessions.entry(*handle).or_default(),
            Owner::User(user) => self.users.entry(user.clone()).or_default(),
            Owner::Browser(key) => self.browsers.entry(*key).or_default(),
        }
    }
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
        Place::Lasting(owner, tab) => session.sessions().0.volatile.get(owner, *tab, id),
    }
}

pub(super) fn remove(session: &Session, place: &Place, id: Id) -> Option<Held> {
    match place {
        Place::Request => session.0.request_values().remove(None, id),
        Place::Lasting(owner, tab) => session.sessions().0.volatile.remove(owner, *tab, id),
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
    let limits = sessions.0.config.slots.limits;
    let failed = |failure| Error::Slot(SlotError { slot: "a volatile slot", failure });
    loop {
        match scope.find(session).await? {
            Some(Place::Request) => {
                return session.0.request_values().get_or_insert(None, id, limits, &value).map_err(failed);
            }
            Some(Place::Lasting(owner, tab)) => {
                if let Owner::Browser(key) = &owner
                    && !sessions.0.volatile.knows(key)
                    && !sessions.0.store.touch_browser(key).await?
                {
                    // A token that nobody handed out is not adopted.
                    session.0.browser_is_gone();
                    continue;
                }
                return sessions.0.volatile.get_or_insert(&owner, None, tab, id, limits, &value).map_err(failed);
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
                    made = Some(sessions.0.volatile.get_or_insert(&owner, new.session, tab, id, limits, &value));
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
