//! Child processes that say on standard output when they are ready, and go when they are dropped.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};

pub(crate) struct Process {
    child: Child,
    /// Kept open, since a child that prints into a closed pipe dies of it.
    _stdout: BufReader<ChildStdout>,
    /// What followed `mark` on the line that said so.
    pub(crate) ready: String,
}

impl Process {
    /// Starts the command and waits for the line that contains `mark`.
    pub(crate) fn start(command: &mut Command, mark: &str) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
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
        Self { child, _stdout: stdout, ready }
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
