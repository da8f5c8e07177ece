//! Where a store that nodes share may go wrong: each of these is right by itself.

use std::time::Duration;

use os_session::{Change, End, Ended, News};

/// What is done to a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    LogIn,
    /// By a log-in of another in the same browser.
    Replaced,
    /// By a log-in beyond the limit.
    Evicted,
    Touch,
    NewToken,
    LogOut,
    Device,
    Everywhere,
    Elsewhere,
    WithBrowsers,
    /// By a log-out, after its time.
    Expired,
    Joining,
    Leaving,
    Published,
}

impl By {
    /// Whether a caller counts on it that what this takes away is gone everywhere, whoever took it away.
    pub(crate) fn is_revocation(self) -> bool {
        !matches!(self, Self::LogIn | Self::Touch | Self::Published)
    }
}

/// Something that others may have to know.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) by: By,
    pub(crate) change: Change,
    /// Whether there is anything that they have to know.
    pub(crate) is_real: bool,
}

impl Event {
    pub(super) fn real(by: By, change: Change) -> Self {
        Self { by, change, is_real: true }
    }

    pub(super) fn of_log_out(by: By, ended: &Ended) -> Self {
        Self::real(if ended.why == End::Expired { By::Expired } else { by }, Change::Session(ended.handle))
    }

    pub(super) fn of_log_in(ended: &Ended) -> Self {
        let by = if ended.why == End::Replaced { By::Replaced } else { By::Evicted };
        Self { by, change: Change::Session(ended.handle), is_real: ended.why != End::Expired }
    }
}

/// A flaw: what it does differently.
pub(crate) trait NodeFlaw: Send + Sync + 'static {
    const IS_SHARED: bool = true;
    const SAYS_THAT_IT_LISTENS: bool = true;
    const LISTENS_AGAIN: bool = true;
    const CLONES_ARE_OTHERS: bool = false;

    fn tells(event: &Event) -> bool {
        event.is_real
    }

    fn message(changes: Vec<Change>) -> Vec<Change> {
        changes
    }

    fn news(change: Change, is_own: bool) -> Option<News> {
        Some(if is_own { News::OwnChange } else { News::Changed(change) })
    }

    /// Whether a position is there before what happened at it.
    const SHOWS_POSITIONS_EARLY: bool = false;
    const TAKES_OFF_WHO_LEAVES: bool = true;
    const TAKES_OFF_WHO_KNOWS_MORE: bool = false;

    fn logs(event: &Event) -> bool {
        event.is_real && !matches!(event.change, Change::Browser(_))
    }

    /// The position that is waited for: of what was logged, or of the log.
    fn awaited(by: By, logged: Option<u64>, reached: u64) -> Option<u64> {
        logged.or(by.is_revocation().then_some(reached))
    }

    /// Whether a node is waited for that is at that place of the list.
    fn waits_for(_place: usize) -> bool {
        true
    }

    fn lease(lease: Duration) -> Duration {
        lease
    }

    fn removes(found: u64, renewals: u64) -> bool {
        found == renewals
    }

    fn believes(applied: u64, told: u64, reached: u64) -> bool {
        applied <= told && applied <= reached
    }

    /// What a node counts as having applied that says so, and is told all until `reached`.
    fn notes(applied: u64, reached: u64) -> u64 {
        applied.min(reached)
    }

    /// Behind which position a node is told the log.
    fn tells_behind(applied: u64) -> u64 {
        applied
    }

    /// Up to where the log is needed no more.
    fn cut(slowest: u64, _fastest: u64) -> u64 {
        slowest
    }
}

/// No flaw at all.
pub(crate) struct Sound;

impl NodeFlaw for Sound {}
