//! What a command says, to a reader or to a program.

use std::fmt::Write as _;
use std::process::ExitCode;
use std::time::{Duration, UNIX_EPOCH};

use os_session::{StoreError, Timestamp};
use serde_json::{Map, Value, json};

/// The version of what `--json` prints: fields are added to it, and none changes its meaning.
const VERSION: u32 = 1;

/// What a command came to.
#[derive(Debug)]
pub(crate) struct Answer {
    /// For a reader, in lines.
    text: String,
    fields: Map<String, Value>,
    is_yes: bool,
}

impl Answer {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), fields: Map::new(), is_yes: true }
    }

    /// A field of the object in JSON.
    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.fields.insert(name.to_owned(), value.into());
        self
    }

    /// Whether it was done, or is so: the exit code tells.
    pub(crate) fn is(self, is_yes: bool) -> Self {
        Self { is_yes, ..self }
    }
}

/// Prints it, and says how the process ends.
#[allow(clippy::print_stdout, reason = "it is what the command is asked for")]
pub(crate) fn tell(answer: Result<Answer, StoreError>, as_json: bool) -> ExitCode {
    match answer {
        Ok(Answer { text, mut fields, is_yes }) => {
            if as_json {
                fields.insert("version".to_owned(), VERSION.into());
                println!("{}", Value::Object(fields));
            } else if !text.is_empty() {
                println!("{}", text.trim_end());
            }
            ExitCode::from(if is_yes { 0 } else { 3 })
        }
        Err(error) => {
            if as_json {
                println!("{}", json!({ "version": VERSION, "error": error.to_string() }));
            }
            eprintln!("os-session: {error}");
            ExitCode::from(1)
        }
    }
}

/// A text from the store, without what a terminal would obey.
pub(crate) fn shown(text: &str) -> String {
    text.chars().fold(String::new(), |mut shown, character| {
        match character.is_control() {
            true => _ = write!(shown, "{}", character.escape_unicode()),
            false => shown.push(character),
        }
        shown
    })
}

/// A moment in UTC.
pub(crate) fn moment(timestamp: Timestamp) -> String {
    let moment = UNIX_EPOCH.checked_add(Duration::from_millis(timestamp.as_millis()));
    // What is later than the year 9999 cannot be written that way.
    moment
        .filter(|_| timestamp.as_millis() < 253_402_300_800_000)
        .map_or_else(|| "never".to_owned(), |moment| humantime::format_rfc3339_seconds(moment).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_written_out() {
        assert_eq!(shown("Firefox \u{1b}[2J\n"), "Firefox \\u{1b}[2J\\u{a}");
    }

    #[test]
    fn a_moment_is_in_utc_and_for_ever_is_never() {
        assert_eq!(moment(Timestamp::from_millis(1_700_000_000_000)), "2023-11-14T22:13:20Z");
        assert_eq!(moment(Timestamp::from_millis(u64::MAX)), "never");
    }
}
