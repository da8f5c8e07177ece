//! The quickstart as its users start it: the real binary, on a port of its own.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

use crate::process::Process;

/// A quickstart that runs, until it is dropped.
pub struct Quickstart(Process);

impl Quickstart {
    /// Starts one and waits until it listens.
    pub fn start() -> Self {
        let mut command = Command::new(binary());
        Self(Process::start(command.env("PORT", "0"), "listening on "))
    }

    /// The address of a path.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.0.ready)
    }
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
