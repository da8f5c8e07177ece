//! The quickstart as its users start it: the real binary, on a port of its own.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, OnceLock};

use serde_json::Value;
use tempfile::TempDir;

use crate::process::Process;

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
        let process = Process::start(&mut command(&folder), "listening on ");
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
    let mut command = Command::new(binary());
    command.env("PORT", "0").env("QUICKSTART_DB", folder.path().join("quickstart.db"));
    command
}

/// The binary, built as this test is. Cargo tells a test the path of its own package's binaries alone, so it is asked.
fn binary() -> &'static PathBuf {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        let mut build = Command::new(env!("CARGO"));
        build
            .args(["build", "--package", "quickstart", "--message-format", "json"])
            .args((!cfg!(debug_assertions)).then_some("--release"))
            .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
            .stderr(Stdio::inherit());
        let output = build.output().unwrap_or_else(|error| panic!("cargo does not start: {error}"));
        assert!(output.status.success(), "the quickstart does not build");
        output
            .stdout
            .split(|byte| *byte == b'\n')
            .filter_map(|line| serde_json::from_slice::<Value>(line).ok())
            .filter(|message| message["target"]["name"] == "quickstart")
            .find_map(|message| message["executable"].as_str().map(PathBuf::from))
            .expect("cargo names the executable that it built")
    })
}
