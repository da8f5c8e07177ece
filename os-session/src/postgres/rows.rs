//! What rows mean, and numbers as PostgreSQL keeps them: it has no unsigned ones.

use std::time::Duration;

use tokio_postgres::Row;
use tokio_postgres::types::FromSql;

use crate::change::Change;
use crate::clock::Timestamp;
use crate::group::GroupSet;
use crate::lease::{NodeBehind, Renewal};
use crate::store::{
    End, Ended, Expected, Found, Inserted, Listed, SessionHandle, SlotKey, SlotValue, SlotWritten, StoreError,
};
use crate::token::{SessionKey, TabKey};
use crate::user::UserId;

/// How this release writes rows.
const FORMAT: i16 = 1;

/// A row that this release cannot use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unusable {
    #[error("a newer release wrote it, in format {0}")]
    Newer(i16),
    #[error("it is damaged: its {0} cannot be")]
    Damaged(&'static str),
}

/// A row that this release cannot use, and its name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unread {
    pub(super) handle: SessionHandle,
    pub(super) why: Unusable,
}

/// A duration in whole milliseconds; what is longer than PostgreSQL can count counts as for ever.
pub(super) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// How far a clock was turned, so that the sum with any present moment is still a moment.
pub(super) fn turned(duration: Duration) -> i64 {
    millis(duration).min(i64::MAX / 2)
}

pub(super) fn moment(timestamp: Timestamp) -> i64 {
    i64::try_from(timestamp.as_millis()).unwrap_or(i64::MAX)
}

/// The bits of a handle, as a signed number.
pub(super) fn handle(handle: SessionHandle) -> i64 {
    handle.as_u64().cast_signed()
}

/// A text that PostgreSQL can keep.
pub(super) fn text<'a>(what: &str, text: &'a str) -> Result<&'a str, StoreError> {
    if text.contains('\0') {
        return Err(StoreError::new(format!("PostgreSQL keeps no text with a NUL character, and the {what} has one")));
    }
    Ok(text)
}

/// The value of a column. A table of another make is an error, never a panic.
fn column<'a, T: FromSql<'a>>(row: &'a Row, name: &str) -> Result<T, StoreError> {
    row.try_get(name).map_err(|_| StoreError::new(format!("PostgreSQL answered with no usable column `{name}`")))
}

fn handle_of(row: &Row) -> Result<SessionHandle, StoreError> {
    Ok(SessionHandle::from_u64(column::<i64>(row, "handle")?.cast_unsigned()))
}

fn timestamp(number: i64, what: &'static str) -> Result<Timestamp, Unusable> {
    match u64::try_from(number) {
        // What lasts for ever here does so elsewhere.
        Ok(_) if number == i64::MAX => Ok(Timestamp::from_millis(u64::MAX)),
        Ok(millis) => Ok(Timestamp::from_millis(millis)),
        Err(_) => Err(Unusable::Damaged(what)),
    }
}

fn known_format(row: &Row) -> Result<Result<(), Unusable>, StoreError> {
    Ok(match column::<i16>(row, "format")? {
        FORMAT => Ok(()),
        newer if newer > FORMAT => Err(Unusable::Newer(newer)),
        _ => Err(Unusable::Damaged("format")),
    })
}

pub(super) fn found(row: &Row) -> Result<Result<Found, Unread>, StoreError> {
    let handle = handle_of(row)?;
    let numbers = (
        column(row, "opened")?,
        column(row, "seen")?,
        column(row, "authenticated")?,
        column(row, "ends")?,
        column(row, "expires")?,
        column(row, "now")?,
    );
    let user: &str = column(row, "user_id")?;
    let expire = column(row, "expire")?;
    let groups: Vec<&str> = column(row, "groups")?;
    let known = known_format(row)?;

    let read = || -> Result<Found, Unusable> {
        known?;
        let (opened, seen, authenticated, ends, expires, now) = numbers;
        Ok(Found {
            user: UserId::from(user),
            handle,
            opened: timestamp(opened, "moment of opening")?,
            seen: timestamp(seen, "last use")?,
            authenticated: timestamp(authenticated, "moment of authentication")?,
            ends: timestamp(ends, "end")?,
            expires: timestamp(expires, "expiry")?,
            expire,
            now: timestamp(now, "present moment")?,
            groups: groups.iter().collect::<GroupSet>(),
        })
    };
    Ok(read().map_err(|why| Unread { handle, why }))
}

pub(super) fn listed(row: &Row) -> Result<Result<Listed, Unread>, StoreError> {
    let handle = handle_of(row)?;
    let key: &[u8] = column(row, "key")?;
    let numbers = (column(row, "opened")?, column(row, "seen")?);
    let device: Option<&str> = column(row, "device")?;
    let known = known_format(row)?;

    let read = || -> Result<Listed, Unusable> {
        known?;
        let key = key.try_into().map_err(|_| Unusable::Damaged("key"))?;
        Ok(Listed {
            key: SessionKey::from_bytes(key),
            handle,
            device: device.map(Into::into),
            opened: timestamp(numbers.0, "moment of opening")?,
            seen: timestamp(numbers.1, "last use")?,
        })
    };
    Ok(read().map_err(|why| Unread { handle, why }))
}

fn closed_or_expired(row: &Row) -> Result<End, StoreError> {
    Ok(if column(row, "expired")? { End::Expired } else { End::Closed })
}

/// A session of anybody that was closed, if there was one.
pub(super) fn closed(row: &Row) -> Result<Option<Ended>, StoreError> {
    match column::<Option<&str>>(row, "user_id")? {
        Some(user) => closed_of(&user.into(), row),
        None => Ok(None),
    }
}

/// A session of this user that was closed, if there was one.
pub(super) fn closed_of(user: &UserId, row: &Row) -> Result<Option<Ended>, StoreError> {
    let Some(handle) = column::<Option<i64>>(row, "handle")? else { return Ok(None) };
    let handle = SessionHandle::from_u64(handle.cast_unsigned());
    Ok(Some(Ended { user: user.clone(), handle, why: closed_or_expired(row)? }))
}

/// All sessions of this user that were closed.
pub(super) fn all_closed_of(user: &UserId, row: &Row) -> Result<Vec<Ended>, StoreError> {
    let handles: Vec<i64> = column(row, "closed_handles")?;
    let expired: Vec<bool> = column(row, "were_expired")?;
    let ended = handles.into_iter().zip(expired).map(|(handle, expired)| Ended {
        user: user.clone(),
        handle: SessionHandle::from_u64(handle.cast_unsigned()),
        why: if expired { End::Expired } else { End::Closed },
    });
    Ok(ended.collect())
}

pub(super) fn joined_at(row: &Row) -> Result<u64, StoreError> {
    Ok(column::<i64>(row, "joined_at")?.cast_unsigned())
}

/// What a node is told that renews its lease; `None` if it is not on the list.
pub(super) fn renewal(row: &Row) -> Result<Option<Renewal>, StoreError> {
    if !column(row, "known")? {
        return Ok(None);
    }
    let reached = column::<i64>(row, "reached")?.cast_unsigned();
    if column(row, "is_too_much")? {
        return Ok(Some(Renewal { reached, revoked: vec![Change::Everything] }));
    }
    let handles: Vec<i64> = column(row, "handles")?;
    let users: Vec<&str> = column(row, "users")?;
    let sessions = handles.into_iter().map(|handle| Change::Session(SessionHandle::from_u64(handle.cast_unsigned())));
    let groups = users.into_iter().map(|user| Change::Groups(user.into()));
    Ok(Some(Renewal { reached, revoked: sessions.chain(groups).collect() }))
}

pub(super) fn node_behind(row: &Row) -> Result<NodeBehind, StoreError> {
    Ok(NodeBehind {
        node: column(row, "node")?,
        renewals: column::<i64>(row, "renewals")?.cast_unsigned(),
        lease: Duration::from_millis(u64::try_from(column::<i64>(row, "lease")?).unwrap_or_default()),
    })
}

/// The sessions that a purge ended, and how many browsers it removed.
pub(super) fn purged(row: &Row) -> Result<(Vec<Ended>, i64), StoreError> {
    let users: Vec<&str> = column(row, "users")?;
    let handles: Vec<i64> = column(row, "handles")?;
    let ended = users.into_iter().zip(handles).map(|(user, handle)| Ended {
        user: user.into(),
        handle: SessionHandle::from_u64(handle.cast_unsigned()),
        why: End::Expired,
    });
    Ok((ended.collect(), column(row, "browsers")?))
}

pub(super) fn inserted(row: &Row) -> Result<Inserted, StoreError> {
    if !column::<bool>(row, "opened")? {
        return Ok(Inserted::Full);
    }
    let users: Vec<&str> = column(row, "ended_users")?;
    let handles: Vec<i64> = column(row, "ended_handles")?;
    let reasons: Vec<i16> = column(row, "ended_reasons")?;
    let ended = users.into_iter().zip(handles).zip(reasons).map(|((user, handle), reason)| Ended {
        user: user.into(),
        handle: SessionHandle::from_u64(handle.cast_unsigned()),
        why: match reason {
            1 => End::Replaced,
            2 => End::Evicted,
            _ => End::Expired,
        },
    });
    Ok(Inserted::Opened(ended.collect()))
}

pub(super) fn truth(row: &Row, name: &str) -> Result<bool, StoreError> {
    column(row, name)
}

pub(super) fn number(row: &Row, name: &str) -> Result<i64, StoreError> {
    column(row, name)
}

/// The position of the log that nodes have to apply before this is over everywhere, if there are such nodes.
pub(super) fn awaited(row: &Row) -> Result<Option<u64>, StoreError> {
    Ok(column::<Option<i64>>(row, "awaited")?.map(i64::cast_unsigned))
}

pub(super) fn name(row: &Row) -> Result<String, StoreError> {
    column(row, "name")
}

pub(super) fn slot(row: &Row) -> Result<SlotValue, StoreError> {
    let unseen: i64 = column(row, "unseen")?;
    Ok(SlotValue {
        version: column::<i64>(row, "version")?.cast_unsigned(),
        value: column::<&[u8]>(row, "value")?.into(),
        unseen: Duration::from_millis(u64::try_from(unseen).unwrap_or_default()),
        came_back: column(row, "came_back")?,
    })
}

/// No tab is an empty one.
pub(super) fn tab(key: &SlotKey) -> &[u8] {
    key.tab.as_ref().map_or(&[], |tab: &TabKey| tab.as_bytes())
}

/// What is expected, and of which version.
pub(super) fn expected(expected: Expected) -> (i16, Option<i64>) {
    match expected {
        Expected::Any => (0, None),
        Expected::Absent => (1, None),
        Expected::Version(version) => (2, Some(version.cast_signed())),
    }
}

pub(super) fn written(row: &Row) -> Result<SlotWritten, StoreError> {
    Ok(match column::<i16>(row, "outcome")? {
        0 => SlotWritten::Written(column::<i64>(row, "written")?.cast_unsigned()),
        1 => SlotWritten::Removed,
        2 => SlotWritten::Conflict,
        3 => SlotWritten::NoOwner,
        _ => SlotWritten::TooManySlots,
    })
}

/// Whether the browser that was removed, if there was one, was live.
pub(super) fn forgotten(rows: &[Row]) -> Result<bool, StoreError> {
    rows.first().map_or(Ok(false), |row| column(row, "live"))
}
