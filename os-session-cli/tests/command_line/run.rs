//! The command, and the stores that it is run against.

use std::path::PathBuf;

use assert_cmd::Command;
use os_session_tests::postgres::TestSchema;
use os_session_tests::redis::TestPrefix;
use serde_json::Value;
use tempfile::TempDir;

/// What a run of the command came to.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        let said: Value = serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.out));
        assert_eq!(said["version"], 1);
        said
    }

    /// The exit code and all that was said.
    pub(crate) fn said(&self) -> (i32, String) {
        (self.code, format!("{}{}", self.out, self.err))
    }
}

/// The options that name a store of a test.
pub(crate) trait Named {
    fn named(&self) -> Vec<String>;
}

impl Named for TestSchema {
    fn named(&self) -> Vec<String> {
        vec!["--store".into(), self.url.clone(), "--schema".into(), self.name.clone()]
    }
}

impl Named for TestPrefix {
    fn named(&self) -> Vec<String> {
        vec!["--store".into(), self.url.clone(), "--prefix".into(), self.name.clone()]
    }
}

pub(crate) struct TestFile(TempDir);

impl TestFile {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.0.path().join("app.db")
    }
}

impl Named for TestFile {
    fn named(&self) -> Vec<String> {
        vec!["--store".into(), format!("sqlite:{}", self.path().display())]
    }
}

/// Runs the command on a thread of its own, so that what the test has started goes on.
pub(crate) async fn run(store: &impl Named, words: &[&str]) -> Ran {
    let words: Vec<String> = store.named().into_iter().chain(words.iter().map(ToString::to_string)).collect();
    tokio::task::spawn_blocking(move || {
        let mut command = Command::cargo_bin("os-session").unwrap();
        let ran = command.env_remove("OS_SESSION_STORE").args(words).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ran { code: ran.status.code().unwrap(), out: text(ran.stdout), err: text(ran.stderr) }
    })
    .await
    .unwrap()
}

/// A store that is named by hand.
pub(crate) struct By<'a>(pub(crate) &'a str);

impl Named for By<'_> {
    fn named(&self) -> Vec<String> {
        match self.0 {
            "" => Vec::new(),
            address => vec!["--store".into(), address.into(), "--deadline".into(), "500ms".into()],
        }
    }
}
