//! One owner of a file of sessions: what it keeps in memory is true only while nobody else changes the file.

use std::ffi::OsString;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use super::error::OpenError;

/// A lock on the file beside the database. The operating system lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub(super) struct Owner {
    _locked: File,
}

impl Owner {
    /// `database` is a path from [`resolved`].
    pub(super) fn of(database: &Path) -> Result<Self, OpenError> {
        let path = beside(database);
        let at = |source| OpenError::LockFile { path: path.clone(), source };
        // The file stays when the lock is gone: if it were removed, two could hold "the" lock on two files of one name.
        let mut file = private().read(true).create(true).truncate(false).open(&path).map_err(at)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(OpenError::InUse { database: database.to_owned(), by: holder(&mut file) });
            }
            Err(TryLockError::Error(source)) => return Err(at(source)),
        }
        sign(&mut file).map_err(at)?;
        Ok(Self { _locked: file })
    }
}

/// Creates the database, empty and for its owner alone, if nothing is there. SQLite gives `-wal`
/// and `-shm` its mode.
pub(super) fn create(database: &Path) -> io::Result<()> {
    // An existing database is never opened here: closing it would release the locks of the
    // application's connections.
    match private().create_new(true).open(database) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        created => created.map(drop),
    }
}

/// Options for writing a file that its owner alone may read, if they create one.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// The same path for every way of writing it, so that links do not lead to a second lock.
pub(super) fn resolved(database: &Path) -> io::Result<PathBuf> {
    match database.canonicalize() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let folder = database.parent().filter(|folder| !folder.as_os_str().is_empty());
            let folder = folder.unwrap_or(Path::new(".")).canonicalize()?;
            let path = folder.join(database.file_name().unwrap_or_default());
            // A link to a file that is still to be created.
            path.read_link().map_or(Ok(path), |target| resolved(&folder.join(target)))
        }
        resolved => resolved,
    }
}

fn beside(database: &Path) -> PathBuf {
    let mut path = OsString::from(database);
    path.push("-owner");
    path.into()
}

/// For whoever comes second.
fn sign(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}

fn holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(16).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}
