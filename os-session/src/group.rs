//! Groups: their names, and sets of them as bits.

use std::sync::{Arc, LazyLock};

use crate::declaration;

/// A value that names a group, so that a path to it can stand in a rule: `allow = ADMIN`.
///
/// ```
/// use os_session::{GroupName, connected};
///
/// enum Group {
///     Admin,
///     OnCall,
/// }
///
/// impl GroupName for Group {
///     fn group_name(&self) -> &'static str {
///         match self {
///             Group::Admin => "admin",
///             Group::OnCall => "on-call",
///         }
///     }
/// }
///
/// const BANNED: &str = "banned";
///
/// #[connected(allow = [Group::Admin, Group::OnCall], deny = BANNED)]
/// async fn pager() {}
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not name a group",
    label = "not a group",
    note = "a path in `allow` or `deny` leads to a `const NAME: &str`, to a variant of an enum with `#[derive(os_session::Group)]`, or to another value whose type implements `os_session::GroupName`"
)]
pub trait GroupName {
    /// The name by which the group provider knows the group. Called once a process and rule.
    fn group_name(&self) -> &'static str;
}

#[diagnostic::do_not_recommend]
impl GroupName for &'static str {
    fn group_name(&self) -> &'static str {
        self
    }
}

/// Every group that a rule of this binary names, sorted; a group's place here is its bit in a [`GroupSet`].
static NAMED_IN_RULES: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let mut names: Vec<_> = declaration::all().flat_map(declaration::Declaration::group_names).collect();
    names.sort_unstable();
    names.dedup();
    names
});

pub(crate) fn named_in_rules() -> &'static [&'static str] {
    &NAMED_IN_RULES
}

/// The place of a group that a rule names.
///
/// # Panics
///
/// If no registered rule names it.
pub(crate) fn bit(name: &str) -> u32 {
    let place = NAMED_IN_RULES.binary_search(&name).expect("rules are registered with all their groups");
    u32::try_from(place).expect("fewer than 2^32 groups")
}

/// A user's groups, as far as the rules of this binary name them: one bit a group.
///
/// A store makes one of the names that it reads; names that no rule mentions are left out, since nothing asks for them.
///
/// ```
/// use os_session::GroupSet;
///
/// let none = GroupSet::from_iter(["no rule names this group"]);
/// assert_eq!(none, GroupSet::default());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct GroupSet {
    /// The first 64 groups: all there are in most binaries.
    low: u64,
    /// The others, `None` where none of them is set, so that equal sets are equal values.
    high: Option<Arc<[u64]>>,
}

impl GroupSet {
    /// The first 64 groups, as bits.
    pub(crate) fn low(&self) -> u64 {
        self.low
    }

    /// The same, if the set has no other.
    pub(crate) fn only_low(&self) -> Option<u64> {
        self.high.is_none().then_some(self.low)
    }

    pub(crate) fn intersects(&self, other: &Self) -> bool {
        self.low & other.low != 0
            || match (&self.high, &other.high) {
                (Some(mine), Some(theirs)) => mine.iter().zip(theirs.iter()).any(|(a, b)| a & b != 0),
                _ => false,
            }
    }

    pub(crate) fn contains(&self, bit: u32) -> bool {
        let (word, bit) = (bit as usize / 64, bit % 64);
        let word = match word {
            0 => Some(self.low),
            word => self.high.as_ref().map(|high| high[word - 1]),
        };
        word.is_some_and(|word| word & 1 << bit != 0)
    }

    pub(crate) fn is_subset(&self, other: &Self) -> bool {
        self.low & !other.low == 0
            && match (&self.high, &other.high) {
                (None, _) => true,
                (Some(_), None) => false,
                (Some(mine), Some(theirs)) => mine.iter().zip(theirs.iter()).all(|(a, b)| a & !b == 0),
            }
    }
}

impl<N> FromIterator<N> for GroupSet
where
    N: AsRef<str>,
{
    fn from_iter<I>(names: I) -> Self
    where
        I: IntoIterator<Item = N>,
    {
        let mut words = vec![0_u64; NAMED_IN_RULES.len().div_ceil(64).max(1)];
        for name in names {
            if let Ok(index) = NAMED_IN_RULES.binary_search(&name.as_ref()) {
                words[index / 64] |= 1 << (index % 64);
            }
        }
        let high = &words[1..];
        Self { low: words[0], high: high.iter().any(|word| *word != 0).then(|| high.into()) }
    }
}
