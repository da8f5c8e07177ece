//! Time, as a store tells it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A moment in milliseconds since the Unix epoch, by the clock of a store.
///
/// Every moment of a session is told by its store, so that nodes whose clocks disagree agree about sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The moment that many milliseconds after the Unix epoch.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// How long ago `earlier` was, zero if it is yet to come.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.millis_since(earlier))
    }

    /// The same in milliseconds, as moments are compared on the way of every request.
    pub(crate) const fn millis_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The moment that much later.
    #[must_use]
    pub fn after(self, duration: Duration) -> Self {
        let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(millis))
    }
}

impl From<Timestamp> for SystemTime {
    fn from(timestamp: Timestamp) -> Self {
        UNIX_EPOCH + Duration::from_millis(timestamp.0)
    }
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        let since_epoch = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(0).after(since_epoch)
    }
}

/// The clock of a store that has none of its own: the system's, made monotonic, and a test can turn it.
///
/// A step of the system's clock while the process runs neither ends a session nor lengthens one.
///
/// ```
/// use std::time::Duration;
/// use os_session::testing::Clock;
///
/// let clock = Clock::new();
/// let before = clock.now();
/// clock.advance(Duration::from_secs(3600));
/// assert!(clock.now().since(before) >= Duration::from_secs(3600));
/// ```
#[derive(Debug, Clone)]
pub struct Clock {
    started: Instant,
    started_at: Timestamp,
    turned: Arc<AtomicU64>,
}

impl Clock {
    /// A clock that shows the system's time.
    #[must_use]
    pub fn new() -> Self {
        Self { started: Instant::now(), started_at: SystemTime::now().into(), turned: Arc::default() }
    }

    /// The present moment.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.started_at.after(self.started.elapsed() + self.turned())
    }

    /// Turns this clock, and every clone of it, forward by `duration`, in whole milliseconds.
    pub fn advance(&self, duration: Duration) {
        let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        let _turned = self
            .turned
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |turned| Some(turned.saturating_add(millis)));
    }

    /// How far this clock was turned: what a store that asks a database for the time adds to its answer.
    #[must_use]
    pub fn turned(&self) -> Duration {
        Duration::from_millis(self.turned.load(Ordering::Relaxed))
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}
