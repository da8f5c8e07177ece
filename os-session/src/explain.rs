//! Why a rule lets a user in, or does not: each part of it with its value.

use std::fmt;

use crate::access::Reach;
use crate::declaration::{self, Declaration, Place};
use crate::error::{Error, nearest};
use crate::expression::{Answers, Atom, Expression, Test};
use crate::group::GroupSet;
use crate::one_line::OneLine;
use crate::routing::DeclaredFn;
use crate::sessions::Sessions;
use crate::user::UserId;

/// A handler as [`Sessions::explain`] is told of it: the function itself, or its name. Not for implementing.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is neither a declared handler nor the name of one",
    label = "not a declared handler",
    note = "write the name of a function under `#[connected]` or `#[public]`, as `dashboard` or as `\"pages::dashboard\"`"
)]
pub trait NamesHandler<M> {
    /// Its rule.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchHandler`] if there is none of this name, or more than one.
    fn declaration(&self) -> Result<&'static Declaration, Error>;
}

/// A name, and no function.
#[derive(Debug)]
pub struct ByName;

impl NamesHandler<ByName> for &str {
    fn declaration(&self) -> Result<&'static Declaration, Error> {
        let found: Vec<_> = declaration::all().filter(|rule| is_called(rule.place(), self)).collect();
        match found[..] {
            [rule] => Ok(rule),
            [] => Err(Error::NoSuchHandler(unknown(self))),
            _ => Err(Error::NoSuchHandler(ambiguous(self, &found))),
        }
    }
}

impl NamesHandler<ByName> for String {
    fn declaration(&self) -> Result<&'static Declaration, Error> {
        self.as_str().declaration()
    }
}

#[diagnostic::do_not_recommend]
impl<H, Args> NamesHandler<(Args,)> for H
where
    H: DeclaredFn<Args>,
{
    fn declaration(&self) -> Result<&'static Declaration, Error> {
        Ok(H::declaration())
    }
}

fn is_called(place: &Place, name: &str) -> bool {
    let (module, last) = name.rsplit_once("::").unwrap_or(("", name));
    let within = place.module.strip_suffix(module);
    place.name == last && within.is_some_and(|outer| module.is_empty() || outer.is_empty() || outer.ends_with("::"))
}

fn unknown(name: &str) -> String {
    let last = name.rsplit("::").next().unwrap_or_default();
    let known: Vec<_> = declaration::all().map(Declaration::place).collect();
    let near = nearest(last, known.iter().map(|place| place.name))
        .and_then(|near| known.iter().find(|place| place.name == near))
        .map(|place| format!("; there is `{}`", place.path()));
    format!("no handler is called `{name}`{}", near.unwrap_or_default())
}

fn ambiguous(name: &str, found: &[&Declaration]) -> String {
    let mut paths: Vec<_> = found.iter().map(|rule| format!("`{}`", rule.place().path())).collect();
    paths.sort();
    format!("several handlers are called `{name}`: {}; write more of the path", paths.join(", "))
}

/// What a rule makes of a user, part by part. Shown as text:
///
/// ```text
/// documents::pages::delete (src/pages.rs:60)
/// alice, in none of its groups: depends on owns_document(), `fresh`
///   allow admin | owns_document()  depends
///     admin                        no
///     owns_document()              is asked in a request
///   deny banned                    no
///   fresh 5min                     is a matter of the session
/// ```
#[derive(Debug, Clone)]
pub struct Explanation {
    user: UserId,
    rule: &'static Declaration,
    groups: GroupSet,
    answers: Answers,
    fresh: Option<bool>,
}

impl Sessions {
    /// Says what a handler's rule makes of a user, and why. The user is taken to be connected; nothing is run, so what policies
    /// say is left open until it is [assumed](Explanation::assume).
    ///
    /// The handler is the function, or its name with as much of its path as makes it the only one.
    ///
    /// ```
    /// use os_session::{Sessions, UserId, connected, policy};
    ///
    /// #[policy]
    /// async fn owns_document(user: UserId) -> bool {
    ///     user.as_str() == "alice"
    /// }
    ///
    /// #[connected(allow = "admin" | owns_document, deny = "banned")]
    /// async fn document() {}
    ///
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// let groups = |_: UserId| async { ["admin"] };
    /// let sessions = Sessions::builder().groups(["admin", "banned"], groups).build().await?;
    /// let explanation = sessions.explain("alice", document).await?;
    /// assert_eq!(explanation.admitted(), Some(true));
    /// println!("{explanation}");
    /// # Ok::<_, os_session::Error>(())
    /// # })?;
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchHandler`] for a name that is not exactly one handler's, [`Error::UserId`] for
    /// a user id that is not [valid](UserId::validate), [`Error::NoSuchGroup`] if the rule names a
    /// group that was not created, [`Error::Groups`] or [`Error::Store`] if the user's groups
    /// cannot be found.
    pub async fn explain<H, M>(&self, user: impl Into<UserId>, handler: H) -> Result<Explanation, Error>
    where
        H: NamesHandler<M>,
    {
        let (user, rule) = (user.into(), handler.declaration()?);
        user.validate()?;
        self.check_groups_of(rule).await?;
        let groups = match &self.0.groups {
            Some(provider) => self.ask_for_groups(&**provider, &user).await?,
            None => self.stored_groups_of(&user, rule).await?,
        };
        Ok(Explanation { user, rule, groups, answers: Answers::default(), fresh: None })
    }

    /// As far as the rule names them.
    async fn stored_groups_of(&self, user: &UserId, rule: &Declaration) -> Result<GroupSet, Error> {
        let mut groups = Vec::new();
        for name in rule.group_names() {
            if self.0.store.in_group(user, name).await? {
                groups.push(name);
            }
        }
        Ok(groups.into_iter().collect())
    }
}

impl Explanation {
    /// Whether the rule lets the user in; `None` if it depends on policies, or on when the user proved who they are.
    #[must_use]
    pub fn admitted(&self) -> Option<bool> {
        match (self.reach(), self.is_fresh()) {
            (Reach::Never, _) | (_, Some(false)) => Some(false),
            (Reach::Always, Some(true)) => Some(true),
            _ => None,
        }
    }

    /// The same as if a policy had said so.
    ///
    /// # Panics
    ///
    /// If the rule asks no policy of this name.
    #[must_use]
    #[track_caller]
    pub fn assume(mut self, policy: &str, says: bool) -> Self {
        let number = self.rule.atoms().into_iter().find_map(|atom| match atom {
            Atom::Policy(name, number) if name == policy => Some(number),
            _ => None,
        });
        let Some(number) = number else { panic!("the rule of {} asks no policy `{policy}`", self.rule.place()) };
        self.answers = self.answers.with(number, says);
        self
    }

    /// The same for a session in which the user proved who they are lately enough, or too long ago, for `fresh`.
    #[must_use]
    pub fn assume_fresh(mut self, fresh: bool) -> Self {
        self.fresh = Some(fresh);
        self
    }

    fn reach(&self) -> Reach {
        match self.rule.is_public() || self.rule.ignores_session() {
            true if self.rule.requires_connection() => Reach::Never,
            true => Reach::Always,
            false => Reach::of_user(self.rule, &self.groups, self.answers),
        }
    }

    fn is_fresh(&self) -> Option<bool> {
        self.rule.fresh_within().map_or(Some(true), |_| self.fresh)
    }

    /// On what it depends still, in words.
    fn open(&self) -> String {
        let mut open = match self.reach() {
            Reach::DependsOn(policies) => policies.into_iter().map(|policy| format!("{policy}()")).collect(),
            _ => Vec::new(),
        };
        open.extend(self.is_fresh().is_none().then(|| "`fresh`".to_owned()));
        open.join(", ")
    }

    /// The lines of an expression and of its parts.
    fn parts(&self, expression: &Expression, indent: usize, lines: &mut Vec<(String, &'static str)>) {
        let parts: &[Expression] = match expression {
            Expression::Group(_) | Expression::Policy(..) => return,
            Expression::Not(inner) => std::slice::from_ref(*inner),
            Expression::All(parts) | Expression::Any(parts) => parts,
        };
        for part in parts {
            lines.push((format!("{:indent$}{part}", ""), self.value(part)));
            self.parts(part, indent + 2, lines);
        }
    }

    fn value(&self, expression: &Expression) -> &'static str {
        match (Test::new(expression).value(&self.groups, self.answers), expression) {
            (Some(true), _) => "yes",
            (Some(false), _) => "no",
            (None, Expression::Policy(..)) => "is asked in a request",
            (None, _) => "depends",
        }
    }

    fn lines(&self) -> Vec<(String, &'static str)> {
        let mut lines = Vec::new();
        for (word, expression) in [("allow", self.rule.allowed()), ("deny", self.rule.denied())] {
            if let Some(expression) = expression {
                lines.push((format!("{word} {expression}"), self.value(expression)));
                self.parts(expression, 2, &mut lines);
            }
        }
        if let Some(fresh) = self.rule.fresh_in_words() {
            let value = match self.fresh {
                Some(true) => "yes",
                Some(false) => "no",
                None => "is a matter of the session",
            };
            lines.push((fresh, value));
        }
        lines
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { user, rule, groups, .. } = self;
        writeln!(f, "{}", rule.place())?;
        let mut mine: Vec<_> = rule
            .group_names()
            .filter(|name| groups.contains(crate::group::bit(name)))
            .map(|name| format!("`{name}`"))
            .collect();
        mine.sort();
        mine.dedup();
        let groups =
            if mine.is_empty() { "in none of its groups".to_owned() } else { format!("in {}", mine.join(", ")) };
        let verdict = match self.admitted() {
            Some(true) => "admitted".to_owned(),
            Some(false) => "refused".to_owned(),
            None => format!("depends on {}", self.open()),
        };
        writeln!(f, "{}, {groups}: {verdict}", OneLine(user))?;
        let lines = self.lines();
        let width = lines.iter().map(|(part, _)| part.chars().count()).max().unwrap_or(0);
        lines.iter().try_for_each(|(part, value)| writeln!(f, "  {part:width$}  {value}"))
    }
}
