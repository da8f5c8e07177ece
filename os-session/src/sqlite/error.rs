//! What goes wrong with a file of sessions.

use std::fmt;
use std::io;
use std::path::PathBuf;

use rusqlite::ErrorCode;

use crate::error::StoreError;

/// Why a file of sessions was not opened.
#[derive(Debug, thiserror::Error)]
pub(super) enum OpenError {
    #[error("`{}` is no file: write the path of one, or use `MemoryStore` for sessions that need not last", .0.display())]
    NoFile(PathBuf),
    /// What follows the scheme may hold a password.
    #[error(
        "an address of SQLite must begin with `sqlite:` or `file:`, or be a path, got one with `{0}:`; write `sqlite:app.db`"
    )]
    Scheme(String),
    #[error("`{}` cannot be opened: {mistake}", .given.display())]
    Address { given: PathBuf, mistake: &'static str },
    #[error("there is no file `{}`, and `mode=rw` creates none; write `mode=rwc`", .0.display())]
    Missing(PathBuf),
    #[error("`{}` cannot be created: {source}", .path.display())]
    Create { path: PathBuf, source: io::Error },
    #[error("the folder of `{}` cannot be used: {source}", .path.display())]
    Folder { path: PathBuf, source: io::Error },
    #[error("the lock file `{}` cannot be used: {source}", .path.display())]
    LockFile { path: PathBuf, source: io::Error },
    #[error("`{}` is in use{}", .database.display(), Holder(*.by))]
    InUse { database: PathBuf, by: Option<u32> },
    #[error("`{}` cannot be opened: {source}{}", .path.display(), hint(source))]
    Database { path: PathBuf, source: rusqlite::Error },
    #[error(
        "the sessions in `{}` were written by a newer release of os-session (schema {found}; this release knows {known}): \
         run that release, or give this one a file of its own", .path.display()
    )]
    Newer { path: PathBuf, found: i64, known: i64 },
    #[error("no thread for `{}`: {source}", .path.display())]
    Thread { path: PathBuf, source: io::Error },
}

/// SQLite says that it may not write, and not where.
fn hint(error: &rusqlite::Error) -> &'static str {
    match error.sqlite_error_code() {
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen) => "; the file and its folder have to be writable",
        _ => "",
    }
}

struct Holder(Option<u32>);

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(id) if id == std::process::id() => {
                f.write_str(" in this process already: clone its `SqliteStore` instead of opening it twice")
            }
            holder => {
                match holder {
                    Some(id) => write!(f, " by process {id}")?,
                    None => f.write_str(" by another process")?,
                }
                f.write_str(
                    "; a file of sessions has one owner: stop that process, or give this one a file of its own; \
                     processes share sessions in `PostgresStore`",
                )
            }
        }
    }
}

/// Why an operation failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("SQLite: {0}")]
    Sqlite(#[from] rusqlite::Error),
    #[error("the session key is taken")]
    KeyTaken,
    #[error("the browser key is taken")]
    BrowserKeyTaken,
    #[error("the transaction was undone: {0}")]
    Undone(String),
    #[error("the thread that writes sessions failed")]
    WriterFailed,
    #[error("the thread that reads all sessions failed")]
    ReaderFailed,
    #[error(
        "row {id} of the sessions is of format {format}, which a newer release of os-session wrote: use that release"
    )]
    OfANewerRelease { id: i64, format: i64 },
}

impl From<OpenError> for StoreError {
    fn from(error: OpenError) -> Self {
        Self::new(error)
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        Self::new(failure)
    }
}
