//! What stores of this crate do alike.

#[cfg(any(feature = "postgres", feature = "redis"))]
use std::time::Duration;

use super::{Ended, StoreError};

/// Sessions that a purge has ended are told of, although it failed before the last: their close hooks would run never.
pub(crate) fn ended_so_far(ended: Vec<Ended>, error: StoreError) -> Result<Vec<Ended>, StoreError> {
    if ended.is_empty() {
        return Err(error);
    }
    tracing::warn!(%error, "a purge failed after {} sessions; the next one goes on", ended.len());
    Ok(ended)
}

/// An operation takes no time, or so much that a moment that far away cannot be told.
#[cfg(any(feature = "postgres", feature = "redis"))]
pub(crate) fn check_deadline(deadline: Duration) -> Result<(), StoreError> {
    if !(Duration::from_millis(1)..=Duration::from_hours(1)).contains(&deadline) {
        return Err(StoreError::new(format!("`deadline` must be at least 1ms and at most an hour, got {deadline:?}")));
    }
    Ok(())
}
