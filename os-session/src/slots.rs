//! Slots: named values that belong to a session, a user or a browser, and the records of them that cross a store.

use std::borrow::Cow;
use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use crate::handle::SessionHandle;
use crate::token::{BrowserKey, SessionKey, TabKey};
use crate::user::UserId;

/// What values belong to, and with what they end.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SlotOwner {
    /// The live session of that key. Its values survive a new token, and end with the session, however it ends.
    Session(SessionKey),
    /// A user, connected or not. The values stay until they are removed.
    User(UserId),
    /// A browser, connected or not. Its values end when it was not seen for as long as
    /// [`NewBrowser::idle`], or is forgotten, or makes room for another, see [`NewBrowser::most`].
    Browser(BrowserKey),
}

/// Which value: two slots are the same if all three are, the name byte by byte.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SlotKey {
    /// What the value belongs to.
    pub owner: SlotOwner,
    /// Which tab of it, if the value is a tab's.
    pub tab: Option<TabKey>,
    /// Its name, of one character at least.
    pub name: Cow<'static, str>,
}

/// A value as a store has it.
#[derive(Clone, PartialEq, Eq)]
pub struct SlotValue {
    /// Another for each write: no two values that this slot ever had share one.
    pub version: u64,
    /// The bytes, as they were written.
    pub value: Arc<[u8]>,
    /// How long ago the browser that owns it was last seen; zero for other owners.
    pub unseen: Duration,
    /// Whether the cookie of the browser that owns it has come back; `true` for other owners.
    pub came_back: bool,
}

/// How long the value is, and not what it says.
impl fmt::Debug for SlotValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { version, value, unseen, came_back } = self;
        let mut shown = f.debug_struct("SlotValue");
        shown.field("version", version).field("value", &Length(value)).field("unseen", unseen);
        shown.field("came_back", came_back).finish()
    }
}

/// What a slot has to hold for a write to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// Whatever it holds.
    Any,
    /// Nothing.
    Absent,
    /// The value of that version.
    Version(u64),
}

impl Expected {
    /// Whether a slot is as expected, by the version of its value.
    pub(crate) fn is_met_by(self, version: Option<u64>) -> bool {
        match self {
            Self::Any => true,
            Self::Absent => version.is_none(),
            Self::Version(expected) => version == Some(expected),
        }
    }
}

/// A write to a slot, compared and done in one step.
#[derive(Clone, PartialEq, Eq)]
pub struct SlotWrite {
    /// What the slot has to hold before.
    pub expected: Expected,
    /// What it holds afterwards. `None` removes.
    pub value: Option<Arc<[u8]>>,
    /// How many values its owner may have.
    pub limits: SlotLimits,
    /// For a slot of a browser: makes the browser, if it is not there and there is a value to write.
    pub new_browser: Option<NewBrowser>,
    /// For a slot of a browser: the request came with the browser's cookie. A write that is done
    /// notes that the cookie has come back.
    pub came_back: bool,
}

/// How long the value is, and not what it says.
impl fmt::Debug for SlotWrite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { expected, value, limits, new_browser, came_back } = self;
        let mut shown = f.debug_struct("SlotWrite");
        shown.field("expected", expected).field("value", &value.as_deref().map(Length)).field("limits", limits);
        shown.field("new_browser", new_browser).field("came_back", came_back).finish()
    }
}

/// How many values an owner may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlotLimits {
    /// In each of its tabs, and beside them.
    pub slots: NonZeroU32,
    /// How many tabs may have values.
    pub tabs: NonZeroU32,
}

/// A browser about to be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewBrowser {
    /// How long it lives after it was last seen, once its cookie has come back.
    pub idle: Duration,
    /// How long it lives after it was last seen until then. With `None` its cookie counts as one
    /// that has come back: a user is logged in.
    pub new_idle: Option<Duration>,
    /// How many browsers the store keeps, this one included. For one more, others are removed with
    /// their slots: first those whose cookie never came back, then those that came back, and of
    /// each the least recently seen first. Never this one.
    pub most: NonZeroU32,
    /// The session that is open in it.
    pub session: Option<SessionHandle>,
}

/// How many browsers make room for one at most. More are in the way only where [`NewBrowser::most`]
/// was lowered; then each new browser removes so many, and no write takes long.
pub(crate) const EVICTED_AT_ONCE: u32 = 1000;

/// What became of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlotWritten {
    /// The slot holds the value, under this version.
    Written(u64),
    /// The slot holds nothing, as it may have before.
    Removed,
    /// The slot did not hold what was expected. Nothing changed.
    Conflict,
    /// There is no such session or browser, or none that is live. Nothing changed.
    NoOwner,
    /// It would have been one value more than [`SlotLimits::slots`]. Nothing changed.
    TooManySlots,
}

/// Bytes that are counted and not shown.
struct Length<'a>(&'a [u8]);

impl fmt::Debug for Length<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}
