//! The store in an SQLite file: what lasts, without a service to install.

mod error;
mod address;
mod rows;
mod schema;
mod lock;
mod warm;
mod readers;
mod writer;
mod changes;
mod slots;
mod export;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;

use self::address::Address;
use self::error::{Failure, OpenError};
pub use self::export::Export;
use self::lock::Owner;
use self::readers::Readers;
use self::rows::Stored;
use self::warm::Warm;
use self::writer::{Change, Writer};
use crate::clock::Clock;
use crate::log_once::LogOnce;
use crate::one_line::OneLine;
use crate::schema_state::SchemaState;
use crate::store::{
    Ended, Found, Inserted, Limit, Listed, NewSession, Rotation, SessionHandle, SlotKey, SlotValue, SlotWrite,
    SlotWritten, Store, StoreError, ended_so_far,
};
use crate::token::{BrowserKey, SessionKey};
use crate::user::UserId;

/// Sessions in an SQLite file: they survive a restart and a crash, with nothing to install. Feature `sqlite`.
///
/// A change is on the disk when it is reported: a log-in whose answer has left is kept, and a log-out that has returned stays
/// one, also when the process is killed or the machine loses its power. Sessions used recently are answered from memory.
///
/// **A file has one owner.** A second process, and a second `SqliteStore` of the same process, is refused; a lock on a
/// file beside the database tells, and goes when the process does. Processes share sessions in a store made for that. The lock
/// is the operating system's, so the file belongs on a local disk.
///
/// The application may keep its own tables in the same file, through its own connections: the tables here begin with
/// `os_session_`, and are read by whoever likes and written by this store alone. The file is put into
/// [WAL mode](https://www.sqlite.org/wal.html). A transaction of the application that writes for longer than five seconds makes log-ins fail.
///
/// It is a cheap handle; the file is let go when the last clone is dropped.
///
/// ```
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// use os_session::{Sessions, SqliteStore};
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("app.db");
/// let sessions = Sessions::builder()
///     .store(SqliteStore::open(path).await?)
///     .build()
///     .await?;
/// # let _ = sessions;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct SqliteStore(Arc<Inner>);

struct Inner {
    path: PathBuf,
    clock: Clock,
    warm: Arc<Warm>,
    readers: Arc<Readers>,
    /// Rows that could not be read, each told once.
    unreadable: LogOnce<i64>,
    writer: Writer,
}

/// How often a change asks whether a transaction of the application has ended, a millisecond apart. SQLite's own way asks ever less
/// often, so that an application that writes without pause would leave it no chance.
const PATIENCE: i32 = 5_000;

/// How many expired sessions, or browsers, are removed before others may write.
const PURGE_STEP: usize = 100;

impl SqliteStore {
    /// Opens the sessions in that file, and creates it if it is missing.
    ///
    /// Takes a path, or an address as sqlx and SQLite read it: `sqlite:app.db`,
    /// `sqlite:///var/app.db?mode=rwc`, `app.db?mode=rwc`, `file:app.db`. With `mode=rw` a missing
    /// file is an error. In an address `%20` is a space; a path stands for itself.
    ///
    /// The file and those beside it (`-wal`, `-shm`, `-owner`) are created for their owner alone,
    /// with mode 0600. The mode of a file that exists is left alone, and SQLite gives it to the
    /// `-wal` and `-shm` that it creates.
    ///
    /// # Errors
    ///
    /// Fails if the path is no file that can be written, another owner has it, a newer release has
    /// changed its tables, or an address cannot work: `mode=ro`, or a database in memory. The error
    /// names the file and the fix.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        Self::builder().open(path).await
    }

    /// Returns the path in an address that [`open`](SqliteStore::open) takes, and opens nothing.
    ///
    /// # Errors
    ///
    /// Fails for an address that `open` refuses unread, such as `sqlite::memory:`.
    pub fn file_of(address: impl AsRef<Path>) -> Result<PathBuf, StoreError> {
        Ok(address::parse(address.as_ref())?.path)
    }

    /// How far the tables in that file are, without a change to it, and without owning it: another process may.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub async fn schema_state(path: impl AsRef<Path>) -> Result<SchemaState, StoreError> {
        let path = path.as_ref().to_owned();
        Ok(tokio::task::spawn_blocking(move || schema::state(&path)).await.map_err(StoreError::new)??)
    }

    /// Closes every live session, of whomever it is: after a failover in which log-outs may have been lost, or when tokens may be known to others. No close
    /// hook runs, so it is for the command line rather than the application. Who logs in meanwhile may be logged out again. The answer is how many there were.
    ///
    /// # Errors
    ///
    /// A failure of the file: then some are closed, and asking again closes the rest.
    pub async fn close_everybody(&self) -> Result<u64, StoreError> {
        let mut all = 0;
        loop {
            let closed = self.0.change(|change| change.close_some(PURGE_STEP)).await?;
            if closed == 0 {
                return Ok(all);
            }
            all += closed as u64;
        }
    }

    /// A builder, for all other settings.
    pub fn builder() -> SqliteBuilder {
        SqliteBuilder { clock: Clock::new(), cached_sessions: 100_000 }
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("path", &self.0.path).finish_non_exhaustive()
    }
}

/// How an [`SqliteStore`] is opened.
#[derive(Debug, Clone)]
#[must_use = "nothing is opened until `open(…)` is awaited"]
pub struct SqliteBuilder {
    clock: Clock,
    cached_sessions: usize,
}

impl SqliteBuilder {
    /// How many sessions are kept in memory, by default 100 000, at some 300 bytes each; those that are hardly used give way first.
    pub fn cached_sessions(mut self, most: usize) -> Self {
        self.cached_sessions = most;
        self
    }

    /// The clock that tells the time, for tests.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Opens the sessions in that file, and creates it if it is missing.
    ///
    /// # Errors
    ///
    /// As [`SqliteStore::open`].
    pub async fn open(self, path: impl AsRef<Path>) -> Result<SqliteStore, StoreError> {
        let path = path.as_ref().to_owned();
        let opening = tokio::task::spawn_blocking(move || self.open_blocking(&path));
        let inner = opening.await.map_err(StoreError::new)??;
        Ok(SqliteStore(Arc::new(inner)))
    }

    fn open_blocking(self, path: &Path) -> Result<Inner, OpenError> {
        let Address { path, creates } = address::parse(path)?;
        if path.is_dir() {
            return Err(OpenError::NoFile(path));
        }
        if !creates && !path.exists() {
            return Err(OpenError::Missing(path));
        }
        let path = lock::resolved(&path).map_err(|source| OpenError::Folder { path, source })?;
        let owner = Owner::of(&path)?;
        lock::create(&path).map_err(|source| OpenError::Create { path: path.clone(), source })?;
        let at = |source| OpenError::Database { path: path.clone(), source };

        let mut connection = Connection::open(&path).map_err(at)?;
        connection.busy_handler(Some(wait_for_the_application)).map_err(at)?;
        connection.pragma_update(None, "journal_mode", "wal").map_err(at)?;
        // A commit is on the disk when it returns.
        connection.pragma_update(None, "synchronous", "full").map_err(at)?;
        connection.set_prepared_statement_cache_capacity(64);
        schema::migrate(&mut connection, &path)?;

        let warm = Arc::new(Warm::new(self.cached_sessions));
        let readers = Arc::new(Readers::open(&path).map_err(at)?);
        let writer = Writer::start(connection, self.clock.clone(), warm.clone(), owner, &path)?;
        Ok(Inner { path, clock: self.clock, warm, readers, unreadable: LogOnce::default(), writer })
    }
}

fn wait_for_the_application(asked: i32) -> bool {
    std::thread::sleep(Duration::from_millis(1));
    asked < PATIENCE
}

impl Inner {
    async fn change<T, F>(&self, change: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Change<'_>) -> Result<T, Failure> + Send + 'static,
    {
        Ok(self.writer.change(change).await?)
    }

    /// What a look-up in the file came to.
    fn looked_up(&self, key: SessionKey, stored: Stored, version: warm::Version) -> Option<Found> {
        match stored {
            Stored::Session(session) => {
                self.warm.fill(key, session.clone(), version);
                session.found(self.clock.now())
            }
            Stored::Unreadable(id, why) => {
                if self.unreadable.is_first(id) {
                    tracing::warn!(row = id, why = %OneLine(why), "a stored session cannot be read: its user counts as not connected");
                }
                None
            }
            Stored::Nothing => None,
        }
    }
}

impl Store for SqliteStore {
    async fn insert(&self, new: NewSession, limit: Limit) -> Result<Inserted, StoreError> {
        self.0.change(move |change| change.insert(&new, limit)).await
    }

    async fn find(&self, key: &SessionKey) -> Result<Option<Found>, StoreError> {
        if let Some(answer) = self.find_now(key) {
            return answer;
        }
        let (key, version) = (*key, self.0.warm.version());
        let stored = self.0.readers.later(move |file| rows::stored(file, &key)).await?;
        Ok(self.0.looked_up(key, stored, version))
    }

    fn find_now(&self, key: &SessionKey) -> Option<Result<Option<Found>, StoreError>> {
        if let Some(session) = self.0.warm.get(key) {
            return Some(Ok(session.found(self.0.clock.now())));
        }
        let version = self.0.warm.version();
        let stored = self.0.readers.now(|file| rows::stored(file, key))?;
        Some(stored.map(|stored| self.0.looked_up(*key, stored, version)).map_err(StoreError::from))
    }

    async fn touch(&self, key: &SessionKey) -> Result<bool, StoreError> {
        let key = *key;
        self.0.change(move |change| change.touch(key)).await
    }

    async fn rotate(&self, rotation: Rotation) -> Result<bool, StoreError> {
        self.0.change(move |change| change.rotate(rotation)).await
    }

    async fn close(&self, key: &SessionKey) -> Result<Option<Ended>, StoreError> {
        let key = *key;
        self.0.change(move |change| change.close(key)).await
    }

    async fn close_handle(&self, user: &UserId, handle: SessionHandle) -> Result<Option<Ended>, StoreError> {
        let user = user.clone();
        self.0.change(move |change| change.close_handle(&user, handle)).await
    }

    async fn close_all(&self, user: &UserId, except: Option<&SessionKey>) -> Result<Vec<Ended>, StoreError> {
        let (user, except) = (user.clone(), except.copied());
        self.0.change(move |change| change.close_all(&user, except)).await
    }

    async fn list(&self, user: &UserId) -> Result<Vec<Listed>, StoreError> {
        let (user, now) = (user.clone(), self.0.clock.now());
        Ok(self.0.readers.later(move |file| rows::listed(file, &user, now)).await?)
    }

    async fn purge(&self, most: usize) -> Result<Vec<Ended>, StoreError> {
        let mut ended = Vec::new();
        while ended.len() < most {
            let step = PURGE_STEP.min(most - ended.len());
            let purged = match self.0.change(move |change| change.purge(step)).await {
                Ok(purged) => purged,
                Err(error) => return ended_so_far(ended, error),
            };
            let was_the_last = purged.len() < step;
            ended.extend(purged);
            if was_the_last {
                break;
            }
        }
        while ended.len() < most {
            match self.0.change(|change| change.purge_browsers(PURGE_STEP)).await {
                Ok(purged) if purged < PURGE_STEP => break,
                Ok(_) => {}
                Err(error) => return ended_so_far(ended, error),
            }
        }
        Ok(ended)
    }

    async fn create_group(&self, name: &str) -> Result<(), StoreError> {
        let name = name.to_owned();
        self.0.change(move |change| change.create_group(&name)).await
    }

    async fn all_groups(&self) -> Result<Vec<String>, StoreError> {
        Ok(self.0.readers.later(rows::all_groups).await?)
    }

    async fn add_to_group(&self, user: &UserId, group: &str) -> Result<bool, StoreError> {
        let (user, group) = (user.clone(), group.to_owned());
        self.0.change(move |change| change.set_member(&user, &group, true)).await
    }

    async fn remove_from_group(&self, user: &UserId, group: &str) -> Result<bool, StoreError> {
        let (user, group) = (user.clone(), group.to_owned());
        self.0.change(move |change| change.set_member(&user, &group, false)).await
    }

    async fn in_group(&self, user: &UserId, group: &str) -> Result<bool, StoreError> {
        let (user, group) = (user.clone(), group.to_owned());
        Ok(self.0.readers.later(move |file| rows::is_member(file, &user, &group)).await?)
    }

    async fn slot(&self, key: &SlotKey) -> Result<Option<SlotValue>, StoreError> {
        let now = self.0.clock.now();
        if let Some(slot) = self.0.readers.now(|file| slots::slot(file, key, now)) {
            return Ok(slot?);
        }
        let key = key.clone();
        Ok(self.0.readers.later(move |file| slots::slot(file, &key, now)).await?)
    }

    async fn write_slot(&self, key: &SlotKey, write: SlotWrite) -> Result<SlotWritten, StoreError> {
        let key = key.clone();
        self.0.change(move |change| change.write_slot(&key, &write)).await
    }

    async fn rotate_browser(
        &self,
        from: &BrowserKey,
        to: &BrowserKey,
        session: Option<SessionHandle>,
    ) -> Result<bool, StoreError> {
        let (from, to) = (*from, *to);
        self.0.change(move |change| change.rotate_browser(from, to, session)).await
    }

    async fn touch_browser(&self, key: &BrowserKey) -> Result<bool, StoreError> {
        let key = *key;
        self.0.change(move |change| change.touch_browser(key)).await
    }

    async fn forget_browser(&self, key: &BrowserKey) -> Result<bool, StoreError> {
        let key = *key;
        self.0.change(move |change| change.forget_browser(key)).await
    }

    async fn close_all_with_browsers(&self, user: &UserId) -> Result<Vec<Ended>, StoreError> {
        let user = user.clone();
        self.0
            .change(move |change| {
                let ended = change.close_all(&user, None)?;
                change.forget_browsers_of(&ended)?;
                Ok(ended)
            })
            .await
    }
}

#[cfg(test)]
mod tests;
