//! What can be told of a rule by trying it on every kind of user there may be.

use crate::diagnostics::Diagnostics;
use crate::expression::{Atom, Expression};

/// Each doubles the kinds of users, and the runtime keeps as many answers of policies.
const MOST_ATOMS: usize = 16;

pub(crate) fn check(allow: Option<&Expression>, deny: Option<&Expression>, errors: &mut Diagnostics) {
    let mut sound = true;
    for (key, expression) in [("allow", allow), ("deny", deny)] {
        sound &= expression.is_none_or(|expression| check_duplicates(key, expression, errors));
    }
    if let (Some(allow), Some(deny)) = (allow, deny) {
        sound &= check_overlap(allow, deny, errors);
    }
    let expressions = allow.into_iter().chain(deny);
    if let (true, Some(users)) = (sound, Users::of(expressions, errors)) {
        users.check(allow, deny, errors);
    }
}

/// Whether no two neighbours are the same.
fn check_duplicates(key: &str, expression: &Expression, errors: &mut Diagnostics) -> bool {
    let parts = match expression {
        Expression::Atom(_) => return true,
        Expression::Not(_, inner) => return check_duplicates(key, inner, errors),
        Expression::All(parts) | Expression::Any(parts) => parts,
    };
    let mut sound = true;
    for (index, part) in parts.iter().enumerate() {
        if parts[..index].iter().any(|earlier| earlier.written() == part.written()) {
            sound = false;
            let rule = match part {
                Expression::Atom(atom) => format!("duplicate {} in `{key}`", named(atom)),
                other => format!("duplicate `{}` in `{key}`", other.written()),
            };
            errors.error(part, rule, "name it once");
        } else {
            sound &= check_duplicates(key, part, errors);
        }
    }
    sound
}

fn named(atom: &Atom) -> String {
    let kind = if matches!(atom, Atom::Policy(_)) { "policy" } else { "group" };
    format!("{kind} `{}`", atom.name())
}

/// Whether nothing is allowed in so many words and denied in the same.
fn check_overlap(allow: &Expression, deny: &Expression, errors: &mut Diagnostics) -> bool {
    let mut sound = true;
    for denied in deny.alternatives() {
        let Expression::Atom(denied) = denied else { continue };
        let is_same = |allowed: &Expression| matches!(allowed, Expression::Atom(allowed) if allowed.is_same(denied));
        if allow.alternatives().iter().any(is_same) {
            sound = false;
            errors.error(
                denied,
                format_args!("{} cannot be both allowed and denied", named(denied)),
                format_args!("`deny` wins, so nobody would get in by `{}`; keep one of the two", denied.name()),
            );
        }
    }
    sound
}

/// Every kind of user: in each set of the groups, with each answer of the policies. What is spelled alike is the same; if
/// more than that is the same, there are fewer kinds of users, and what holds for all holds for them.
struct Users<'a>(Vec<&'a Atom>);

/// A kind of user: a bit for each atom.
type User = u32;

impl<'a> Users<'a> {
    fn of(expressions: impl Iterator<Item = &'a Expression>, errors: &mut Diagnostics) -> Option<Self> {
        let mut atoms: Vec<&Atom> = Vec::new();
        for atom in expressions.flat_map(Expression::atoms) {
            if atoms.iter().any(|known| known.is_same(atom)) {
                continue;
            }
            if atoms.len() == MOST_ATOMS {
                errors.error(
                    atom,
                    format_args!("a rule cannot name more than {MOST_ATOMS} groups and policies"),
                    "make a group, or a policy, of several",
                );
                return None;
            }
            atoms.push(atom);
        }
        Some(Self(atoms))
    }

    fn all(&self) -> impl Iterator<Item = User> {
        // Those who are in few groups first: they make the better example.
        let mut users: Vec<User> = (0..1 << self.0.len()).collect();
        users.sort_by_key(|user| user.count_ones());
        users.into_iter()
    }

    fn satisfies(&self, user: User, expression: &Expression) -> bool {
        match expression {
            Expression::Atom(atom) => {
                let bit = self.0.iter().position(|known| known.is_same(atom));
                bit.is_some_and(|bit| user & 1 << bit != 0)
            }
            Expression::Not(_, inner) => !self.satisfies(user, inner),
            Expression::All(parts) => parts.iter().all(|part| self.satisfies(user, part)),
            Expression::Any(parts) => parts.iter().any(|part| self.satisfies(user, part)),
        }
    }

    fn check(&self, allow: Option<&Expression>, deny: Option<&Expression>, errors: &mut Diagnostics) {
        let allows = |user: User| allow.is_none_or(|allow| self.satisfies(user, allow));
        let denies = |user: User| deny.is_some_and(|deny| self.satisfies(user, deny));
        let first = |kind: &dyn Fn(User) -> bool| self.all().find(|user| kind(*user));

        if let Some(allow) = allow {
            if first(&allows).is_none() {
                let user = self.describe(self.most_eager(allow));
                return errors.error(allow, "nobody can satisfy `allow`", format_args!("not even {user} gets in"));
            }
            if first(&|user| !allows(user)).is_none() {
                let user = self.describe(0);
                let help = format_args!("{user} gets in as well; to let every connected user in, leave `allow` out");
                return errors.error(allow, "every connected user satisfies `allow`", help);
            }
        }
        let Some(deny) = deny else { return };
        if first(&|user| !denies(user)).is_none() {
            let user = self.describe(0);
            return errors.error(deny, "`deny` refuses everybody", format_args!("even {user} is refused"));
        }
        for refused in deny.alternatives() {
            let of_this = |user: User| self.satisfies(user, refused);
            let Some(example) = first(&of_this) else {
                let user = self.describe(self.most_eager(refused));
                let help = format_args!("not even {user} is refused by it; leave it out");
                errors.error(refused, "`deny` refuses nobody by this", help);
                continue;
            };
            if allow.is_some() && first(&|user| of_this(user) && allows(user)).is_none() {
                let user = self.describe(example);
                let help = format_args!("{user} does not satisfy `allow` anyway; leave it out");
                errors.error(refused, "`allow` refuses already whom this denies", help);
            }
        }
        if let (Some(allow), None) = (allow, first(&|user| allows(user) && !denies(user)))
            && let Some(example) = first(&allows)
        {
            let user = self.describe(example);
            let help = format_args!("{user} satisfies `allow`, and `deny` as well, which wins");
            errors.error(allow, "nobody can satisfy this rule", help);
        }
    }

    /// The kind of user who has everything that the expression mentions without `!`: the best example of one whom it
    /// leaves out all the same.
    fn most_eager(&self, expression: &Expression) -> User {
        match expression {
            Expression::Atom(atom) => self.0.iter().position(|known| known.is_same(atom)).map_or(0, |bit| 1 << bit),
            Expression::Not(..) => 0,
            Expression::All(parts) | Expression::Any(parts) => {
                parts.iter().fold(0, |user, part| user | self.most_eager(part))
            }
        }
    }

    /// A kind of user, in words.
    fn describe(&self, user: User) -> String {
        let chosen = |policies: bool| {
            let mut names = Vec::new();
            for (bit, atom) in self.0.iter().enumerate() {
                if matches!(atom, Atom::Policy(_)) == policies && user & 1 << bit != 0 {
                    names.push(format!("`{}`", atom.name()));
                }
            }
            names
        };
        let (groups, policies) = (chosen(false), chosen(true));
        let has_groups = self.0.iter().any(|atom| !matches!(atom, Atom::Policy(_)));
        let mut text = match groups.split_last() {
            None if has_groups => "a user in none of these groups".to_owned(),
            None => "a user".to_owned(),
            Some((only, [])) => format!("a user in {only} only"),
            Some((last, others)) => format!("a user in {} and {last}", others.join(", ")),
        };
        if !policies.is_empty() {
            text = format!("{text} to whom {} says yes", policies.join(" and "));
        } else if !has_groups {
            text.push_str(" to whom no policy says yes");
        }
        text
    }
}
