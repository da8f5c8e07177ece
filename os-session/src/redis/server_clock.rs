//! What time it is on the server, as it has last said.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A guess that is corrected when the server says a moment that is far from it: clocks are set, and another server may take over.
pub(super) struct ServerClock {
    began: Instant,
    /// The server's moment at that instant, in milliseconds.
    then: AtomicU64,
}

impl ServerClock {
    /// By what the server has just said.
    pub(super) fn at(moment: u64) -> Self {
        Self { began: Instant::now(), then: AtomicU64::new(moment) }
    }

    /// The server has just said another moment.
    pub(super) fn set(&self, moment: u64) {
        self.then.store(moment.saturating_sub(as_millis(self.began.elapsed())), Ordering::Relaxed);
    }

    /// The server has said a moment by the way, which is right as far as that.
    pub(super) fn correct(&self, moment: u64, as_far_as: Duration) {
        if self.after(Duration::ZERO).abs_diff(moment) > as_millis(as_far_as) {
            self.set(moment);
        }
    }

    /// The server's moment after that time from now.
    pub(super) fn after(&self, time: Duration) -> u64 {
        self.then.load(Ordering::Relaxed).saturating_add(as_millis(self.began.elapsed() + time))
    }
}

fn as_millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_on_from_what_was_said_last() {
        let clock = ServerClock::at(1_000_000);
        assert!((1_003_000..1_004_000).contains(&clock.after(Duration::from_secs(3))));
        clock.set(2_000_000);
        assert!((2_000_000..2_001_000).contains(&clock.after(Duration::ZERO)));
        clock.correct(2_002_000, Duration::from_secs(5));
        assert!(clock.after(Duration::ZERO) < 2_001_000, "near enough");
        for moment in [3_000_000, 0] {
            clock.correct(moment, Duration::from_secs(5));
            assert!((moment..moment + 1000).contains(&clock.after(Duration::ZERO)));
        }
    }
}
