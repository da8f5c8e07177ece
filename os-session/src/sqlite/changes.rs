//! What each change writes. All of it runs inside the writer's transaction, one change at a time.

use rusqlite::{OptionalExtension as _, Row};

use super::error::Failure;
use super::rows::{self, FORMAT, OF_THE_ENDED, Stored};
use super::warm::Effect;
use super::writer::Change;
use crate::store::{Authenticated, End, Ended, Inserted, Limit, NewSession, Rotation, SessionHandle, WhenFull};
use crate::token::SessionKey;
use crate::user::UserId;

type Changed<T> = Result<T, Failure>;

impl Change<'_> {
    pub(super) fn insert(&mut self, new: &NewSession, limit: Limit) -> Changed<Inserted> {
        self.refuse_taken(&new.key)?;
        let replaced = self.replaced_by(new)?;
        let (mut live, expired) = self.sessions_of(&new.user, replaced)?;
        let most = limit.sessions.get() as usize - 1;
        if live.len() > most && limit.when_full == WhenFull::Refuse {
            return Ok(Inserted::Full);
        }
        live.truncate(live.len().saturating_sub(most));

        let mut ended = Vec::new();
        for (ids, why) in
            [(replaced.into_iter().collect(), End::Replaced), (expired, End::Expired), (live, End::Evicted)]
        {
            for id in ids {
                ended.extend(self.delete("id = ?1", [id], why)?);
            }
        }
        self.write(new)?;
        self.learn(new.key)?;
        Ok(Inserted::Opened(ended))
    }

    /// The user's sessions but one: the live ones, the least recently seen first, and the expired ones of our format.
    fn sessions_of(&self, user: &UserId, but: Option<i64>) -> Changed<(Vec<i64>, Vec<i64>)> {
        let mut statement = self.file.prepare_cached(
            "SELECT id, expires > ?2, format <= ?3 FROM os_session_sessions
             WHERE user = ?1 AND id IS NOT ?4 ORDER BY seen, id",
        )?;
        let mut rows = statement.query((user.as_str(), rows::moment(self.now), FORMAT, but))?;
        let (mut live, mut expired) = (Vec::new(), Vec::new());
        while let Some(row) = rows.next()? {
            match (row.get(1)?, row.get(2)?) {
                (true, _) => live.push(row.get(0)?),
                (false, true) => expired.push(row.get(0)?),
                (false, false) => {}
            }
        }
        Ok((live, expired))
    }

    fn write(&self, new: &NewSession) -> Changed<()> {
        let (now, idle) = (rows::moment(self.now), rows::millis(new.idle));
        let ends = rows::moment(self.now.after(new.absolute));
        let mut statement = self.file.prepare_cached(
            "INSERT INTO os_session_sessions
             (key, user, handle, device, opened, seen, authenticated, idle, ends, expires, browser, format)
             VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?5, ?6, ?7, min(?5 + ?6, ?7), ?8, ?9)",
        )?;
        statement.execute((
            new.key.as_bytes(),
            new.user.as_str(),
            new.handle.as_u64().cast_signed(),
            new.device.as_deref(),
            now,
            idle,
            ends,
            new.expire,
            FORMAT,
        ))?;
        Ok(())
    }

    pub(super) fn touch(&mut self, key: SessionKey) -> Changed<bool> {
        let mut statement = self.file.prepare_cached(
            "UPDATE os_session_sessions SET seen = ?2, expires = min(?2 + idle, ends)
             WHERE key = ?1 AND expires > ?2 AND format = ?3",
        )?;
        let touched = statement.execute((key.as_bytes(), rows::moment(self.now), FORMAT))? > 0;
        if touched {
            self.learn(key)?;
        }
        Ok(touched)
    }

    pub(super) fn rotate(&mut self, rotation: Rotation) -> Changed<bool> {
        self.refuse_taken(&rotation.to)?;
        let authenticated = match rotation.authenticated {
            Authenticated::Unchanged => None,
            Authenticated::Now => Some(self.now),
            Authenticated::At(then) => Some(then),
        };
        let mut statement = self.file.prepare_cached(
            "UPDATE os_session_sessions SET key = ?2, authenticated = coalesce(?3, authenticated)
             WHERE key = ?1 AND expires > ?4 AND format = ?5",
        )?;
        let rotated = statement.execute((
            rotation.from.as_bytes(),
            rotation.to.as_bytes(),
            authenticated.map(rows::moment),
            rows::moment(self.now),
            FORMAT,
        ))? > 0;
        if rotated {
            self.effects.push(Effect::Forget(rotation.from));
            self.learn(rotation.to)?;
        }
        Ok(rotated)
    }

    pub(super) fn close(&mut self, key: SessionKey) -> Changed<Option<Ended>> {
        let ended = self.delete("key = ?1", [key.as_bytes()], End::Closed)?;
        Ok(ended.into_iter().next())
    }

    pub(super) fn close_handle(&mut self, user: &UserId, handle: SessionHandle) -> Changed<Option<Ended>> {
        let handle = handle.as_u64().cast_signed();
        let ended = self.delete("user = ?1 AND handle = ?2", (user.as_str(), handle), End::Closed)?;
        Ok(ended.into_iter().next())
    }

    pub(super) fn close_all(&mut self, user: &UserId, except: Option<SessionKey>) -> Changed<Vec<Ended>> {
        let except = except.as_ref().map(SessionKey::as_bytes);
        self.delete("user = ?1 AND key IS NOT ?2", (user.as_str(), except), End::Closed)
    }

    pub(super) fn purge(&mut self, most: usize) -> Changed<Vec<Ended>> {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        self.delete(
            "id IN (SELECT id FROM os_session_sessions WHERE expires <= ?1 AND format <= ?2 ORDER BY expires LIMIT ?3)",
            (rows::moment(self.now), FORMAT, most),
            End::Expired,
        )
    }

    pub(super) fn create_group(&mut self, name: &str) -> Changed<()> {
        let mut statement = self.file.prepare_cached("INSERT OR IGNORE INTO os_session_groups VALUES (?1)")?;
        statement.execute([name])?;
        Ok(())
    }

    pub(super) fn set_member(&mut self, user: &UserId, group: &str, member: bool) -> Changed<bool> {
        let mut known = self.file.prepare_cached("SELECT 1 FROM os_session_groups WHERE name = ?1")?;
        if !known.exists([group])? {
            return Ok(false);
        }
        let statement = match member {
            true => "INSERT OR IGNORE INTO os_session_members VALUES (?1, ?2)",
            false => "DELETE FROM os_session_members WHERE user = ?1 AND name = ?2",
        };
        self.file.prepare_cached(statement)?.execute((user.as_str(), group))?;

        let mut keys = self.file.prepare_cached("SELECT key FROM os_session_sessions WHERE user = ?1")?;
        let keys = keys.query_map([user.as_str()], |row| Ok(row.get(0).ok()))?;
        for key in keys {
            self.effects.extend(key?.map(|bytes| Effect::Forget(SessionKey::from_bytes(bytes))));
        }
        Ok(true)
    }

    fn refuse_taken(&self, key: &SessionKey) -> Changed<()> {
        match self.id_of(key)? {
            Some(_) => Err(Failure::KeyTaken),
            None => Ok(()),
        }
    }

    fn id_of(&self, key: &SessionKey) -> Changed<Option<i64>> {
        let mut statement = self.file.prepare_cached("SELECT id FROM os_session_sessions WHERE key = ?1")?;
        Ok(statement.query_row([key.as_bytes()], |row| row.get(0)).optional()?)
    }

    /// The session that gives way to this one.
    fn replaced_by(&self, new: &NewSession) -> Changed<Option<i64>> {
        if let Some(key) = &new.replaces
            && let Some(id) = self.id_of(key)?
        {
            return Ok(Some(id));
        }
        let Some((user, handle)) = &new.replaces_session else { return Ok(None) };
        let mut statement =
            self.file.prepare_cached("SELECT id FROM os_session_sessions WHERE user = ?1 AND handle = ?2")?;
        let id = statement.query_row((user.as_str(), handle.as_u64().cast_signed()), |row| row.get(0));
        Ok(id.optional()?)
    }

    /// Keeps the session of that key warm, as it stands now.
    fn learn(&mut self, key: SessionKey) -> Changed<()> {
        if let Stored::Session(session) = rows::stored(self.file, &key)? {
            self.effects.push(Effect::Learn(key, session));
        }
        Ok(())
    }

    /// Closes some of the live sessions, of whomever they are, and says how many there were.
    pub(super) fn close_some(&mut self, most: usize) -> Changed<usize> {
        let some = "id IN (SELECT id FROM os_session_sessions WHERE expires > ?1 LIMIT ?2)";
        let closed =
            self.delete(some, (rows::moment(self.now), i64::try_from(most).unwrap_or(i64::MAX)), End::Closed)?;
        Ok(closed.len())
    }

    /// Deletes the rows that `condition` chooses.
    fn delete(&mut self, condition: &str, values: impl rusqlite::Params, why: End) -> Changed<Vec<Ended>> {
        let deletion = format!("DELETE FROM os_session_sessions WHERE {condition} RETURNING {OF_THE_ENDED}");
        let mut statement = self.file.prepare_cached(&deletion)?;
        let deleted = statement.query_map(values, |row: &Row<'_>| rows::ended(row, why, self.now))?;
        let mut ended = Vec::new();
        for row in deleted {
            let (key, end) = row?;
            self.effects.extend(key.map(Effect::Forget));
            ended.push(end);
        }
        Ok(ended)
    }
}
