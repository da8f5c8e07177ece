//! What went wrong, in words that may be logged.

use std::error::Error as _;
use std::time::Duration;

use deadpool_postgres::PoolError;

use crate::store::StoreError;

/// An error of the server or of the way to it. The server's `detail` is left out, since it quotes what a row holds.
pub(super) fn failed(error: &tokio_postgres::Error) -> StoreError {
    if let Some(answer) = error.as_db_error() {
        return StoreError::new(format!("PostgreSQL answered {}: {}", answer.code().code(), answer.message()));
    }
    match error.source() {
        // What the driver says of a server that is not writable, as it was told to look for one.
        Some(cause) if cause.to_string() == "database does not allow writes" => StoreError::new(
            "this PostgreSQL does not allow writes, as a standby does not: its data may be stale, and it can revoke nothing; name the primary, \
             or several hosts with commas between them, of which the primary is found",
        ),
        Some(cause) => StoreError::new(format!("PostgreSQL cannot be reached: {error}: {cause}")),
        None => StoreError::new(format!("PostgreSQL cannot be reached: {error}")),
    }
}

pub(super) fn no_connection(error: PoolError) -> StoreError {
    match error {
        PoolError::Backend(error) => failed(&error),
        other => StoreError::new(format!("no connection to PostgreSQL: {other}")),
    }
}

/// At a start, where somebody may have written the wrong address.
pub(super) fn no_connection_to(hosts: &str, deadline: Duration, error: PoolError) -> StoreError {
    let error = match error {
        PoolError::Timeout(_) => too_slow(deadline),
        error => no_connection(error),
    };
    StoreError::new(format!("{error} (at {hosts})"))
}

pub(super) fn too_slow(deadline: Duration) -> StoreError {
    StoreError::new(format!("PostgreSQL did not answer within {deadline:?}"))
}

pub(super) fn all_in_use(deadline: Duration) -> StoreError {
    StoreError::new(format!("no connection to PostgreSQL was free or could be made within {deadline:?}"))
}
