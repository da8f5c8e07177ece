//! Rows of the file as the records of a store, and back.

use std::sync::Arc;
use std::time::Duration;

use rusqlite::types::Type;
use rusqlite::{Connection, Error, Row};

use crate::clock::Timestamp;
use crate::group::GroupSet;
use crate::store::{End, Ended, Found, Listed, SessionHandle};
use crate::token::SessionKey;
use crate::user::UserId;

/// The newest format of a row that this release reads, and the one that it writes.
pub(super) const FORMAT: i64 = 1;

/// From here on a moment is never, and a duration for ever. Half of what a column holds, so that a sum fits as well.
const NEVER: i64 = i64::MAX / 2;

/// A session as it is kept warm, with its user's groups.
#[derive(Debug, Clone)]
pub(super) struct Session {
    user: UserId,
    handle: SessionHandle,
    opened: Timestamp,
    seen: Timestamp,
    authenticated: Timestamp,
    ends: Timestamp,
    expires: Timestamp,
    browser: bool,
    groups: GroupSet,
}

impl Session {
    /// What is told of it at that moment: nothing once it expired.
    pub(super) fn found(self, now: Timestamp) -> Option<Found> {
        (now < self.expires).then_some(Found {
            user: self.user,
            handle: self.handle,
            opened: self.opened,
            seen: self.seen,
            authenticated: self.authenticated,
            ends: self.ends,
            expires: self.expires,
            expire: self.browser,
            now,
            groups: self.groups,
        })
    }
}

/// What stands under a key.
#[derive(Debug)]
pub(super) enum Stored {
    Session(Session),
    /// The row with that `id` is of a newer format, or damaged.
    Unreadable(i64, String),
    Nothing,
}

/// The session of that key with its user's groups, from one statement: both at one moment.
pub(super) fn stored(connection: &Connection, key: &SessionKey) -> rusqlite::Result<Stored> {
    // Not by a join: SQLite would plan it anew each time, for twice the cost of the read.
    let mut statement = connection.prepare_cached(
        "SELECT format, id, user, handle, opened, seen, authenticated, ends, expires, browser,
                (SELECT json_group_array(name) FROM os_session_members m WHERE m.user = s.user)
         FROM os_session_sessions s WHERE key = ?1",
    )?;
    let mut rows = statement.query([key.as_bytes()])?;
    Ok(match rows.next()? {
        None => Stored::Nothing,
        Some(row) => match readable(row, session)? {
            Ok(session) => Stored::Session(session),
            Err(why) => Stored::Unreadable(row.get(1)?, why),
        },
    })
}

/// The user's live sessions, the most recently seen first, without rows that cannot be read.
pub(super) fn listed(connection: &Connection, user: &UserId, now: Timestamp) -> rusqlite::Result<Vec<Listed>> {
    let mut statement = connection.prepare_cached(
        "SELECT format, key, handle, device, opened, seen FROM os_session_sessions
         WHERE user = ?1 AND expires > ?2 ORDER BY seen DESC, id DESC",
    )?;
    let mut rows = statement.query((user.as_str(), moment(now)))?;
    let mut listed = Vec::new();
    while let Some(row) = rows.next()? {
        listed.extend(readable(row, |row| {
            Ok(Listed {
                key: SessionKey::from_bytes(row.get(1)?),
                handle: handle(row, 2)?,
                device: row.get::<_, Option<String>>(3)?.map(Arc::from),
                opened: timestamp(row, 4)?,
                seen: timestamp(row, 5)?,
            })
        })?);
    }
    Ok(listed)
}

/// What is read of a row that is being deleted.
pub(super) const OF_THE_ENDED: &str = "expires, user, handle, key";

/// A row that is being deleted, [`OF_THE_ENDED`]: the key that opens nothing any more, and the end to tell of; `why` if it was live.
pub(super) fn ended(row: &Row<'_>, why: End, now: Timestamp) -> rusqlite::Result<(Option<SessionKey>, Ended)> {
    let live = row.get::<_, i64>(0)? > moment(now);
    let why = if live { why } else { End::Expired };
    let ended = Ended { user: user(row, 1)?, handle: handle(row, 2)?, why };
    Ok((row.get(3).ok().map(SessionKey::from_bytes), ended))
}

pub(super) fn all_groups(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare_cached("SELECT name FROM os_session_groups ORDER BY name")?;
    statement.query_map([], |row| row.get(0))?.collect()
}

pub(super) fn is_member(connection: &Connection, user: &UserId, group: &str) -> rusqlite::Result<bool> {
    let mut statement = connection.prepare_cached("SELECT 1 FROM os_session_members WHERE user = ?1 AND name = ?2")?;
    statement.exists((user.as_str(), group))
}

fn session(row: &Row<'_>) -> rusqlite::Result<Session> {
    Ok(Session {
        user: user(row, 2)?,
        handle: handle(row, 3)?,
        opened: timestamp(row, 4)?,
        seen: timestamp(row, 5)?,
        authenticated: timestamp(row, 6)?,
        ends: timestamp(row, 7)?,
        expires: timestamp(row, 8)?,
        browser: row.get(9)?,
        groups: groups(row, 10)?,
    })
}

/// From a JSON array.
fn groups(row: &Row<'_>, column: usize) -> rusqlite::Result<GroupSet> {
    match row.get_ref(column)?.as_str()? {
        "[]" => Ok(GroupSet::default()),
        names => {
            let names: Vec<String> = serde_json::from_str(names)
                .map_err(|error| Error::FromSqlConversionFailure(column, Type::Text, error.into()))?;
            Ok(names.into_iter().collect())
        }
    }
}

/// What `read` makes of a row whose first column tells our format, or why it can make nothing of it: a failure of the file is an error all the same.
fn readable<T>(
    row: &Row<'_>,
    read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Result<T, String>> {
    let format: i64 = row.get(0)?;
    if format != FORMAT {
        return Ok(Err(format!("it is of format {format}")));
    }
    match read(row) {
        Ok(record) => Ok(Ok(record)),
        Err(failure @ Error::SqliteFailure(..)) => Err(failure),
        Err(damage) => Ok(Err(damage.to_string())),
    }
}

/// A moment as a column holds it.
pub(super) fn moment(timestamp: Timestamp) -> i64 {
    i64::try_from(timestamp.as_millis()).unwrap_or(NEVER).min(NEVER)
}

/// A duration as a column holds it.
pub(super) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(NEVER).min(NEVER)
}

// Columns go by number: looked up by name, they would take twice as long as the rest of the read.

pub(super) fn timestamp(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    let millis: i64 = row.get(column)?;
    if millis >= NEVER {
        return Ok(Timestamp::from_millis(u64::MAX));
    }
    let millis = u64::try_from(millis).map_err(|_| Error::IntegralValueOutOfRange(column, millis))?;
    Ok(Timestamp::from_millis(millis))
}

pub(super) fn user(row: &Row<'_>, column: usize) -> rusqlite::Result<UserId> {
    Ok(UserId::from(row.get_ref(column)?.as_str()?))
}

/// All 64 bits are in use; the first of them reads as a sign.
pub(super) fn handle(row: &Row<'_>, column: usize) -> rusqlite::Result<SessionHandle> {
    Ok(SessionHandle::from_u64(row.get::<_, i64>(column)?.cast_unsigned()))
}
