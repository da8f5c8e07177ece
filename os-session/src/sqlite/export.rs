//! Everything in the file, for another store.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::types::Type;
use rusqlite::{Connection, Error, OpenFlags, Row};
use tokio::sync::mpsc;

use super::SqliteStore;
use super::error::Failure;
use super::rows::{self, FORMAT};
use crate::slots::{SlotKey, SlotOwner};
use crate::store::StoreError;
use crate::token::{BrowserKey, SessionKey, TabKey};
use crate::transfer::{Record, SessionRecord};

/// How many records are handed on together, and how many such batches are read ahead.
const BATCH: usize = 500;
const AHEAD: usize = 4;

/// Everything in a file of sessions, as it was at one moment: [`SqliteStore::export`].
#[derive(Debug)]
pub struct Export {
    batches: mpsc::Receiver<Batch>,
    is_over: bool,
    /// Nobody else owns the file meanwhile.
    _owner: SqliteStore,
}

impl Export {
    /// The next records, all of one kind; `None` after the last.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or a row in it is damaged or of a newer release: all of it is copied, or nothing.
    pub async fn next(&mut self) -> Result<Option<Vec<Record>>, StoreError> {
        if self.is_over {
            return Ok(None);
        }
        // The end is said: a thread that fails without a word has not come to it.
        let batch = self.batches.recv().await.unwrap_or(Err(Failure::ReaderFailed))?;
        self.is_over = batch.is_none();
        Ok(batch)
    }
}

impl SqliteStore {
    /// Everything in the file, sessions that are over among it, for another store to import. What is written meanwhile is not in it.
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use os_session::{Record, SqliteStore, Store as _};
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("app.db");
    /// let store = SqliteStore::open(path).await?;
    /// store.create_group("staff").await?;
    ///
    /// let mut export = store.export();
    /// assert_eq!(export.next().await?, Some(vec![Record::Group("staff".to_owned())]));
    /// assert_eq!(export.next().await?, None);
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn export(&self) -> Export {
        let (give, batches) = mpsc::channel(AHEAD);
        let path = self.0.path.clone();
        tokio::task::spawn_blocking(move || {
            if let Err(failure) = read(&path, &give) {
                // Nobody asks any more.
                let _ = give.blocking_send(Err(failure));
            }
        });
        Export { batches, is_over: false, _owner: self.clone() }
    }
}

/// Some records; `None` is the end.
type Batch = Result<Option<Vec<Record>>, Failure>;
type Give = mpsc::Sender<Batch>;

fn read(path: &Path, give: &Give) -> Result<(), Failure> {
    let mut connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    // One moment for all of it.
    let file = connection.transaction()?;
    for (statement, record) in PARTS {
        let mut statement = file.prepare(statement)?;
        let mut rows = statement.query([])?;
        let mut batch = Vec::new();
        while let Some(row) = rows.next()? {
            batch.push(record(row)?);
            if batch.len() == BATCH && give.blocking_send(Ok(Some(std::mem::take(&mut batch)))).is_err() {
                return Ok(());
            }
        }
        if !batch.is_empty() && give.blocking_send(Ok(Some(batch))).is_err() {
            return Ok(());
        }
    }
    // Or nobody asks any more.
    let _ = give.blocking_send(Ok(None));
    Ok(())
}

type Read = fn(&Row<'_>) -> Result<Record, Failure>;

const PARTS: [(&str, Read); 5] = [
    ("SELECT name FROM os_session_groups ORDER BY name", group),
    ("SELECT user, name FROM os_session_members ORDER BY user, name", member),
    (
        "SELECT id, format, key, user, handle, device, opened, seen, authenticated, idle, ends, browser
         FROM os_session_sessions ORDER BY id",
        session,
    ),
    ("SELECT key, seen, idle, session, new_idle FROM os_session_browsers ORDER BY id", browser),
    (
        "SELECT v.kind, CASE v.kind WHEN 1 THEN s.key WHEN 2 THEN v.owner ELSE b.key END, v.tab, v.name, v.value
         FROM os_session_slots v
         LEFT JOIN os_session_sessions s ON v.kind = 1 AND s.id = v.owner
         LEFT JOIN os_session_browsers b ON v.kind = 3 AND b.id = v.owner
         ORDER BY v.version",
        slot,
    ),
];

fn group(row: &Row<'_>) -> Result<Record, Failure> {
    Ok(Record::Group(row.get(0)?))
}

fn member(row: &Row<'_>) -> Result<Record, Failure> {
    Ok(Record::Member { user: rows::user(row, 0)?, group: row.get(1)? })
}

fn session(row: &Row<'_>) -> Result<Record, Failure> {
    let (id, format): (i64, i64) = (row.get(0)?, row.get(1)?);
    if format != FORMAT {
        return Err(Failure::OfANewerRelease { id, format });
    }
    Ok(Record::Session(Box::new(SessionRecord {
        key: SessionKey::from_bytes(row.get(2)?),
        user: rows::user(row, 3)?,
        handle: rows::handle(row, 4)?,
        device: row.get::<_, Option<String>>(5)?.map(Arc::from),
        opened: rows::timestamp(row, 6)?,
        seen: rows::timestamp(row, 7)?,
        authenticated: rows::timestamp(row, 8)?,
        idle: duration(row, 9)?,
        ends: rows::timestamp(row, 10)?,
        expire: row.get(11)?,
    })))
}

fn browser(row: &Row<'_>) -> Result<Record, Failure> {
    Ok(Record::Browser {
        key: BrowserKey::from_bytes(row.get(0)?),
        seen: rows::timestamp(row, 1)?,
        idle: duration(row, 2)?,
        new_idle: row.get::<_, Option<i64>>(4)?.map(|_| duration(row, 4)).transpose()?,
        session: row.get::<_, Option<i64>>(3)?.map(|_| rows::handle(row, 3)).transpose()?,
    })
}

fn slot(row: &Row<'_>) -> Result<Record, Failure> {
    let owner = match row.get::<_, i64>(0)? {
        1 => SlotOwner::Session(SessionKey::from_bytes(row.get(1)?)),
        2 => SlotOwner::User(rows::user(row, 1)?),
        _ => SlotOwner::Browser(BrowserKey::from_bytes(row.get(1)?)),
    };
    let tab = match row.get_ref(2)?.as_blob().map_err(|error| unreadable(2, error))? {
        [] => None,
        tab => Some(TabKey::from_bytes(tab.try_into().map_err(|error| unreadable(2, error))?)),
    };
    let name: String = row.get(3)?;
    Ok(Record::Slot { key: SlotKey { owner, tab, name: name.into() }, value: row.get::<_, Vec<u8>>(4)?.into() })
}

/// As the moments of a row, see [`rows::timestamp`].
fn duration(row: &Row<'_>, column: usize) -> rusqlite::Result<Duration> {
    Ok(Duration::from_millis(rows::timestamp(row, column)?.as_millis()))
}

fn unreadable(column: usize, why: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::FromSqlConversionFailure(column, Type::Blob, Box::new(why))
}
