//! Which sessions this process has met, for `on_resume_session`.

use std::collections::HashMap;
use std::sync::{MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::hook::{self, EventKind};
use crate::sessions::Sessions;
use crate::store::SessionHandle;

/// Nothing is kept where no such hook is linked in.
impl Sessions {
    /// Whether this process meets the session for the first time.
    pub(crate) fn note_resumed(&self, handle: SessionHandle) -> bool {
        if !hook::any(&[EventKind::ResumeSession]) {
            return false;
        }
        let config = &self.0.config;
        let longest: Duration = config.persistent.absolute.max(config.browser.absolute);
        self.resumed().insert(handle, Instant::now() + longest).is_none()
    }

    pub(crate) fn forget_resumed(&self, handle: SessionHandle) {
        if hook::any(&[EventKind::ResumeSession]) {
            self.resumed().remove(&handle);
        }
    }

    pub(crate) fn prune_resumed(&self) {
        let now = Instant::now();
        self.resumed().retain(|_, until| *until > now);
    }

    fn resumed(&self) -> MutexGuard<'_, HashMap<SessionHandle, Instant>> {
        self.0.resumed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
