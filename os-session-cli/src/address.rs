//! Where a store is.

use std::convert::Infallible;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// Which store it is, by the beginning of what was written.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Address {
    Sqlite(PathBuf),
    Postgres(String),
    /// One server, or some nodes of a cluster.
    Redis(Vec<String>),
}

/// Without what follows, which may hold a password.
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind())
    }
}

impl Address {
    /// What kind of store it is.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "sqlite",
            Self::Postgres(_) => "postgres",
            Self::Redis(_) => "redis",
        }
    }
}

/// What was written for a store. It is read later, since the error of an argument would repeat it, with a password in it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Written {
    Nothing,
    Store(Address),
    /// None of the kinds that there are.
    Other,
}

impl fmt::Debug for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("nothing"),
            Self::Store(address) => address.fmt(f),
            Self::Other => f.write_str("other"),
        }
    }
}

impl FromStr for Written {
    type Err = Infallible;

    fn from_str(written: &str) -> Result<Self, Infallible> {
        let starts = |schemes: &[&str]| schemes.iter().any(|scheme| written.starts_with(scheme));
        Ok(if written.is_empty() {
            Self::Nothing
        } else if written.starts_with(SQLITE) {
            let path = file(written);
            if path.as_os_str().is_empty() { Self::Other } else { Self::Store(Address::Sqlite(path)) }
        } else if starts(&["postgres://", "postgresql://"]) {
            Self::Store(Address::Postgres(written.to_owned()))
        } else if starts(&["redis://", "rediss://", "valkey://", "valkeys://", "redis+unix://", "unix://"]) {
            Self::Store(Address::Redis(written.split(',').map(str::to_owned).collect()))
        } else {
            Self::Other
        })
    }
}

impl Written {
    /// The store, or why there is none.
    pub(crate) fn address(self) -> Result<Address, &'static str> {
        match self {
            Self::Store(address) => Ok(address),
            Self::Nothing => Err(
                "which store? Say it with `--store`, or in OS_SESSION_STORE: postgres://…, redis://… or sqlite:path",
            ),
            Self::Other => Err(
                "the store is given as postgres://…, redis://… or sqlite:path, and what was written is none of them",
            ),
        }
    }
}

const SQLITE: &str = "sqlite:";

/// The path of a file, with or without what a store in one begins with.
pub(crate) fn file(written: &str) -> PathBuf {
    match written.strip_prefix(SQLITE) {
        Some(path) => path.strip_prefix("//").unwrap_or(path).into(),
        None => written.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(written: &str) -> Written {
        written.parse().unwrap()
    }

    fn address(written: &str) -> Address {
        read(written).address().unwrap()
    }

    #[test]
    fn the_beginning_says_which_store_it_is() {
        assert_eq!(address("sqlite:app.db"), Address::Sqlite("app.db".into()));
        assert_eq!(address("sqlite:///var/app.db"), Address::Sqlite("/var/app.db".into()));
        assert_eq!(address("postgresql://a/b").kind(), "postgres");
        assert_eq!(address("redis://a,redis://b"), Address::Redis(vec!["redis://a".into(), "redis://b".into()]));
        assert_eq!(read(""), Written::Nothing);
        for other in ["mysql://a", "sqlite:", "sqlite://"] {
            assert_eq!(read(other), Written::Other, "{other}");
        }
        assert_eq!(file("sqlite:app.db"), file("app.db"));
    }

    #[test]
    fn nothing_shows_a_password() {
        for written in ["postgres://a:secret@b", "redis://a:secret@b", "mysql://a:secret@b"] {
            let shown = format!("{:?} {:?}", read(written), read(written).address());
            assert!(!shown.contains("secret"), "{shown}");
        }
    }
}
