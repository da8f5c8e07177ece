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
    None,
    /// It may hold a password: no error repeats it.
    Unknown,
}

impl FromStr for Address {
    type Err = Infallible;

    fn from_str(written: &str) -> Result<Self, Infallible> {
        let starts = |schemes: &[&str]| schemes.iter().any(|scheme| written.starts_with(scheme));
        Ok(if written.is_empty() {
            Self::None
        } else if let Some(path) = written.strip_prefix("sqlite:") {
            Self::Sqlite(path.strip_prefix("//").unwrap_or(path).into())
        } else if starts(&["postgres://", "postgresql://"]) {
            Self::Postgres(written.to_owned())
        } else if starts(&["redis://", "rediss://", "valkey://", "valkeys://", "redis+unix://", "unix://"]) {
            Self::Redis(written.split(',').map(str::to_owned).collect())
        } else {
            Self::Unknown
        })
    }
}

/// Without what follows, which may hold a password.
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => f.debug_tuple("Sqlite").field(path).finish(),
            Self::Postgres(_) => f.write_str("Postgres"),
            Self::Redis(_) => f.write_str("Redis"),
            Self::None => f.write_str("None"),
            Self::Unknown => f.write_str("Unknown"),
        }
    }
}

impl Address {
    /// What kind of store it is.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "sqlite",
            Self::Postgres(_) => "postgres",
            Self::Redis(_) => "redis",
            Self::None | Self::Unknown => "unknown",
        }
    }

    /// Why it is no address of a store.
    pub(crate) fn problem(&self) -> &'static str {
        match self {
            Self::None => {
                "which store? Say it with `--store`, or in OS_SESSION_STORE: postgres://…, redis://… or sqlite:path"
            }
            _ => "the store is given as postgres://…, redis://… or sqlite:path, and this begins with none of them",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(written: &str) -> Address {
        written.parse().unwrap()
    }

    #[test]
    fn the_beginning_says_which_store_it_is() {
        assert_eq!(read("sqlite:app.db"), Address::Sqlite("app.db".into()));
        assert_eq!(read("sqlite:///var/app.db"), Address::Sqlite("/var/app.db".into()));
        assert_eq!(read("postgresql://a/b").kind(), "postgres");
        assert_eq!(read("redis://a,redis://b"), Address::Redis(vec!["redis://a".into(), "redis://b".into()]));
        assert_eq!(read(""), Address::None);
        assert_eq!(read("mysql://a"), Address::Unknown);
    }

    #[test]
    fn nothing_shows_a_password() {
        for written in ["postgres://a:secret@b", "redis://a:secret@b", "mysql://a:secret@b"] {
            let shown = format!("{:?} {}", read(written), read(written).problem());
            assert!(!shown.contains("secret"), "{shown}");
        }
    }
}
