//! Rows of the file as the records of a store, and back.

use std::sync::Arc;
use std::time::Duration;

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
    let mut statement = connection.prepare_cached(
        "SELECT id, format, user, handle, opened, seen, authenticated, ends, expires, browser, name
         FROM os_session_sessions LEFT JOIN os_session_members USING (user) WHERE key = ?1",
    )?;
    let mut rows = statement.query([key.as_bytes()])?;
    let mut stored = Stored::Nothing;
    let mut names: Vec<String> = Vec::new();
    // One row a group, or one without.
    while let Some(row) = rows.next()? {
        if let Stored::Nothing = stored {
            stored = match readable(row, session)? {
                Ok(session) => Stored::Session(session),
                Err(why) => return Ok(Stored::Unreadable(row.get("id")?, why)),
            };
        }
        names.extend(row.get::<_, Option<String>>("name")?);
    }
    if let Stored::Session(session) = &mut stored {
        session.groups = names.into_iter().collect();
    }
    Ok(stored)
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
                key: SessionKey::from_bytes(row.get("key")?),
                handle: SessionHandle::from_u64(row.get::<_, i64>("handle")?.cast_unsigned()),
                device: row.get::<_, Option<String>>("device")?.map(Arc::from),
                opened: timestamp(row, "opened")?,
                seen: timestamp(row, "seen")?,
            })
        })?);
    }
    Ok(listed)
}

/// A row that is being deleted: the key that opens nothing any more, and the end to tell of. `why` it was deleted if it was live.
pub(super) fn ended(row: &Row<'_>, why: End, now: Timestamp) -> rusqlite::Result<(Option<SessionKey>, Ended)> {
    let live = row.get::<_, i64>("expires")? > moment(now);
    let ended = Ended {
        user: user(row)?,
        handle: SessionHandle::from_u64(row.get::<_, i64>("handle")?.cast_unsigned()),
        why: if live { why } else { End::Expired },
    };
    Ok((row.get("key").ok().map(SessionKey::from_bytes), ended))
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
        user: user(row)?,
        handle: SessionHandle::from_u64(row.get::<_, i64>("handle")?.cast_unsigned()),
        opened: timestamp(row, "opened")?,
        seen: timestamp(row, "seen")?,
        authenticated: timestamp(row, "authenticated")?,
        ends: timestamp(row, "ends")?,
        expires: timestamp(row, "expires")?,
        browser: row.get("browser")?,
        groups: GroupSet::default(),
    })
}

fn user(row: &Row<'_>) -> rusqlite::Result<UserId> {
    Ok(UserId::from(row.get_ref("user")?.as_str()?))
}

/// What `read` makes of a row of our format, or why it can make nothing of it: a failure of the file is an error all the same.
fn readable<T>(
    row: &Row<'_>,
    read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Result<T, String>> {
    let format: i64 = row.get("format")?;
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

fn timestamp(row: &Row<'_>, column: &str) -> rusqlite::Result<Timestamp> {
    let millis: i64 = row.get(column)?;
    if millis >= NEVER {
        return Ok(Timestamp::from_millis(u64::MAX));
    }
    let millis = u64::try_from(millis).map_err(|_| Error::IntegralValueOutOfRange(0, millis))?;
    Ok(Timestamp::from_millis(millis))
}
