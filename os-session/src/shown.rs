//! What pages are shown of a connection: enough to see that it is another one by now, and nothing to act with.

use std::fmt;
use std::hash::{BuildHasher as _, RandomState};

use crate::group::GroupSet;
use crate::store::SessionHandle;

/// A connection as pages know it: `-` for nobody, else the session's handle; behind it, where the groups are known, a tag of
/// them. The client compares them as text, part by part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Shown {
    Nobody,
    User(SessionHandle, Option<GroupsTag>),
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nobody => f.write_str("-"),
            Self::User(session, None) => session.fmt(f),
            Self::User(session, Some(GroupsTag { salt, groups })) => write!(f, "{session}.{salt:x}.{groups:x}"),
        }
    }
}

/// Tells one set of groups from another, and nothing of what is in it: a group may be called `under-suspicion`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct GroupsTag {
    /// Tags under different salts, of different processes, say nothing of each other.
    salt: u64,
    groups: u64,
}

/// The salt of this process's tags.
#[derive(Debug, Default)]
pub(crate) struct ShownSalt(RandomState);

impl ShownSalt {
    /// The tag of a session's user's groups.
    pub(crate) fn tag(&self, session: SessionHandle, groups: &GroupSet) -> GroupsTag {
        GroupsTag { salt: self.0.hash_one("salt"), groups: self.0.hash_one((session, groups)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_of_one_session_and_one_process() {
        let (here, there) = (ShownSalt::default(), ShownSalt::default());
        let (one, two) = (SessionHandle::from_u64(1), SessionHandle::from_u64(2));
        let none = GroupSet::default();
        assert_eq!(here.tag(one, &none), here.tag(one, &none));
        assert_ne!(here.tag(one, &none).groups, here.tag(two, &none).groups);
        assert_ne!(here.tag(one, &none).groups, there.tag(one, &none).groups);
        assert_ne!(here.tag(one, &none).salt, there.tag(one, &none).salt);
    }

    #[test]
    fn what_pages_get_is_text_in_parts() {
        let session = SessionHandle::from_u64(0xabc);
        assert_eq!(Shown::Nobody.to_string(), "-");
        assert_eq!(Shown::User(session, None).to_string(), "0000000000000abc");
        let tag = GroupsTag { salt: 1, groups: 0xf };
        assert_eq!(Shown::User(session, Some(tag)).to_string(), "0000000000000abc.1.f");
    }
}
