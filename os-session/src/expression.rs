//! What stands behind `allow` and `deny`: groups and policies under `|`, `&` and `!`.

use std::fmt;

use crate::group::{self, GroupSet};

/// An expression as an attribute writes it, in a static.
#[derive(Debug)]
pub enum Expression {
    /// The user is in this group.
    Group(Group),
    /// The policy of that name says yes. Each has a number of its own in its rule, from 0.
    Policy(&'static str, u8),
    /// `!a`
    Not(&'static Expression),
    /// `a & b`
    All(&'static [Expression]),
    /// `a | b`, and a list
    Any(&'static [Expression]),
}

/// A group as a rule names it.
#[derive(Debug)]
pub enum Group {
    /// `"admin"`
    Literal(&'static str),
    /// `Group::Admin`: the path as written, and what it leads to.
    Path(&'static str, fn() -> &'static str),
}

impl Group {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Literal(name) => name,
            Self::Path(_, name) => name(),
        }
    }

    /// As it stands in the rule.
    fn written(&self) -> String {
        match self {
            Self::Literal(name) => format!("{name:?}"),
            Self::Path(path, _) => (*path).to_owned(),
        }
    }
}

impl Expression {
    /// Hands over each group's name and each policy's, in the order in which they are written.
    pub(crate) fn for_each_atom(&self, visit: &mut impl FnMut(Atom)) {
        match self {
            Self::Group(group) => visit(Atom::Group(group.name())),
            Self::Policy(name, number) => visit(Atom::Policy(name, *number)),
            Self::Not(inner) => inner.for_each_atom(visit),
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.for_each_atom(visit)),
        }
    }
}

/// A group that a rule spells in two ways. Which is which only the names tell, so the macro cannot prove anything about such a rule.
pub(crate) struct SpeltTwice {
    pub(crate) name: &'static str,
    pub(crate) ways: [String; 2],
}

pub(crate) fn spelt_twice<'a>(expressions: impl Iterator<Item = &'a Expression>) -> Option<SpeltTwice> {
    fn collect<'a>(expression: &'a Expression, groups: &mut Vec<&'a Group>) {
        match expression {
            Expression::Group(group) => groups.push(group),
            Expression::Policy(..) => {}
            Expression::Not(inner) => collect(inner, groups),
            Expression::All(parts) | Expression::Any(parts) => parts.iter().for_each(|part| collect(part, groups)),
        }
    }
    let mut groups = Vec::new();
    expressions.for_each(|expression| collect(expression, &mut groups));
    groups.iter().enumerate().find_map(|(index, group)| {
        let other = groups[..index].iter().find(|earlier| earlier.name() == group.name())?;
        let ways = [other.written(), group.written()];
        (ways[0] != ways[1]).then(|| SpeltTwice { name: group.name(), ways })
    })
}

/// What an expression is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Atom {
    Group(&'static str),
    Policy(&'static str, u8),
}

/// As it is written, with the names that paths lead to.
impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// `!` binds tighter than `&`, and `&` tighter than `|`.
        fn rank(expression: &Expression) -> u8 {
            match expression {
                Expression::Any(parts) if parts.len() > 1 => 0,
                Expression::All(parts) if parts.len() > 1 => 1,
                _ => 2,
            }
        }
        fn write(expression: &Expression, at_least: u8, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            let parenthesised = rank(expression) < at_least;
            if parenthesised {
                f.write_str("(")?;
            }
            match expression {
                Expression::Group(group) => f.write_str(group.name())?,
                Expression::Policy(name, _) => write!(f, "{name}()")?,
                Expression::Not(inner) => {
                    f.write_str("!")?;
                    write(inner, 2, f)?;
                }
                Expression::All(parts) => join(parts, " & ", 2, f)?,
                Expression::Any(parts) => join(parts, " | ", 1, f)?,
            }
            if parenthesised {
                f.write_str(")")?;
            }
            Ok(())
        }
        fn join(parts: &[Expression], mark: &str, at_least: u8, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            for (number, part) in parts.iter().enumerate() {
                if number > 0 {
                    f.write_str(mark)?;
                }
                write(part, at_least, f)?;
            }
            Ok(())
        }
        write(self, 0, f)
    }
}

/// What is known of a rule's policies while it is decided.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Answers {
    asked: u16,
    yes: u16,
}

impl Answers {
    pub(crate) fn with(mut self, number: u8, answer: bool) -> Self {
        self.asked |= 1 << number;
        self.yes |= u16::from(answer) << number;
        self
    }

    pub(crate) fn of(self, number: u8) -> Option<bool> {
        (self.asked & 1 << number != 0).then_some(self.yes & 1 << number != 0)
    }
}

/// An expression made ready for deciding: names are bits.
#[derive(Debug)]
pub(crate) enum Test {
    /// The user is in one of these groups: what most rules are.
    InOneOf(GroupSet),
    Group(u32),
    Policy(u8),
    Not(Box<Test>),
    All(Box<[Test]>),
    Any(Box<[Test]>),
}

impl Test {
    pub(crate) fn new(expression: &Expression) -> Self {
        let all = |parts: &[Expression]| parts.iter().map(Self::new).collect();
        match expression {
            Expression::Group(group) => Self::Group(group::bit(group.name())),
            Expression::Policy(_, number) => Self::Policy(*number),
            Expression::Not(inner) => Self::Not(Box::new(Self::new(inner))),
            Expression::All(parts) => Self::All(all(parts)),
            Expression::Any(parts) => {
                let names: Option<Vec<_>> = parts
                    .iter()
                    .map(|part| match part {
                        Expression::Group(group) => Some(group.name()),
                        _ => None,
                    })
                    .collect();
                names.map_or_else(|| Self::Any(all(parts)), |names| Self::InOneOf(names.into_iter().collect()))
            }
        }
    }

    /// The groups of which one suffices, where that is all there is to it and they are among the first 64.
    pub(crate) fn mask(&self) -> Option<u64> {
        match self {
            Self::InOneOf(groups) => groups.only_low(),
            Self::Group(bit) => 1_u64.checked_shl(*bit),
            _ => None,
        }
    }

    /// The value for a user who is in these groups, as far as policies have answered; `None` as long as it depends on others.
    pub(crate) fn value(&self, groups: &GroupSet, answers: Answers) -> Option<bool> {
        match self {
            Self::InOneOf(any) => Some(groups.intersects(any)),
            Self::Group(bit) => Some(groups.contains(*bit)),
            Self::Policy(number) => answers.of(*number),
            Self::Not(inner) => inner.value(groups, answers).map(|value| !value),
            Self::All(parts) => decisive(parts, groups, answers, false),
            Self::Any(parts) => decisive(parts, groups, answers, true),
        }
    }

    /// The first policy on which the value depends still.
    pub(crate) fn next_policy(&self, groups: &GroupSet, answers: Answers) -> Option<u8> {
        if self.value(groups, answers).is_some() {
            return None;
        }
        match self {
            Self::Policy(number) => Some(*number),
            Self::Not(inner) => inner.next_policy(groups, answers),
            Self::All(parts) | Self::Any(parts) => parts.iter().find_map(|part| part.next_policy(groups, answers)),
            Self::InOneOf(_) | Self::Group(_) => None,
        }
    }
}

/// One part with the decisive value settles it; otherwise all have to be known.
fn decisive(parts: &[Test], groups: &GroupSet, answers: Answers, decisive: bool) -> Option<bool> {
    let mut all_known = true;
    for part in parts {
        match part.value(groups, answers) {
            Some(value) if value == decisive => return Some(decisive),
            Some(_) => {}
            None => all_known = false,
        }
    }
    all_known.then_some(!decisive)
}
