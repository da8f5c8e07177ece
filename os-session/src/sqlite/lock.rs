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
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(at)?;
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

/// The same path for every way of writing it, so that links do not lead to a second lock.
pub(super) fn resolved(database: &Path) -> io::Result<PathBuf> {
    match database.canonicalize() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let folder = database.parent().filter(|folder| !folder.as_os_str().is_empty());
            let folder = folder.unwrap_or(Path::new(".")).canonicalize()?;
            Ok(folder.join(database.file_name().unwrap_or_default()))
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
