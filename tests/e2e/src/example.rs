//! An example over SQLite as its users start it: the real binary, on a port of its own.

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex, PoisonError};

use tempfile::TempDir;

use crate::process::{LISTENING, Process, binary};

/// An example that runs, until it is dropped.
pub struct Example {
    process: Process,
    which: Which,
    /// Where its sessions are, for the next one.
    folder: Arc<TempDir>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Which {
    Quickstart,
    Shop,
}

impl Example {
    /// Starts the quickstart and waits until it listens.
    pub fn quickstart() -> Self {
        Self::start(Which::Quickstart)
    }

    /// Starts the shop and waits until it listens.
    pub fn shop() -> Self {
        Self::start(Which::Shop)
    }

    fn start(which: Which) -> Self {
        Self::start_in(which, Arc::new(tempfile::tempdir().expect("a folder for the sessions")), "0")
    }

    fn start_in(which: Which, folder: Arc<TempDir>, port: &str) -> Self {
        let process = Process::start(&mut which.command(&folder, port), LISTENING);
        Self { process, which, folder }
    }

    /// Kills it, without a word to it, and runs `meanwhile` before another one is started over the same sessions and at the same
    /// address.
    pub async fn restart(self, meanwhile: impl Future<Output = ()>) -> Self {
        let Self { process, which, folder } = self;
        let (_, port) = process.ready.rsplit_once(':').expect("an address has a port");
        let port = port.to_owned();
        drop(process);
        meanwhile.await;
        Self::start_in(which, folder, &port)
    }

    /// What a second one over the same sessions says before it ends.
    pub fn second(&self) -> Output {
        self.which.command(&self.folder, "0").output().expect("the example starts")
    }

    /// The file of its sessions.
    pub fn sessions(&self) -> PathBuf {
        self.folder.path().join(self.which.file())
    }

    /// The address of a path.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.process.ready)
    }
}

impl Which {
    fn file(self) -> &'static str {
        match self {
            Self::Quickstart => "quickstart.db",
            Self::Shop => "shop.db",
        }
    }

    fn command(self, folder: &TempDir, port: &str) -> Command {
        let (package, variable) = match self {
            Self::Quickstart => ("quickstart", "QUICKSTART_DB"),
            Self::Shop => ("shop", "SHOP_DB"),
        };
        static BINARIES: Mutex<Option<HashMap<Which, PathBuf>>> = Mutex::new(None);
        let mut binaries = BINARIES.lock().unwrap_or_else(PoisonError::into_inner);
        let binary = binaries.get_or_insert_default().entry(self).or_insert_with(|| binary(package));
        let mut command = Command::new(binary);
        command.env("PORT", port).env(variable, folder.path().join(self.file()));
        command
    }
}
