//! What a script's answer means, and numbers as scripts can count them: exactly below 2^53.

use std::collections::VecDeque;
use std::time::Duration;

use redis::Value;

use crate::change::Change;
use crate::clock::Timestamp;
use crate::group::GroupSet;
use crate::lease::{NodeBehind, Renewal};
use crate::store::{
    End, Ended, Expected, Found, Inserted, Listed, SessionHandle, SlotKey, SlotValue, SlotWritten, StoreError,
};
use crate::token::{SessionKey, TabKey};

/// How this release writes records.
const FORMAT: u64 = 1;

/// What lasts so long lasts for ever.
const FOREVER: u64 = (1 << 53) - 1;

/// A record that this release cannot use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unusable {
    #[error("a newer release wrote it, in format {0}")]
    Newer(u64),
    #[error("it is damaged: its {0} cannot be")]
    Damaged(&'static str),
}

/// A record that this release cannot use, and its name if it has one.
#[derive(Debug, Clone)]
pub(super) struct Unread {
    pub(super) handle: Option<SessionHandle>,
    pub(super) why: Unusable,
}

/// A duration in whole milliseconds.
pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX).min(FOREVER)
}

/// How far a clock was turned, so that the sum with any present moment is still before the end of time.
pub(super) fn turned(duration: Duration) -> u64 {
    millis(duration).min(FOREVER / 2)
}

pub(super) fn moment(timestamp: Timestamp) -> u64 {
    timestamp.as_millis().min(FOREVER)
}

/// No tab is an empty one.
pub(super) fn tab(key: &SlotKey) -> &[u8] {
    key.tab.as_ref().map_or(&[], |tab: &TabKey| tab.as_bytes())
}

pub(super) fn expected(expected: Expected) -> String {
    match expected {
        Expected::Any => String::new(),
        Expected::Absent => "-".to_owned(),
        Expected::Version(version) => version.to_string(),
    }
}

fn strange() -> StoreError {
    StoreError::new("Redis answered with something that none of the scripts says")
}

/// What an array holds, taken from its beginning.
struct Parts(VecDeque<Value>);

impl Parts {
    fn of(value: Value) -> Result<Self, StoreError> {
        match value {
            Value::Array(parts) => Ok(Self(parts.into())),
            _ => Err(strange()),
        }
    }

    fn next(&mut self) -> Result<Value, StoreError> {
        self.0.pop_front().ok_or_else(strange)
    }

    /// The next, which may be nothing.
    fn bytes(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
        bytes(self.next()?)
    }

    fn number(&mut self) -> Result<u64, StoreError> {
        number(&self.next()?)
    }

    fn rest(self) -> impl Iterator<Item = Value> {
        self.0.into_iter()
    }
}

fn bytes(value: Value) -> Result<Option<Vec<u8>>, StoreError> {
    match value {
        Value::BulkString(bytes) => Ok(Some(bytes)),
        Value::Nil => Ok(None),
        _ => Err(strange()),
    }
}

fn number(value: &Value) -> Result<u64, StoreError> {
    match *value {
        Value::Int(number) => u64::try_from(number).map_err(|_| strange()),
        _ => Err(strange()),
    }
}

/// What a script answers, and the position that nodes have to apply before that is over everywhere.
pub(super) fn concluded(value: Value) -> Result<(Value, Option<u64>), StoreError> {
    let mut parts = Parts::of(value)?;
    let (answer, awaited) = (parts.next()?, parts.next()?);
    Ok((answer, if is_nothing(&awaited) { None } else { Some(number(&awaited)?) }))
}

pub(super) fn count(value: &Value) -> Result<u64, StoreError> {
    number(value)
}

/// A position in the log.
pub(super) fn position(value: &Value) -> Result<u64, StoreError> {
    number(value)
}

/// What a node is told that renews its lease; `None` if it is not on the list.
pub(super) fn renewal(value: Value) -> Result<Option<Renewal>, StoreError> {
    if is_nothing(&value) {
        return Ok(None);
    }
    let mut parts = Parts::of(value)?;
    let (reached, is_too_much) = (parts.number()?, parts.number()? != 0);
    if is_too_much {
        return Ok(Some(Renewal { reached, revoked: vec![Change::Everything] }));
    }
    let mut revoked = Vec::new();
    for entry in names(parts.next()?)? {
        // The first is the position.
        revoked.extend(entry.split(' ').skip(1).map(Change::from_word));
    }
    Ok(Some(Renewal { reached, revoked }))
}

/// The nodes that have not applied a position.
pub(super) fn nodes_behind(value: Value) -> Result<Vec<NodeBehind>, StoreError> {
    let node = |part| {
        let mut part = Parts::of(part)?;
        let node = part.bytes()?.and_then(|name| String::from_utf8(name).ok()).ok_or_else(strange)?;
        Ok(NodeBehind { node, renewals: part.number()?, lease: Duration::from_millis(part.number()?) })
    };
    Parts::of(value)?.rest().map(node).collect()
}

/// Where to look next, and whether something was found.
pub(super) fn looked_through(value: Value) -> Result<(String, bool), StoreError> {
    let mut parts = Parts::of(value)?;
    let cursor = parts.bytes()?.and_then(|cursor| String::from_utf8(cursor).ok()).ok_or_else(strange)?;
    Ok((cursor, parts.number()? != 0))
}

/// Whether records were imported.
pub(super) fn is_imported(value: Value) -> Result<bool, StoreError> {
    Ok(Parts::of(value)?.number()? != 0)
}

fn is_nothing(value: &Value) -> bool {
    matches!(value, Value::Nil)
}

/// Whether something was done, where a key that is in use is an error.
pub(super) fn done(value: &Value) -> Result<bool, StoreError> {
    match *value {
        Value::Int(TAKEN) => Err(taken()),
        Value::Int(done) => Ok(done != 0),
        _ => Err(strange()),
    }
}

/// What a script says of a new key that is in use.
const TAKEN: i64 = -1;
/// What a script answers that came too late for a log-in.
const LATE: i64 = -2;

fn taken() -> StoreError {
    StoreError::new("the new key is in use already")
}

fn text(bytes: Option<Vec<u8>>, what: &'static str) -> Result<String, Unusable> {
    bytes.and_then(|bytes| String::from_utf8(bytes).ok()).ok_or(Unusable::Damaged(what))
}

fn counted(bytes: Option<&[u8]>) -> Option<u64> {
    let text = std::str::from_utf8(bytes?).ok()?;
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

fn timestamp(bytes: Option<&[u8]>, what: &'static str) -> Result<Timestamp, Unusable> {
    match counted(bytes) {
        // What lasts for ever here does so elsewhere.
        Some(FOREVER) => Ok(Timestamp::from_millis(u64::MAX)),
        Some(millis @ ..FOREVER) => Ok(Timestamp::from_millis(millis)),
        _ => Err(Unusable::Damaged(what)),
    }
}

fn handle(bytes: Option<&[u8]>) -> Option<SessionHandle> {
    std::str::from_utf8(bytes?).ok()?.parse().ok()
}

fn known_format(bytes: Option<&[u8]>) -> Result<(), Unusable> {
    match counted(bytes) {
        Some(FORMAT) => Ok(()),
        Some(newer) if newer > FORMAT => Err(Unusable::Newer(newer)),
        _ => Err(Unusable::Damaged("format")),
    }
}

pub(super) fn found(value: Value) -> Result<Option<Result<Found, Unread>>, StoreError> {
    if is_nothing(&value) {
        return Ok(None);
    }
    let mut parts = Parts::of(value)?;
    let now = Timestamp::from_millis(parts.number()?);
    let mut record = Parts::of(parts.next()?)?;
    let groups = names(parts.next()?)?;
    let expires = parts.bytes()?;
    let (format, name, user) = (record.bytes()?, record.bytes()?, record.bytes()?);
    let (opened, seen, authenticated) = (record.bytes()?, record.bytes()?, record.bytes()?);
    let (ends, expire) = (record.bytes()?, record.bytes()?);

    let handle = handle(name.as_deref());
    let read = || -> Result<Found, Unusable> {
        known_format(format.as_deref())?;
        Ok(Found {
            user: text(user, "user")?.into(),
            handle: handle.ok_or(Unusable::Damaged("handle"))?,
            opened: timestamp(opened.as_deref(), "moment of opening")?,
            seen: timestamp(seen.as_deref(), "last use")?,
            authenticated: timestamp(authenticated.as_deref(), "moment of authentication")?,
            ends: timestamp(ends.as_deref(), "end")?,
            expires: timestamp(expires.as_deref(), "expiry")?,
            expire: expire.as_deref() == Some(b"1"),
            now,
            groups: groups.iter().collect::<GroupSet>(),
        })
    };
    Ok(Some(read().map_err(|why| Unread { handle, why })))
}

/// The sessions of a user as they are listed, and those that cannot be.
pub(super) fn listed(value: Value) -> Result<(Vec<Listed>, Vec<Unread>), StoreError> {
    let (mut listed, mut unread) = (Vec::new(), Vec::new());
    for record in Parts::of(value)?.rest() {
        match one_listed(Parts::of(record)?)? {
            Ok(session) => listed.push(session),
            Err(why) => unread.push(why),
        }
    }
    // The most recently seen first; of those seen together, the one opened last.
    listed.sort_by_key(|(session, id)| std::cmp::Reverse((session.seen, session.opened, *id)));
    Ok((listed.into_iter().map(|(session, _)| session).collect(), unread))
}

type Opened = (Listed, u64);

fn one_listed(mut record: Parts) -> Result<Result<Opened, Unread>, StoreError> {
    let (format, name, device) = (record.bytes()?, record.bytes()?, record.bytes()?);
    let (opened, seen, id, key) = (record.bytes()?, record.bytes()?, record.bytes()?, record.bytes()?);

    let handle = handle(name.as_deref());
    let read = || -> Result<Opened, Unusable> {
        known_format(format.as_deref())?;
        let key = key.and_then(|key| key.try_into().ok()).ok_or(Unusable::Damaged("key"))?;
        let session = Listed {
            key: SessionKey::from_bytes(key),
            handle: handle.ok_or(Unusable::Damaged("handle"))?,
            device: device.map(|device| text(Some(device), "device")).transpose()?.map(Into::into),
            opened: timestamp(opened.as_deref(), "moment of opening")?,
            seen: timestamp(seen.as_deref(), "last use")?,
        };
        Ok((session, counted(id.as_deref()).unwrap_or_default()))
    };
    Ok(read().map_err(|why| Unread { handle, why }))
}

/// The sessions that ended. One without a user or a handle that can be read has ended as well, and there is nothing to tell of it.
pub(super) fn ended(value: Value) -> Result<Vec<Ended>, StoreError> {
    let mut all = Vec::new();
    for part in Parts::of(value)?.rest() {
        let mut part = Parts::of(part)?;
        let (user, name, why) = (part.bytes()?, part.bytes()?, part.number()?);
        let why = match why {
            0 => End::Closed,
            1 => End::Replaced,
            2 => End::Evicted,
            _ => End::Expired,
        };
        if let (Ok(user), Some(handle)) = (text(user, "user"), handle(name.as_deref())) {
            all.push(Ended { user: user.into(), handle, why });
        } else {
            tracing::warn!("a session in Redis ended that was damaged: nobody knows whose it was");
        }
    }
    Ok(all)
}

/// What came of a log-in, and the server's moment: nothing, if that says that nobody waits for it any more.
pub(super) fn inserted(value: Value) -> Result<(Option<Inserted>, u64), StoreError> {
    let mut parts = Parts::of(value)?;
    let inserted = match parts.next()? {
        Value::Int(LATE) => None,
        outcome if done(&outcome)? => Some(Inserted::Opened(ended(parts.next()?)?)),
        _ => Some(Inserted::Full),
    };
    Ok((inserted, digits(parts.bytes()?.as_deref())?))
}

/// The server's moment, in milliseconds, by its own command.
pub(super) fn time(value: Value) -> Result<u64, StoreError> {
    let mut parts = Parts::of(value)?;
    let (seconds, micros) = (digits(parts.bytes()?.as_deref())?, digits(parts.bytes()?.as_deref())?);
    Ok(seconds.saturating_mul(1000).saturating_add(micros / 1000))
}

fn digits(bytes: Option<&[u8]>) -> Result<u64, StoreError> {
    let text = bytes.and_then(|bytes| std::str::from_utf8(bytes).ok());
    text.and_then(|text| text.parse().ok()).ok_or_else(strange)
}

/// What one step of a purge did.
pub(super) struct Purged {
    pub(super) ended: Vec<Ended>,
    /// How many sessions were left to a newer release.
    pub(super) left: u64,
    /// Whether there may be more to do.
    pub(super) more: bool,
}

pub(super) fn purged(value: Value) -> Result<Purged, StoreError> {
    let mut parts = Parts::of(value)?;
    Ok(Purged { ended: ended(parts.next()?)?, left: parts.number()?, more: parts.number()? != 0 })
}

pub(super) fn names(value: Value) -> Result<Vec<String>, StoreError> {
    let (Value::Array(parts) | Value::Set(parts)) = value else { return Err(strange()) };
    let name = |part| bytes(part)?.and_then(|name| String::from_utf8(name).ok()).ok_or_else(strange);
    parts.into_iter().map(name).collect()
}

pub(super) fn slot(value: Value) -> Result<Option<SlotValue>, StoreError> {
    if is_nothing(&value) {
        return Ok(None);
    }
    let mut parts = Parts::of(value)?;
    let (kept, unseen, came_back) = (parts.bytes()?.ok_or_else(strange)?, parts.number()?, parts.number()? != 0);
    let colon = kept.iter().position(|byte| *byte == b':').ok_or_else(strange)?;
    let version = counted(Some(&kept[..colon])).ok_or_else(strange)?;
    let unseen = Duration::from_millis(unseen);
    Ok(Some(SlotValue { version, value: kept[colon + 1..].into(), unseen, came_back }))
}

pub(super) fn written(value: Value) -> Result<SlotWritten, StoreError> {
    let mut parts = Parts::of(value)?;
    Ok(match parts.number()? {
        0 => SlotWritten::Written(parts.number()?),
        1 => SlotWritten::Removed,
        2 => SlotWritten::Conflict,
        3 => SlotWritten::NoOwner,
        _ => SlotWritten::TooManySlots,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_digits_and_can_be_counted() {
        let read = |text: &str| timestamp(Some(text.as_bytes()), "moment").ok().map(Timestamp::as_millis);
        assert_eq!(read("0"), Some(0));
        assert_eq!(read("1763944939123"), Some(1_763_944_939_123));
        assert_eq!(read("9007199254740991"), Some(u64::MAX), "for ever");
        for text in ["", "-1", "+1", "1.0", "1e3", "9007199254740992", "99999999999999999999", "now"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
