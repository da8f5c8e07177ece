//! Child processes that say on standard output when they are ready, and go when they are dropped.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};

use os_session_tests::leash::Leash;
use serde_json::Value;

pub(crate) struct Process {
    child: Child,
    /// Ends it where this process cannot.
    pub(crate) leash: Leash,
    /// Kept open, since a child that prints into a closed pipe dies of it.
    _stdout: BufReader<ChildStdout>,
    /// What followed `mark` on the line that said so.
    pub(crate) ready: String,
    /// The lines before that one.
    pub(crate) printed: String,
}

impl Process {
    /// Starts the command and waits for the line that contains `mark`.
    pub(crate) fn start(command: &mut Command, mark: &str) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
        let leash = Leash::of(&child);
        let mut stdout = BufReader::new(child.stdout.take().expect("standard output is piped"));
        let mut printed = String::new();
        let ready = loop {
            let mut line = String::new();
            if stdout.read_line(&mut line).expect("standard output is readable text") == 0 {
                let status = child.wait().expect("the child can be waited for");
                panic!("{command:?} ended with {status} before it printed `{mark}`; it printed:\n{printed}");
            }
            if let Some((_, ready)) = line.split_once(mark) {
                break ready.trim().to_owned();
            }
            printed.push_str(&line);
        };
        Self { child, leash, _stdout: stdout, ready, printed }
    }

    /// Sends the child a signal that ends it, and waits. Returns whether it ended well.
    pub(crate) fn end_by(&mut self, signal: &str) -> bool {
        let told = Command::new("kill").args([signal, &self.child.id().to_string()]).status();
        assert!(told.is_ok_and(|status| status.success()), "it is our child");
        self.child.wait().expect("it can be waited for").success()
    }

    /// Waits for a child that was told to end.
    pub(crate) fn wait(&mut self) {
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may be gone already, and then there is nothing to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where a program is, or what to do if it is nowhere.
pub(crate) fn program(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
        .unwrap_or_else(|| panic!("`{name}` is not installed; `scripts/setup.sh` installs what the tests need"))
}

/// What every example prints before its address.
pub(crate) const LISTENING: &str = "listening on ";

/// The binary of an example, built as this test is. Cargo tells a test the path of its own package's binaries alone, so it is asked.
pub(crate) fn binary(package: &str) -> PathBuf {
    let mut build = Command::new(env!("CARGO"));
    build
        .args(["build", "--package", package, "--message-format", "json"])
        .args((!cfg!(debug_assertions)).then_some("--release"))
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
        .stderr(Stdio::inherit());
    let output = build.output().unwrap_or_else(|error| panic!("cargo does not start: {error}"));
    assert!(output.status.success(), "{package} does not build");
    output
        .stdout
        .split(|byte| *byte == b'\n')
        .filter_map(|line| serde_json::from_slice::<Value>(line).ok())
        .filter(|message| message["target"]["name"] == package)
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .expect("cargo names the executable that it built")
}
