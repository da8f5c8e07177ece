//! Everything that a store holds, as records: exported from one store and imported into another.

use std::fmt;
use std::ops::AddAssign;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::handle::SessionHandle;
use crate::slots::SlotKey;
use crate::token::{BrowserKey, SessionKey};
use crate::user::UserId;

/// One thing that a store holds, whole: what `SqliteStore::export` gives, and `PostgresStore::import` and `RedisStore::import` keep.
///
/// What a record names comes before it: a group before its members, a session or a browser before its slots.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Record {
    /// There is a group of that name.
    Group(String),
    /// A user is in a group.
    Member {
        /// Who.
        user: UserId,
        /// In which.
        group: String,
    },
    /// A session, over or not: whoever purges it later runs its close hooks.
    Session(Box<SessionRecord>),
    /// A browser with values of its own.
    Browser {
        /// The hash of its token.
        key: BrowserKey,
        /// When it was last seen.
        seen: Timestamp,
        /// How long it lives afterwards, once its cookie has come back.
        idle: Duration,
        /// How long it lives after it was seen until its cookie comes back; `None` once it has.
        new_idle: Option<Duration>,
        /// The session that is open in it.
        session: Option<SessionHandle>,
    },
    /// A value. Those of one owner come in the order in which they were written.
    Slot {
        /// Which.
        key: SlotKey,
        /// Its bytes.
        value: Arc<[u8]>,
    },
}

/// A session with all that is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRecord {
    /// The hash of its token.
    pub key: SessionKey,
    /// Whose it is.
    pub user: UserId,
    /// Its public name.
    pub handle: SessionHandle,
    /// A short description of the device, if the browser gave one.
    pub device: Option<Arc<str>>,
    /// When it was opened.
    pub opened: Timestamp,
    /// When it was last used, as far as it was written.
    pub seen: Timestamp,
    /// When the user last proved who they are.
    pub authenticated: Timestamp,
    /// How long it lives without activity.
    pub idle: Duration,
    /// When it ends in any case.
    pub ends: Timestamp,
    /// Its cookie is gone when the browser exits.
    pub expire: bool,
}

/// Which record it is, without the values that applications store.
impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Group(name) => f.debug_tuple("Group").field(name).finish(),
            Self::Member { user, group } => f.debug_struct("Member").field("user", user).field("group", group).finish(),
            Self::Session(session) => session.fmt(f),
            Self::Browser { key, .. } => f.debug_struct("Browser").field("key", key).finish_non_exhaustive(),
            Self::Slot { key, .. } => f.debug_struct("Slot").field("key", key).finish_non_exhaustive(),
        }
    }
}

#[cfg(any(feature = "postgres", feature = "redis"))]
impl Record {
    /// Returns an error if the record names a user whose sessions nothing could close.
    pub(crate) fn validate(&self) -> Result<(), crate::store::StoreError> {
        use crate::slots::SlotOwner;
        use crate::store::StoreError;

        let user = match self {
            Self::Member { user, .. } | Self::Slot { key: SlotKey { owner: SlotOwner::User(user), .. }, .. } => user,
            Self::Session(session) => &session.user,
            Self::Group(_) | Self::Browser { .. } | Self::Slot { .. } => return Ok(()),
        };
        user.validate().map_err(|error| StoreError::new(format!("a record cannot be imported: {error}")))
    }
}

/// How many records of each kind there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecordCounts {
    /// Groups.
    pub groups: u64,
    /// Users in groups, each as often as it is in one.
    pub members: u64,
    /// Sessions.
    pub sessions: u64,
    /// Browsers.
    pub browsers: u64,
    /// Values.
    pub slots: u64,
}

impl RecordCounts {
    /// How many records these are.
    ///
    /// ```
    /// use os_session::{Record, RecordCounts};
    ///
    /// let counts = RecordCounts::of(&[Record::Group("staff".into()), Record::Group("admin".into())]);
    /// assert_eq!((counts.groups, counts.total()), (2, 2));
    /// ```
    #[must_use]
    pub fn of(records: &[Record]) -> Self {
        let mut counts = Self::default();
        for record in records {
            *match record {
                Record::Group(_) => &mut counts.groups,
                Record::Member { .. } => &mut counts.members,
                Record::Session(_) => &mut counts.sessions,
                Record::Browser { .. } => &mut counts.browsers,
                Record::Slot { .. } => &mut counts.slots,
            } += 1;
        }
        counts
    }

    /// All of them together.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.groups + self.members + self.sessions + self.browsers + self.slots
    }
}

impl AddAssign for RecordCounts {
    fn add_assign(&mut self, other: Self) {
        self.groups += other.groups;
        self.members += other.members;
        self.sessions += other.sessions;
        self.browsers += other.browsers;
        self.slots += other.slots;
    }
}
