//! Slots and browsers in the file: how they are read, and what each change writes.

use std::num::NonZeroU32;

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension as _, Row};

use super::error::Failure;
use super::rows::{self, FORMAT};
use super::writer::Change;
use crate::clock::Timestamp;
use crate::handle::SessionHandle;
use crate::slots::{EVICTED_AT_ONCE, NewBrowser, SlotKey, SlotOwner, SlotValue, SlotWrite, SlotWritten};
use crate::store::Ended;
use crate::token::{BrowserKey, SessionKey, TabKey};

type Changed<T> = Result<T, Failure>;

/// What stands for an owner in the table of slots: its kind, and which it is.
#[derive(Debug, Clone)]
struct Owner(i64, Value);

const SESSION: i64 = 1;
const USER: i64 = 2;
const BROWSER: i64 = 3;

/// The value of a slot whose owner is live, from one statement: the place of an owner that is gone may be another's.
pub(super) fn slot(connection: &Connection, key: &SlotKey, now: Timestamp) -> rusqlite::Result<Option<SlotValue>> {
    let (tab, name, moment) = (tab(key), &*key.name, rows::moment(now));
    match &key.owner {
        SlotOwner::Session(session) => connection
            .prepare_cached(
                "SELECT version, value, ?4, 1 FROM os_session_slots
                 WHERE kind = 1 AND tab = ?2 AND name = ?3
                 AND owner = (SELECT id FROM os_session_sessions WHERE key = ?1 AND expires > ?4 AND format = ?5)",
            )?
            .query_row((session.as_bytes(), tab, name, moment, FORMAT), |row| value(row, now)),
        SlotOwner::User(user) => connection
            .prepare_cached(
                "SELECT version, value, ?4, 1 FROM os_session_slots
                 WHERE kind = 2 AND tab = ?2 AND name = ?3 AND owner = ?1",
            )?
            .query_row((user.as_str(), tab, name, moment), |row| value(row, now)),
        SlotOwner::Browser(browser) => connection
            .prepare_cached(
                "SELECT version, value, (SELECT seen FROM os_session_browsers WHERE key = ?1),
                        (SELECT new_idle IS NULL FROM os_session_browsers WHERE key = ?1)
                 FROM os_session_slots
                 WHERE kind = 3 AND tab = ?2 AND name = ?3
                 AND owner = (SELECT id FROM os_session_browsers WHERE key = ?1 AND expires > ?4)",
            )?
            .query_row((browser.as_bytes(), tab, name, moment), |row| value(row, now)),
    }
    .optional()
}

fn value(row: &Row<'_>, now: Timestamp) -> rusqlite::Result<SlotValue> {
    Ok(SlotValue {
        version: row.get::<_, i64>(0)?.cast_unsigned(),
        value: row.get_ref(1)?.as_blob()?.into(),
        unseen: now.since(rows::timestamp(row, 2)?),
        came_back: row.get(3)?,
    })
}

fn tab(key: &SlotKey) -> &[u8] {
    key.tab.as_ref().map_or(&[], |tab: &TabKey| tab.as_bytes())
}

impl Change<'_> {
    pub(super) fn write_slot(&self, key: &SlotKey, write: &SlotWrite) -> Changed<SlotWritten> {
        let owner = match &key.owner {
            SlotOwner::Session(session) => self.session(session)?.map(|id| Owner(SESSION, id)),
            SlotOwner::User(user) => Some(Owner(USER, Value::Text(user.as_str().to_owned()))),
            SlotOwner::Browser(browser) => self.browser(browser)?.map(|id| Owner(BROWSER, id)),
        };
        let Some(owner) = owner else {
            return self.write_first(key, write);
        };
        let written = self.write_value(&owner, key, write)?;
        if let (SlotOwner::Browser(browser), SlotWritten::Written(_) | SlotWritten::Removed) = (&key.owner, written) {
            self.see_browser(*browser, write.came_back)?;
        }
        Ok(written)
    }

    /// The first value of a browser, if it is one that may be made, and has a value.
    fn write_first(&self, key: &SlotKey, write: &SlotWrite) -> Changed<SlotWritten> {
        match (&key.owner, write.new_browser, &write.value) {
            (SlotOwner::Browser(_), Some(_), Some(_)) if !write.expected.is_met_by(None) => Ok(SlotWritten::Conflict),
            (SlotOwner::Browser(browser), Some(new), Some(_)) => {
                let id = self.insert_browser(browser, new)?;
                self.write_value(&Owner(BROWSER, Value::Integer(id)), key, write)
            }
            _ => Ok(SlotWritten::NoOwner),
        }
    }

    fn write_value(&self, Owner(kind, owner): &Owner, key: &SlotKey, write: &SlotWrite) -> Changed<SlotWritten> {
        let (tab, name) = (tab(key), &*key.name);
        let held: Option<i64> = self
            .file
            .prepare_cached(
                "SELECT version FROM os_session_slots WHERE kind = ?1 AND owner = ?2 AND tab = ?3 AND name = ?4",
            )?
            .query_row((kind, owner, tab, name), |row| row.get(0))
            .optional()?;
        if !write.expected.is_met_by(held.map(i64::cast_unsigned)) {
            return Ok(SlotWritten::Conflict);
        }
        let Some(value) = &write.value else {
            self.file
                .prepare_cached(
                    "DELETE FROM os_session_slots WHERE kind = ?1 AND owner = ?2 AND tab = ?3 AND name = ?4",
                )?
                .execute((kind, owner, tab, name))?;
            return Ok(SlotWritten::Removed);
        };
        if held.is_none() {
            let others: i64 = self
                .file
                .prepare_cached("SELECT count(*) FROM os_session_slots WHERE kind = ?1 AND owner = ?2 AND tab = ?3")?
                .query_row((kind, owner, tab), |row| row.get(0))?;
            if others >= write.limits.slots.get().into() {
                return Ok(SlotWritten::TooManySlots);
            }
            if others == 0 && !tab.is_empty() {
                self.make_room_for_a_tab(*kind, owner, write.limits.tabs)?;
            }
        }
        let version: i64 = self
            .file
            .prepare_cached("UPDATE os_session_versions SET last = last + 1 RETURNING last")?
            .query_row([], |row| row.get(0))?;
        let statement = match held {
            Some(_) => {
                "UPDATE os_session_slots SET version = ?5, value = ?6
                 WHERE kind = ?1 AND owner = ?2 AND tab = ?3 AND name = ?4"
            }
            None => {
                "INSERT INTO os_session_slots (kind, owner, tab, name, version, value) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
            }
        };
        self.file.prepare_cached(statement)?.execute((kind, owner, tab, name, version, &**value))?;
        Ok(SlotWritten::Written(version.cast_unsigned()))
    }

    /// Versions grow, so that the latest of a tab tells when it was written.
    fn make_room_for_a_tab(&self, kind: i64, owner: &Value, most: NonZeroU32) -> Changed<()> {
        let mut statement = self.file.prepare_cached(
            "DELETE FROM os_session_slots WHERE kind = ?1 AND owner = ?2 AND tab IN
             (SELECT tab FROM os_session_slots WHERE kind = ?1 AND owner = ?2 AND tab <> x''
              GROUP BY tab ORDER BY max(version) DESC LIMIT -1 OFFSET ?3)",
        )?;
        statement.execute((kind, owner, most.get() - 1))?;
        Ok(())
    }

    pub(super) fn rotate_browser(
        &self,
        from: BrowserKey,
        to: BrowserKey,
        session: Option<SessionHandle>,
    ) -> Changed<bool> {
        let mut taken = self.file.prepare_cached("SELECT 1 FROM os_session_browsers WHERE key = ?1")?;
        if taken.exists([to.as_bytes()])? {
            return Err(Failure::BrowserKeyTaken);
        }
        let mut statement = self.file.prepare_cached(
            "UPDATE os_session_browsers SET key = ?2, session = ?3,
                    new_idle = iif(?3 IS NULL, new_idle, NULL), expires = iif(?3 IS NULL, expires, seen + idle)
                 WHERE key = ?1 AND expires > ?4",
        )?;
        let changed =
            statement.execute((from.as_bytes(), to.as_bytes(), session.map(number), rows::moment(self.now)))?;
        Ok(changed > 0)
    }

    pub(super) fn touch_browser(&self, key: BrowserKey) -> Changed<bool> {
        self.see_browser(key, true)
    }

    /// Marks a live browser as seen, and notes whether its cookie has come back.
    fn see_browser(&self, key: BrowserKey, came_back: bool) -> Changed<bool> {
        let statement = match came_back {
            true => {
                "UPDATE os_session_browsers SET seen = ?2, new_idle = NULL, expires = ?2 + idle
                 WHERE key = ?1 AND expires > ?2"
            }
            false => {
                "UPDATE os_session_browsers SET seen = ?2, expires = ?2 + coalesce(new_idle, idle)
                 WHERE key = ?1 AND expires > ?2"
            }
        };
        Ok(self.file.prepare_cached(statement)?.execute((key.as_bytes(), rows::moment(self.now)))? > 0)
    }

    pub(super) fn forget_browser(&self, key: BrowserKey) -> Changed<bool> {
        let mut statement =
            self.file.prepare_cached("DELETE FROM os_session_browsers WHERE key = ?1 RETURNING expires > ?2")?;
        let live = statement.query_row((key.as_bytes(), rows::moment(self.now)), |row| row.get(0)).optional()?;
        Ok(live.unwrap_or(false))
    }

    pub(super) fn forget_browsers_of(&self, sessions: &[Ended]) -> Changed<()> {
        let mut statement = self.file.prepare_cached("DELETE FROM os_session_browsers WHERE session = ?1")?;
        for session in sessions {
            statement.execute([number(session.handle)])?;
        }
        Ok(())
    }

    /// Removes at most so many expired browsers, and says how many they were.
    pub(super) fn purge_browsers(&self, most: usize) -> Changed<usize> {
        let mut statement = self.file.prepare_cached(
            "DELETE FROM os_session_browsers WHERE id IN
             (SELECT id FROM os_session_browsers WHERE expires <= ?1 ORDER BY expires LIMIT ?2)",
        )?;
        Ok(statement.execute((rows::moment(self.now), i64::try_from(most).unwrap_or(i64::MAX)))?)
    }

    fn session(&self, key: &SessionKey) -> Changed<Option<Value>> {
        let mut statement = self
            .file
            .prepare_cached("SELECT id FROM os_session_sessions WHERE key = ?1 AND expires > ?2 AND format = ?3")?;
        Ok(statement.query_row((key.as_bytes(), rows::moment(self.now), FORMAT), |row| row.get(0)).optional()?)
    }

    fn browser(&self, key: &BrowserKey) -> Changed<Option<Value>> {
        let mut statement =
            self.file.prepare_cached("SELECT id FROM os_session_browsers WHERE key = ?1 AND expires > ?2")?;
        Ok(statement.query_row((key.as_bytes(), rows::moment(self.now)), |row| row.get(0)).optional()?)
    }

    /// In the place of one that expired.
    fn insert_browser(&self, key: &BrowserKey, new: NewBrowser) -> Changed<i64> {
        self.forget_browser(*key)?;
        self.make_room(new.most.get() - 1)?;
        let mut statement = self.file.prepare_cached(
            "INSERT INTO os_session_browsers (key, seen, idle, new_idle, expires, session)
             VALUES (?1, ?2, ?3, ?4, ?2 + coalesce(?4, ?3), ?5)",
        )?;
        let (now, idle, new_idle) = (rows::moment(self.now), rows::millis(new.idle), new.new_idle.map(rows::millis));
        Ok(statement.insert((key.as_bytes(), now, idle, new_idle, new.session.map(number)))?)
    }

    /// Removes browsers until so many are left: expired ones first, then those whose cookie never
    /// came back.
    fn make_room(&self, left: u32) -> Changed<()> {
        let mut count = self.file.prepare_cached("SELECT browsers FROM os_session_browser_count")?;
        let browsers: i64 = count.query_row([], |row| row.get(0))?;
        let over = usize::try_from(browsers - i64::from(left)).unwrap_or(0).min(EVICTED_AT_ONCE as usize);
        if over == 0 {
            return Ok(());
        }
        let live = over - self.purge_browsers(over)?;
        let mut statement = self.file.prepare_cached(
            "DELETE FROM os_session_browsers WHERE id IN
             (SELECT id FROM os_session_browsers ORDER BY new_idle IS NULL, seen LIMIT ?1)",
        )?;
        statement.execute([i64::try_from(live).unwrap_or(i64::MAX)])?;
        Ok(())
    }
}

/// The bits of a handle, as a signed number.
fn number(handle: SessionHandle) -> i64 {
    handle.as_u64().cast_signed()
}
