//! Connections that read.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::error::Failure;

/// How long a reader waits where it may: for another connection that recovers or restarts the log of the file.
const PATIENCE: Duration = Duration::from_secs(5);

/// As many connections as requests can be handled at once.
#[derive(Debug)]
pub(super) struct Readers {
    connections: Vec<Mutex<Connection>>,
    next: AtomicUsize,
}

impl Readers {
    pub(super) fn open(path: &Path) -> rusqlite::Result<Self> {
        let many = std::thread::available_parallelism().map_or(4, usize::from).min(16);
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connections =
            (0..many).map(|_| Connection::open_with_flags(path, flags).map(Mutex::new)).collect::<Result<_, _>>()?;
        Ok(Self { connections, next: AtomicUsize::new(0) })
    }

    /// Reads here and now: some microseconds where the pages are in memory, less than another thread would cost. `None`
    /// if it would have to wait for anybody.
    pub(super) fn now<T>(&self, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Option<Result<T, Failure>> {
        let connection = self.idle()?;
        let read = connection.busy_timeout(Duration::ZERO).and_then(|()| read(&connection));
        match read {
            Err(error) if is_busy(&error) => None,
            read => Some(read.map_err(Failure::from)),
        }
    }

    /// Reads on a thread that may wait.
    pub(super) async fn later<T, F>(self: &Arc<Self>, read: F) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let readers = self.clone();
        let reading = tokio::task::spawn_blocking(move || {
            let connection = readers.idle().unwrap_or_else(|| readers.next_in_turn());
            connection.busy_timeout(PATIENCE)?;
            Ok(read(&connection)?)
        });
        reading.await.unwrap_or_else(|error| Err(Failure::Undone(error.to_string())))
    }

    fn idle(&self) -> Option<MutexGuard<'_, Connection>> {
        let first = self.next.load(Ordering::Relaxed);
        let (before, from) = self.connections.split_at(first % self.connections.len());
        from.iter().chain(before).find_map(|connection| match connection.try_lock() {
            Ok(connection) => Some(connection),
            // A statement is reset when it is dropped, in a panic as well.
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        })
    }

    fn next_in_turn(&self) -> MutexGuard<'_, Connection> {
        let next = self.next.fetch_add(1, Ordering::Relaxed);
        self.connections[next % self.connections.len()].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}
