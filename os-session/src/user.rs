//! Who is connected, as the application names its users.

use std::convert::Infallible;
use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use smol_str::{SmolStr, ToSmolStr};

use crate::error::Error;

/// The identifier of a user: text inside, cheap to clone.
///
/// It is whatever the application's user table calls a user: a number, a name, a UUID. Integers and strings convert
/// into it, and [`parse`](UserId::parse) converts back.
///
/// Any text converts, so that it need not be checked twice. Every operation that takes a user
/// [validates](UserId::validate) the identifier before it asks the store: it has at most 255 bytes,
/// no NUL, and is not blank.
///
/// As an extractor it is the user who is connected, and refuses with [`Error::NotConnected`](crate::Error::NotConnected)
/// if nobody is; `Option<UserId>` never refuses.
///
/// It displays its text as it is. In a log, write `?user` where users choose their ids: line breaks
/// are escaped then.
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

    /// Returns an error if no session can be opened for this identifier: it is blank, has more than
    /// 255 bytes, or has a NUL character, which not every store can keep.
    ///
    /// White space, control characters and zero-width characters alone are blank. For a log-in form
    /// that reports the mistake itself; every operation that takes a user checks it.
    ///
    /// ```
    /// use os_session::{Error, UserId};
    ///
    /// assert!(UserId::from("alice").validate().is_ok());
    /// assert!(matches!(UserId::from(" ").validate(), Err(Error::UserId(_))));
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::UserId`], which is a response with 400 and names what is wrong. The identifier is
    /// not part of it.
    pub fn validate(&self) -> Result<(), Error> {
        let Some(flaw) = flaw(&self.0) else { return Ok(()) };
        let problem = format!("a user id {flaw}");
        tracing::debug!(%problem, "user id refused");
        Err(Error::UserId(problem))
    }
}

/// Every store keeps as much as the key of a row.
const MOST_BYTES: usize = 255;

/// What keeps a text from being the name of a user or a group.
pub(crate) fn flaw(name: &str) -> Option<String> {
    if name.len() > MOST_BYTES {
        return Some(format!("must have at most {MOST_BYTES} bytes, got {}", name.len()));
    }
    if name.contains('\0') {
        return Some("must not have a NUL character".to_owned());
    }
    name.chars().all(is_blank).then(|| "must not be blank".to_owned())
}

fn is_blank(character: char) -> bool {
    const ZERO_WIDTH: [RangeInclusive<char>; 6] = [
        '\u{AD}'..='\u{AD}',
        '\u{180E}'..='\u{180E}',
        '\u{200B}'..='\u{200F}',
        '\u{202A}'..='\u{202E}',
        '\u{2060}'..='\u{206F}',
        '\u{FEFF}'..='\u{FEFF}',
    ];
    character.is_whitespace() || character.is_control() || ZERO_WIDTH.iter().any(|range| range.contains(&character))
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
