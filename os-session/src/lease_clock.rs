//! The clock by which leases are counted: it runs while the process is stopped, and while the machine sleeps.

use std::time::Duration;

/// Moments since some fixed one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LeaseClock {
    #[cfg(not(unix))]
    began: std::time::Instant,
}

impl LeaseClock {
    pub(crate) fn new() -> Self {
        Self {
            #[cfg(not(unix))]
            began: std::time::Instant::now(),
        }
    }

    #[cfg(unix)]
    #[expect(clippy::unused_self, reason = "elsewhere it has a beginning")]
    pub(crate) fn now(self) -> Duration {
        use rustix::time::{ClockId, clock_gettime};

        // Linux has one that counts sleep; elsewhere the monotonic one does.
        #[cfg(any(target_os = "linux", target_os = "android"))]
        const CLOCK: ClockId = ClockId::Boottime;
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        const CLOCK: ClockId = ClockId::Monotonic;

        let now = clock_gettime(CLOCK);
        Duration::new(u64::try_from(now.tv_sec).unwrap_or_default(), u32::try_from(now.tv_nsec).unwrap_or_default())
    }

    #[cfg(not(unix))]
    pub(crate) fn now(self) -> Duration {
        self.began.elapsed()
    }
}
