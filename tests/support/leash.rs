//! What a test starts ends with the test's process, even if that is killed.

use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};

/// Ends another process when this one ends without dropping it.
#[derive(Debug)]
pub struct Leash(Child);

impl Leash {
    /// Kills the process of that number.
    #[must_use]
    pub fn of(process: &Child) -> Self {
        Self::running(r#"kill -KILL "$1""#, &process.id().to_string())
    }

    /// Runs a script, whose `$1` is this argument.
    ///
    /// # Panics
    ///
    /// If there is no shell.
    #[must_use]
    pub fn running(script: &str, argument: &str) -> Self {
        // The other end of its input closes when this process ends.
        let script = format!("read -r _; {script}");
        let shell = Command::new("sh")
            .args(["-c", &script, "leash", argument])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // A signal to the group of this process must not end it.
            .process_group(0)
            .spawn()
            .expect("there is a shell");
        Self(shell)
    }
}

impl Drop for Leash {
    fn drop(&mut self) {
        // Killed before its input closes, it runs nothing.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
