//! The handle on everything: `Sessions`.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::application::Function;
use crate::awaited::Awaited;
use crate::change::Change;
use crate::config::{Config, States};
use crate::context::Session;
use crate::cross_site::CrossSite;
use crate::declaration::Declaration;
use crate::deny::BoxedDenyFun;
use crate::error::{Error, NoSuchGroup, nearest};
use crate::group::GroupSet;
use crate::groups::AnyGroups;
use crate::lately::Lately;
use crate::lifecycle::Remembered;
use crate::renewed::Renewed;
use crate::shown::ShownSalt;
use crate::slot::turns::Turns;
use crate::slot::volatile::Volatile;
use crate::store::{AnyStore, Listed, SessionHandle, StoreError, Timestamp};
use crate::tasks::Tasks;
use crate::token::SessionKey;
use crate::user::{UserId, flaw};

/// The sessions of an application: a cheap handle, for use anywhere, a background job included.
///
/// Built once with [`Sessions::builder`], attached to a router with
/// [`with_sessions`](crate::routing::Router::with_sessions) or [`layer`](Sessions::layer).
#[derive(Clone)]
pub struct Sessions(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) store: Arc<dyn AnyStore>,
    /// What others change in the store is told at this moment, see [`Store::listen`](crate::Store::listen).
    pub(crate) is_told: AtomicBool,
    /// How many changes failed a moment ago that may have been made, see [`Sessions::outcome`].
    pub(crate) unsure: AtomicU64,
    pub(crate) config: Config,
    pub(crate) cross_site: CrossSite,
    pub(crate) groups: Option<Box<dyn AnyGroups>>,
    pub(crate) known_groups: RwLock<KnownGroups>,
    /// The first 64 of them, on the way of every request.
    pub(crate) first_known_groups: AtomicU64,
    pub(crate) states: States,
    pub(crate) deny_fun: Option<BoxedDenyFun>,
    pub(crate) tasks: Tasks,
    /// Sessions and browsers that streams, WebSockets and pages wait for.
    pub(crate) awaited: Arc<Awaited>,
    /// Where the client is routed, once it is.
    pub(crate) client_path: OnceLock<String>,
    pub(crate) shown: ShownSalt,
    /// Values of slots that stay in this process.
    pub(crate) volatile: Volatile,
    pub(crate) turns: Turns,
    pub(crate) renewed: Renewed,
    /// Taken to exchange a browser's token.
    pub(crate) browser_turns: Turns,
    /// Sessions by a key that was exchanged lately.
    pub(crate) exchanged: Lately<SessionKey, (UserId, SessionHandle)>,
    /// [`Config::touch_interval`] in whole milliseconds, on the way of every request.
    pub(crate) touch_millis: u64,
    /// Some hook waits for the start of a process.
    pub(crate) has_start_hooks: bool,
    /// No request is admitted without taking every step: some hook runs in each, or a test watches.
    pub(crate) goes_step_by_step: AtomicBool,
    /// Some hook or `deny_fun` wants the request's head where the request itself is out of reach.
    pub(crate) keeps_parts: bool,
    /// Sessions of which this process keeps something.
    pub(crate) remembered: Remembered,
}

/// What comes of telling other nodes of a change.
pub(crate) type Telling = oneshot::Receiver<Result<(), StoreError>>;

/// How long something may be so that nobody here was told of: a pause between two looks, or two tries.
pub(crate) const UNTOLD: Duration = Duration::from_secs(1);

/// The groups that exist, as far as this process knows: what a rule may name.
#[derive(Debug, Default)]
pub(crate) struct KnownGroups {
    names: BTreeSet<String>,
    set: GroupSet,
}

impl KnownGroups {
    pub(crate) fn new(names: impl IntoIterator<Item = String>) -> Self {
        let names: BTreeSet<_> = names.into_iter().collect();
        Self { set: names.iter().collect(), names }
    }

    /// Those among the first 64, as bits.
    pub(crate) fn first(&self) -> u64 {
        self.set.low()
    }

    pub(crate) fn nearest(&self, name: &str) -> Option<String> {
        nearest(name, self.names.iter().map(String::as_str))
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        self.names.contains(name)
    }
}

/// One of a user's sessions, as the user may see it: never its token, nor the token's hash.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionInfo {
    /// By what the session is closed, [`Sessions::close`].
    pub handle: SessionHandle,
    /// When the user logged in.
    pub since: SystemTime,
    /// When the session was last used, to within the touch interval.
    pub last_seen: SystemTime,
    /// A short label of the device, such as "Firefox on Linux", if the browser told.
    pub device: Option<String>,
    /// Whether it is the session of the current request; always `false` outside one.
    pub current: bool,
}

impl Sessions {
    /// All sessions of a user, the most recently used first.
    ///
    /// # Errors
    ///
    /// [`Error::UserId`] for a user id that is not [valid](UserId::validate), [`Error::Store`] if
    /// the store fails.
    pub async fn of_user(&self, user: impl Into<UserId>) -> Result<Vec<SessionInfo>, Error> {
        let user = user.into();
        user.validate()?;
        let listed = self.0.store.list(&user).await?;
        let current = Session::current().ok().and_then(|session| session.key_under(self));
        Ok(listed.into_iter().map(|session| info(session, current)).collect())
    }

    /// Groups that are kept in the store, beside the sessions.
    #[must_use]
    pub fn groups(&self) -> StoredGroups {
        StoredGroups(self.clone())
    }

    /// Tells other nodes, in the background and until the store takes it: a node that remembers under a lease would learn it from nobody else. The first
    /// outcome is for whoever waits.
    ///
    /// # Errors
    ///
    /// There is no runtime in which they could be told.
    pub(crate) fn tell_others(&self, change: Change) -> Result<Option<Telling>, StoreError> {
        if !self.0.store.is_shared() {
            return Ok(None);
        }
        if Handle::try_current().is_err() {
            let error = StoreError::new("other nodes cannot be told of a change from outside a tokio runtime");
            tracing::error!(%error);
            return Err(error);
        }
        let (tell, told) = oneshot::channel();
        let (store, mut stopping) = (self.0.store.clone(), self.0.tasks.stopping());
        let _goes_on = self.0.tasks.spawn(async move {
            let mut first = Some(tell);
            loop {
                let outcome = store.publish(&change).await;
                let is_done = outcome.is_ok();
                if let Err(error) = &outcome {
                    tracing::warn!(%error, "other nodes could not be told of a change; trying again");
                }
                if let Some(tell) = first.take() {
                    let _nobody_may_wait = tell.send(outcome);
                }
                if is_done || !Tasks::pause(&mut stopping, UNTOLD).await {
                    return;
                }
            }
        });
        Ok(Some(told))
    }

    /// Whoever waits here for news of a session looks whether it is what it was, within a second.
    pub(crate) fn everybody_looks(&self) {
        let awaited = self.0.awaited.clone();
        tokio::spawn(async move { awaited.all_changed(UNTOLD).await });
    }

    /// The outcome of a change of sessions in the store. One that failed may have been made, and its answer lost: then nobody can be told of it here, and
    /// everybody looks.
    pub(crate) fn outcome<T>(&self, outcome: Result<T, StoreError>) -> Result<T, Error> {
        if outcome.is_err() && self.0.unsure.fetch_add(1, Ordering::Relaxed) == 0 {
            let (sessions, mut stopping) = (self.clone(), self.0.tasks.stopping());
            tokio::spawn(async move {
                loop {
                    let failures = sessions.0.unsure.load(Ordering::Relaxed);
                    // What the store was still about is done by then.
                    let goes_on = Tasks::pause(&mut stopping, UNTOLD).await;
                    sessions.everybody_looks();
                    // Whatever failed meanwhile has its own pause.
                    let were_all =
                        sessions.0.unsure.compare_exchange(failures, 0, Ordering::Relaxed, Ordering::Relaxed);
                    if were_all.is_ok() || !goes_on {
                        return;
                    }
                }
            });
        }
        Ok(outcome?)
    }

    /// Whether both are handles on the same sessions.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Refuses a rule that names a group which nobody created: under `deny` it would let everybody in.
    pub(crate) async fn check_groups_of(&self, rule: &'static Declaration) -> Result<(), Error> {
        if self.knows_groups_of(rule) {
            return Ok(());
        }
        if self.0.groups.is_none() {
            // Another process may have created it since.
            self.learn_stored_groups().await?;
        }
        match self.unknown_groups_of(rule).into_iter().next() {
            None => Ok(()),
            Some((name, nearest)) => Err(Error::NoSuchGroup(NoSuchGroup { name: name.to_owned(), nearest })),
        }
    }

    /// The groups of a user, as the application's own provider knows them.
    pub(crate) async fn ask_for_groups(&self, provider: &dyn AnyGroups, user: &UserId) -> Result<GroupSet, Error> {
        let asked = async { provider.groups_of(user).await };
        Function::Groups.outcome(self.0.config.hook_deadline, asked).await?.map_err(Error::Groups)
    }

    pub(crate) fn knows_groups_of(&self, rule: &'static Declaration) -> bool {
        if let Some(named) = rule.named_groups().only_low() {
            return named & !self.0.first_known_groups.load(Ordering::Relaxed) == 0;
        }
        let known = self.0.known_groups.read().unwrap_or_else(PoisonError::into_inner);
        rule.named_groups().is_subset(&known.set)
    }

    pub(crate) fn unknown_groups_of(&self, rule: &'static Declaration) -> Vec<(&'static str, Option<String>)> {
        let known = self.0.known_groups.read().unwrap_or_else(PoisonError::into_inner);
        rule.group_names().filter(|name| !known.contains(name)).map(|name| (name, known.nearest(name))).collect()
    }

    async fn learn_stored_groups(&self) -> Result<(), Error> {
        let names = self.0.store.all_groups().await?;
        let known = KnownGroups::new(names);
        let mut all = self.0.known_groups.write().unwrap_or_else(PoisonError::into_inner);
        self.0.first_known_groups.store(known.first(), Ordering::Relaxed);
        *all = known;
        Ok(())
    }
}

fn info(session: Listed, current: Option<SessionKey>) -> SessionInfo {
    SessionInfo {
        handle: session.handle,
        since: Timestamp::into(session.opened),
        last_seen: Timestamp::into(session.seen),
        device: session.device.map(|device| device.to_string()),
        current: current == Some(session.key),
    }
}

/// Nothing of the configuration, which holds application values.
impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sessions")
    }
}

/// Groups in the store, which come with the session's own read.
///
/// A change holds from the user's next request on.
///
/// ```
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let sessions = os_session::Sessions::builder().build().await?;
/// let groups = sessions.groups();
/// groups.create("admin").await?;
/// groups.add_user_in_group("alice", "admin").await?;
/// assert!(groups.in_group("alice", "admin").await?);
/// assert!(groups.add_user_in_group("alice", "amdin").await.is_err());
/// # Ok::<_, os_session::Error>(())
/// # })?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct StoredGroups(Sessions);

impl StoredGroups {
    /// Creates a group, or finds the one of that name, as the original's `Os_group.create` does.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchGroup`] for a name that is blank, longer than 255 bytes or has a NUL
    /// character, [`Error::Store`] if the store fails.
    pub async fn create(&self, name: impl AsRef<str>) -> Result<String, Error> {
        let name = name.as_ref();
        if flaw(name).is_some() {
            return Err(self.unknown(name));
        }
        self.0.0.store.create_group(name).await?;
        self.0.learn_stored_groups().await?;
        Ok(name.to_owned())
    }

    /// The group of that name.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchGroup`] if there is none, [`Error::Store`] if the store fails.
    pub async fn group_of_name(&self, name: impl AsRef<str>) -> Result<String, Error> {
        let name = name.as_ref();
        match self.all().await?.into_iter().find(|group| group == name) {
            Some(group) => Ok(group),
            None => Err(self.unknown(name)),
        }
    }

    /// Puts a user in a group.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchGroup`] if there is no such group, [`Error::UserId`] for a user id that is
    /// not [valid](UserId::validate), [`Error::Store`] if the store fails.
    pub async fn add_user_in_group(&self, user: impl Into<UserId>, group: impl AsRef<str>) -> Result<(), Error> {
        self.change(user.into(), group.as_ref(), true).await
    }

    /// Takes a user out of a group.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchGroup`] if there is no such group, [`Error::UserId`] for a user id that is
    /// not [valid](UserId::validate), [`Error::Store`] if the store fails.
    pub async fn remove_user_in_group(&self, user: impl Into<UserId>, group: impl AsRef<str>) -> Result<(), Error> {
        self.change(user.into(), group.as_ref(), false).await
    }

    /// Returns whether a user is in a group. A group that does not exist has no members.
    ///
    /// # Errors
    ///
    /// [`Error::UserId`] for a user id that is not [valid](UserId::validate), [`Error::Store`] if
    /// the store fails.
    pub async fn in_group(&self, user: impl Into<UserId>, group: impl AsRef<str>) -> Result<bool, Error> {
        let (user, group) = (user.into(), group.as_ref());
        user.validate()?;
        // The store cannot have a group of such a name, and may fail to look for it.
        if flaw(group).is_some() {
            return Ok(false);
        }
        Ok(self.0.0.store.in_group(&user, group).await?)
    }

    /// All groups, in alphabetical order.
    ///
    /// # Errors
    ///
    /// [`Error::Store`] if the store fails.
    pub async fn all(&self) -> Result<Vec<String>, Error> {
        Ok(self.0.0.store.all_groups().await?)
    }

    /// In a task of its own, so that those who wait for news are told although the request that asked for it is dropped.
    async fn change(&self, user: UserId, group: &str, is_in: bool) -> Result<(), Error> {
        user.validate()?;
        if flaw(group).is_some() {
            return Err(self.unknown(group));
        }
        let (sessions, name) = (self.0.clone(), group.to_owned());
        let changed = self.0.0.tasks.spawn(async move {
            let store = &sessions.0.store;
            let found = match is_in {
                true => store.add_to_group(&user, &name).await,
                false => store.remove_from_group(&user, &name).await,
            };
            let found = sessions.outcome(found)?;
            if found {
                sessions.0.awaited.groups_changed(&user);
            }
            Ok::<_, Error>(found)
        });
        match Tasks::outcome(changed).await? {
            true => Ok(()),
            false => Err(self.unknown(group)),
        }
    }

    fn unknown(&self, name: &str) -> Error {
        let known = self.0.0.known_groups.read().unwrap_or_else(PoisonError::into_inner);
        Error::NoSuchGroup(NoSuchGroup { name: name.to_owned(), nearest: known.nearest(name) })
    }
}
