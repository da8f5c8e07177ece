//! Where a store is.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use os_session::SqliteStore;

/// Which store it is, by the beginning of what was written.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Address {
    Sqlite(String),
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
    /// An address of SQLite that cannot work, and why. It has no password.
    Refused(String),
    /// None of the kinds that there are.
    Other,
}

impl fmt::Debug for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("nothing"),
            Self::Store(address) => address.fmt(f),
            Self::Refused(_) => f.write_str("refused"),
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
        } else if starts(&["sqlite:", "file:"]) {
            match SqliteStore::file_of(written) {
                Ok(_) => Self::Store(Address::Sqlite(written.to_owned())),
                Err(error) => Self::Refused(error.to_string()),
            }
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
    pub(crate) fn address(self) -> Result<Address, String> {
        const FORMS: &str = "postgres://…, redis://… or sqlite:path";
        match self {
            Self::Store(address) => Ok(address),
            Self::Nothing => Err(format!("no store; write it after `--store`, or in OS_SESSION_STORE: {FORMS}")),
            Self::Refused(why) => Err(format!("the store must be {FORMS}: {why}")),
            Self::Other => Err(format!("the store must be {FORMS}, got none of them")),
        }
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
        for file in ["sqlite:app.db", "sqlite:///var/app.db?mode=rwc", "file:app.db"] {
            assert_eq!(address(file), Address::Sqlite(file.into()));
        }
        assert_eq!(address("postgresql://a/b").kind(), "postgres");
        assert_eq!(address("redis://a,redis://b"), Address::Redis(vec!["redis://a".into(), "redis://b".into()]));
        assert_eq!(read(""), Written::Nothing);
        assert_eq!(read("mysql://a"), Written::Other);
        for refused in ["sqlite:", "sqlite://", "sqlite::memory:", "sqlite:app.db?mode=ro"] {
            assert!(matches!(read(refused), Written::Refused(_)), "{refused}");
        }
    }

    #[test]
    fn nothing_shows_a_password() {
        for written in ["postgres://a:secret@b", "redis://a:secret@b", "mysql://a:secret@b"] {
            let shown = format!("{:?} {:?}", read(written), read(written).address());
            assert!(!shown.contains("secret"), "{shown}");
        }
    }
}
