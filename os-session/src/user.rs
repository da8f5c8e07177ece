//! Who is connected, as the application names its users.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use smol_str::{SmolStr, ToSmolStr};

/// The identifier of a user: text inside, cheap to clone.
///
/// It is whatever the application's user table calls a user: a number, a name, a UUID. Integers and strings convert
/// into it, and [`parse`](UserId::parse) converts back.
///
/// As an extractor it is the user who is connected, and refuses with [`Error::NotConnected`](crate::Error::NotConnected)
/// if nobody is; `Option<UserId>` never refuses.
///
/// ```
/// use os_session::UserId;
///
/// let user = UserId::from(42);
/// assert_eq!(user.as_str(), "42");
/// assert_eq!(user.parse::<i64>().unwrap(), 42);
/// assert!(UserId::from("alice").parse::<i64>().is_err());
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserId(SmolStr);

impl UserId {
    /// The identifier as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The identifier as the type that the application's user table uses.
    ///
    /// # Errors
    ///
    /// [`InvalidUserId`] if the text is no `T`: the session was opened with another kind of identifier.
    pub fn parse<T>(&self) -> Result<T, InvalidUserId>
    where
        T: FromStr,
    {
        self.0.parse().map_err(|_| InvalidUserId { wanted: std::any::type_name::<T>() })
    }

    pub(crate) fn is_blank(&self) -> bool {
        self.0.trim().is_empty()
    }
}

/// A [`UserId`] that cannot be read as the type asked for.
///
/// This is a mistake of the program (a session opened for `"alice"`, read back as an `i64`), so a request that meets it
/// is answered with 500, and never as if the account were missing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the user id does not parse as `{wanted}`; open sessions with the same type that you ask for")]
pub struct InvalidUserId {
    wanted: &'static str,
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UserId({:?})", self.as_str())
    }
}

impl FromStr for UserId {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(text.into())
    }
}

impl Serialize for UserId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for UserId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

impl AsRef<str> for UserId {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl PartialEq<str> for UserId {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for UserId {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl From<&UserId> for UserId {
    fn from(user: &UserId) -> Self {
        user.clone()
    }
}

impl From<&str> for UserId {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<String> for UserId {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<&String> for UserId {
    fn from(text: &String) -> Self {
        Self(text.into())
    }
}

macro_rules! from_integers {
    ($($integer:ty)*) => {$(
        impl From<$integer> for UserId {
            fn from(number: $integer) -> Self {
                Self(number.to_smolstr())
            }
        }
    )*};
}

from_integers!(i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize);

#[cfg(feature = "uuid")]
impl From<uuid::Uuid> for UserId {
    fn from(id: uuid::Uuid) -> Self {
        Self(id.to_smolstr())
    }
}
