//! What went wrong, in words that may be logged.

use std::time::Duration;

use redis::{ConnectionInfo, ErrorKind, RedisError};

use crate::store::StoreError;

/// An error of the server or of the way to it.
pub(super) fn failed(error: &RedisError) -> StoreError {
    if error.kind() == ErrorKind::AuthenticationFailed {
        return StoreError::new("Redis does not accept the user name or the password");
    }
    let Some(code) = error.code() else {
        return StoreError::new(format!("Redis cannot be reached: {error}"));
    };
    // What was sent is quoted behind the words, and is nothing for a log.
    let detail = error.detail().unwrap_or_default();
    let detail = detail.split(", with args").next().unwrap_or_default();
    match code {
        "READONLY" => StoreError::new("Redis answered READONLY: it is a replica, whose data may be stale"),
        "MOVED" => StoreError::new("Redis answered MOVED: the sessions are on another node, which cannot be reached"),
        "ASK" | "TRYAGAIN" => StoreError::new(format!(
            "Redis answered {code}: the sessions are on their way to another node of the cluster"
        )),
        code => StoreError::new(format!("Redis answered {code}: {detail}")),
    }
}

/// At a start, where somebody may have written the wrong address.
pub(super) fn at<'a>(servers: impl IntoIterator<Item = &'a ConnectionInfo>, error: &StoreError) -> StoreError {
    let servers: Vec<_> = servers.into_iter().map(|info| info.addr().to_string()).collect();
    StoreError::new(format!("{error} (at {})", servers.join(", ")))
}

pub(super) fn too_slow(deadline: Duration) -> StoreError {
    StoreError::new(format!("Redis did not answer within {deadline:?}"))
}

pub(super) fn no_connection(deadline: Duration) -> StoreError {
    StoreError::new(format!("no connection to Redis could be made within {deadline:?}"))
}
