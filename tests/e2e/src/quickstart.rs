//! The quickstart as its users start it: the real binary, on a port of its own.

use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::{Arc, OnceLock};

use tempfile::TempDir;

use crate::process::{LISTENING, Process, binary};

/// A quickstart that runs, until it is dropped.
pub struct Quickstart {
    process: Process,
    /// Where its sessions are, for the next one.
    folder: Arc<TempDir>,
}

impl Quickstart {
    /// Starts one and waits until it listens.
    pub fn start() -> Self {
        Self::start_in(Arc::new(tempfile::tempdir().expect("a folder for the sessions")))
    }

    fn start_in(folder: Arc<TempDir>) -> Self {
        let process = Process::start(&mut command(&folder), LISTENING);
        Self { process, folder }
    }

    /// Kills it, without a word to it, and starts another one over the same sessions.
    pub fn restart(self) -> Self {
        let Self { process, folder } = self;
        drop(process);
        Self::start_in(folder)
    }

    /// What a second one over the same sessions says before it ends.
    pub fn second(&self) -> Output {
        command(&self.folder).output().expect("the quickstart starts")
    }

    /// The address of a path.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.process.ready)
    }
}

fn command(folder: &TempDir) -> Command {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    let mut command = Command::new(BINARY.get_or_init(|| binary("quickstart")));
    command.env("PORT", "0").env("QUICKSTART_DB", folder.path().join("quickstart.db"));
    command
}
