//! The address of a file: a path, what sqlx reads from `DATABASE_URL`, or a URI of SQLite.

use std::path::{Path, PathBuf};

use percent_encoding::percent_decode_str;

use super::error::OpenError;

/// Where the sessions are, and whether a missing file is created.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) path: PathBuf,
    pub(super) creates: bool,
}

/// How an address is written, which decides what its characters stand for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// `sqlite:` or no scheme: sqlx's.
    Url,
    /// `file:`: SQLite's own.
    Uri,
}

/// Parses what was given. A path without a scheme and without parameters stands for itself.
pub(super) fn parse(given: &Path) -> Result<Address, OpenError> {
    let text = given.to_str().unwrap_or_default();
    let (form, rest) = match scheme(text) {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("sqlite") => {
            let rest = rest.strip_prefix("//").unwrap_or(rest);
            match rest.strip_prefix("file:") {
                Some(rest) => (Form::Uri, rest),
                None => (Form::Url, rest),
            }
        }
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("file") => (Form::Uri, rest),
        Some((scheme, rest)) if rest.starts_with("//") || scheme.to_ascii_lowercase().starts_with("sqlite") => {
            return Err(OpenError::Scheme(scheme.to_owned()));
        }
        _ if has_parameters(text) => (Form::Url, text),
        _ => return named(given, given.to_owned(), true),
    };
    let rest = if form == Form::Uri { rest.split('#').next().unwrap_or_default() } else { rest };
    let (name, query) = rest.split_once('?').unwrap_or((rest, ""));
    let creates = creates(given, query)?;
    let name = if form == Form::Uri { without_authority(given, name)? } else { name };
    let decoded = percent_decode_str(name).decode_utf8().map_err(|_| {
        mistake(given, "its percent-encoded bytes are no UTF-8; pass such a path as a `Path`, without `sqlite:`")
    })?;
    named(given, without_slash_before_a_drive(&decoded).into(), creates)
}

/// Refuses what SQLite takes for a database in memory, or for a temporary one.
fn named(given: &Path, path: PathBuf, creates: bool) -> Result<Address, OpenError> {
    if matches!(path.to_str(), Some("" | ":memory:")) {
        return Err(OpenError::NoFile(given.to_owned()));
    }
    if path.as_os_str().as_encoded_bytes().contains(&0) {
        return Err(mistake(given, "it has a NUL character, which no path may have"));
    }
    Ok(Address { path, creates })
}

/// The scheme and what follows it. One letter is a drive of Windows.
fn scheme(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.split_once(':')?;
    let is_scheme = scheme.len() > 1
        && scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.chars().all(|next| next.is_ascii_alphanumeric() || "+-.".contains(next));
    is_scheme.then_some((scheme, rest))
}

/// Whether the file's name goes on with `?name=value`. A question mark alone is part of the name.
fn has_parameters(path: &str) -> bool {
    let name = path.rsplit(['/', std::path::MAIN_SEPARATOR]).next().unwrap_or_default();
    name.split_once('?').is_some_and(|(_, query)| query.contains('='))
}

fn creates(given: &Path, query: &str) -> Result<bool, OpenError> {
    let mut creates = true;
    for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        match (name, value) {
            ("mode", "rwc") => creates = true,
            ("mode", "rw") => creates = false,
            ("mode", "ro") => {
                return Err(mistake(given, "sessions are written; write `mode=rwc` instead of `mode=ro`"));
            }
            ("mode", "memory") => return Err(OpenError::NoFile(given.to_owned())),
            ("mode", _) => return Err(mistake(given, "`mode` must be `rwc` or `rw`")),
            // Of one connection: the application's connections keep theirs.
            ("cache", "private" | "shared") | ("immutable", "false" | "0") => {}
            ("cache", _) => return Err(mistake(given, "`cache` must be `private` or `shared`")),
            ("immutable", _) => {
                return Err(mistake(given, "sessions are written; leave the parameter `immutable` out"));
            }
            ("vfs" | "nolock" | "psow", _) => {
                return Err(mistake(
                    given,
                    "sessions need SQLite's own access to the file; leave `vfs`, `nolock` and `psow` out",
                ));
            }
            _ => {
                return Err(mistake(
                    given,
                    "it has an unknown parameter; the known ones are `mode`, `cache` and `immutable`, and a `?` in the \
                     name of a file is written `sqlite:name%3F.db`",
                ));
            }
        }
    }
    Ok(creates)
}

/// The path of a URI: `file:app.db`, `file:/app.db`, `file:///app.db` and `file://localhost/app.db`
/// have one.
fn without_authority<'a>(given: &Path, name: &'a str) -> Result<&'a str, OpenError> {
    let Some(rest) = name.strip_prefix("//") else { return Ok(name) };
    match rest.find('/').map(|slash| rest.split_at(slash)) {
        Some(("" | "localhost", path)) => Ok(path),
        _ => Err(mistake(
            given,
            "what follows `file://` is a host; write `file:app.db` for a relative path, `file:///var/app.db` for an absolute one",
        )),
    }
}

/// `/C:/app.db` of a URL is `C:/app.db`.
fn without_slash_before_a_drive(path: &str) -> &str {
    match path.as_bytes() {
        [b'/', drive, b':', ..] if cfg!(windows) && drive.is_ascii_alphabetic() => &path[1..],
        _ => path,
    }
}

fn mistake(given: &Path, mistake: &'static str) -> OpenError {
    OpenError::Address { given: given.to_owned(), mistake }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_sqlx_or_sqlite_names_the_file_that_they_open() {
        for (given, path) in [
            ("app.db", "app.db"),
            ("/var/app.db", "/var/app.db"),
            ("C:\\app.db", "C:\\app.db"),
            ("my%20app.db", "my%20app.db"),
            ("why?.db", "why?.db"),
            ("a=b?c/app.db", "a=b?c/app.db"),
            ("10:30.db", "10:30.db"),
            ("app.db?mode=rwc", "app.db"),
            ("/var/app.db?cache=shared&mode=rwc", "/var/app.db"),
            ("sqlite:app.db", "app.db"),
            ("SQLite:app.db", "app.db"),
            ("sqlite://app.db", "app.db"),
            ("sqlite://app.db?mode=rwc", "app.db"),
            ("sqlite:///var/app.db?mode=rwc&cache=private&immutable=0", "/var/app.db"),
            ("sqlite:./app.db?", "./app.db"),
            ("sqlite:my%20app%3F.db", "my app?.db"),
            ("sqlite:a#b.db", "a#b.db"),
            ("file:app.db", "app.db"),
            ("file:app.db?mode=rwc", "app.db"),
            ("file:/var/app.db", "/var/app.db"),
            ("file:///var/app.db#part", "/var/app.db"),
            ("file://localhost/var/my%20app.db", "/var/my app.db"),
            ("sqlite:file:app.db?mode=rwc", "app.db"),
            ("sqlite://file:/var/app.db", "/var/app.db"),
        ] {
            let address = parse(Path::new(given)).unwrap_or_else(|error| panic!("{given}: {error}"));
            assert_eq!(address, Address { path: path.into(), creates: true }, "{given}");
        }
        assert!(!parse(Path::new("sqlite:app.db?mode=rw")).unwrap().creates);
    }

    #[test]
    fn an_address_that_is_refused_comes_with_what_to_write() {
        for (given, fix) in [
            ("", "MemoryStore"),
            (":memory:", "MemoryStore"),
            ("sqlite:", "MemoryStore"),
            ("sqlite://", "MemoryStore"),
            ("sqlite::memory:", "MemoryStore"),
            ("sqlite://:memory:", "MemoryStore"),
            ("file::memory:?cache=shared", "MemoryStore"),
            ("sqlite:app.db?mode=memory", "MemoryStore"),
            ("file:app.db?mode=memory&cache=shared", "MemoryStore"),
            ("app.db?mode=ro", "`mode=rwc`"),
            ("file:app.db?mode=ro", "`mode=rwc`"),
            ("sqlite:app.db?mode=RWC", "`rwc` or `rw`"),
            ("sqlite:app.db?mode", "`rwc` or `rw`"),
            ("sqlite:app.db?immutable=1", "leave the parameter `immutable` out"),
            ("sqlite:app.db?vfs=unix-none", "leave `vfs`"),
            ("sqlite:app.db?cache=big", "`private` or `shared`"),
            ("app.db?mod=rwc", "`mode`, `cache`"),
            ("file://app.db", "`file:app.db`"),
            ("file://host/app.db", "`file:app.db`"),
            ("sqlite:%FF.db", "as a `Path`"),
            ("sqlite:a%00b.db", "NUL"),
            ("sqlite3:app.db", "`sqlite:app.db`"),
            ("sqlite+aiosqlite:///app.db", "`sqlite:app.db`"),
            ("postgres://alice:s3cret@host/app", "`sqlite:app.db`"),
        ] {
            let error = parse(Path::new(given)).expect_err(given).to_string();
            assert!(error.contains(fix) && !error.contains("s3cret"), "{given}: {error}");
        }
    }
}
