//! Rules as data: what an attribute on a handler declares, registered at link time.

use std::any::TypeId;
use std::fmt;
use std::sync::{LazyLock, OnceLock};
use std::time::Duration;

use crate::expression::{Answers, Atom, Expression, SpeltTwice, Test, spelt_twice};
use crate::group::GroupSet;

/// Where something was declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The name of the function.
    pub name: &'static str,
    /// The module that it stands in.
    pub module: &'static str,
    /// The source file, as the compiler names it.
    pub file: &'static str,
    /// The line of the attribute.
    pub line: u32,
}

impl Place {
    /// The path of the function: `shop::orders::list`.
    pub(crate) fn path(&self) -> String {
        let Self { name, module, .. } = self;
        format!("{module}::{name}")
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, module, file, line } = self;
        write!(f, "{module}::{name} ({file}:{line})")
    }
}

/// The type of an application's state, as a hook or a server function names it.
#[derive(Debug, Clone, Copy)]
pub struct StateType {
    id: fn() -> TypeId,
    name: &'static str,
}

impl StateType {
    /// The type, with its name as the user wrote it.
    #[must_use]
    pub const fn of<S: 'static>(name: &'static str) -> Self {
        Self { id: TypeId::of::<S>, name }
    }

    pub(crate) fn id(&self) -> TypeId {
        (self.id)()
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }
}

/// What kind of function carries the rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A handler under `#[connected]`.
    Page,
    /// A handler under `#[public]`, and why it is.
    Public {
        /// The reason that the attribute gives.
        reason: &'static str,
    },
    /// A function under `#[connected_rpc]`.
    Rpc,
    /// A function under `#[connected_wrapper]`.
    Wrapper,
}

/// What a rule wants of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Connection {
    Required,
    Optional,
    Ignored,
}

/// One declared function and its rule. Built by the attribute macros, in a static.
#[derive(Debug)]
pub struct Declaration {
    place: Place,
    kind: Kind,
    connection: Connection,
    allow: Option<Expression>,
    deny: Option<Expression>,
    fresh: Option<Duration>,
    cross_site: Option<&'static str>,
    state: Option<StateType>,
    keeps_parts: bool,
    tests: OnceLock<Tests>,
}

/// The rule made ready for deciding, when it first has to.
#[derive(Debug)]
struct Tests {
    allow: Option<Test>,
    deny: Option<Test>,
    masks: Option<Masks>,
    named: GroupSet,
}

/// What most rules come down to: the user is in one of these groups and in none of those.
#[derive(Debug, Clone, Copy)]
struct Masks {
    /// `None`: whoever it is.
    allow: Option<u64>,
    deny: u64,
}

impl Masks {
    fn of(allow: Option<&Test>, deny: Option<&Test>) -> Option<Self> {
        let allow = match allow {
            Some(test) => Some(test.mask()?),
            None => None,
        };
        Some(Self { allow, deny: deny.map_or(Some(0), Test::mask)? })
    }

    fn admit(self, groups: &GroupSet) -> bool {
        groups.low() & self.deny == 0 && self.allow.is_none_or(|allow| groups.low() & allow != 0)
    }
}

/// What a rule says of a connected user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Admitted,
    Refused,
    /// It depends on the policy of that number.
    Ask(u8),
}

/// What the attribute macros call.
impl Declaration {
    const fn new(place: Place, kind: Kind, connection: Connection) -> Self {
        Self {
            place,
            kind,
            connection,
            allow: None,
            deny: None,
            fresh: None,
            cross_site: None,
            state: None,
            keeps_parts: false,
            tests: OnceLock::new(),
        }
    }

    /// A handler under `#[connected]`.
    #[must_use]
    pub const fn page(place: Place) -> Self {
        Self::new(place, Kind::Page, Connection::Required)
    }

    /// A handler under `#[public]`.
    #[must_use]
    pub const fn public(place: Place, reason: &'static str) -> Self {
        Self::new(place, Kind::Public { reason }, Connection::Ignored)
    }

    /// A function under `#[connected_rpc]`.
    #[must_use]
    pub const fn rpc(place: Place) -> Self {
        Self::new(place, Kind::Rpc, Connection::Required)
    }

    /// A function under `#[connected_wrapper]`.
    #[must_use]
    pub const fn wrapper(place: Place) -> Self {
        Self::new(place, Kind::Wrapper, Connection::Optional)
    }

    /// `allow = …`
    #[must_use]
    pub const fn allow(mut self, expression: Expression) -> Self {
        self.allow = Some(expression);
        self
    }

    /// `deny = …`
    #[must_use]
    pub const fn deny(mut self, expression: Expression) -> Self {
        self.deny = Some(expression);
        self
    }

    /// `fresh = "…"`
    #[must_use]
    pub const fn fresh(mut self, seconds: u64) -> Self {
        self.fresh = Some(Duration::from_secs(seconds));
        self
    }

    /// `opt`
    #[must_use]
    pub const fn optional(mut self) -> Self {
        self.connection = Connection::Optional;
        self
    }

    /// `force_unconnected`
    #[must_use]
    pub const fn unconnected(mut self) -> Self {
        self.connection = Connection::Ignored;
        self
    }

    /// `cross_site = "…"`
    #[must_use]
    pub const fn cross_site(mut self, reason: &'static str) -> Self {
        self.cross_site = Some(reason);
        self
    }

    /// `state = …`, of a function that is not routed.
    #[must_use]
    pub const fn state(mut self, state: StateType) -> Self {
        self.state = Some(state);
        self
    }

    /// Its `deny_fun` may want the request's head, where the request is out of reach.
    #[must_use]
    pub const fn keeps_parts(mut self, keeps: bool) -> Self {
        self.keeps_parts = keeps;
        self
    }
}

/// What the runtime asks.
impl Declaration {
    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    pub(crate) fn connection(&self) -> Connection {
        self.connection
    }

    pub(crate) fn allowed(&self) -> Option<&Expression> {
        self.allow.as_ref()
    }

    pub(crate) fn denied(&self) -> Option<&Expression> {
        self.deny.as_ref()
    }

    pub(crate) fn fresh_within(&self) -> Option<Duration> {
        self.fresh
    }

    pub(crate) fn fresh_in_words(&self) -> Option<String> {
        self.fresh.map(|fresh| format!("fresh {}", Words(fresh)))
    }

    pub(crate) fn is_public(&self) -> bool {
        matches!(self.kind, Kind::Public { .. })
    }

    /// The session is not looked at.
    pub(crate) fn ignores_session(&self) -> bool {
        self.connection == Connection::Ignored
    }

    /// Nobody gets in without a connection, whatever the groups.
    pub(crate) fn requires_connection(&self) -> bool {
        self.connection == Connection::Required || self.allows_only_some() || self.fresh.is_some()
    }

    /// The rule has an `allow`: nobody is never among those who are allowed.
    pub(crate) fn allows_only_some(&self) -> bool {
        self.allow.is_some()
    }

    /// Whether it looks at who is connected, and not only whether somebody is.
    pub(crate) fn has_expressions(&self) -> bool {
        self.allow.is_some() || self.deny.is_some()
    }

    /// The rule admits whoever is connected, and nobody as well: there is nothing to find out before the handler asks.
    pub(crate) fn admits_everybody(&self) -> bool {
        !self.requires_connection() && !self.has_expressions()
    }

    /// Why this handler accepts requests from other sites, if it does.
    pub(crate) fn cross_site_reason(&self) -> Option<&'static str> {
        self.cross_site
    }

    pub(crate) fn state_type(&self) -> Option<&StateType> {
        self.state.as_ref()
    }

    pub(crate) fn wants_parts(&self) -> bool {
        self.keeps_parts
    }

    /// What its expressions are made of, `allow` first.
    pub(crate) fn atoms(&self) -> Vec<Atom> {
        let mut atoms = Vec::new();
        for expression in self.allow.iter().chain(&self.deny) {
            expression.for_each_atom(&mut |atom| atoms.push(atom));
        }
        atoms
    }

    pub(crate) fn spells_twice(&self) -> Option<SpeltTwice> {
        spelt_twice(self.allow.iter().chain(&self.deny))
    }

    pub(crate) fn group_names(&self) -> impl Iterator<Item = &'static str> {
        self.atoms().into_iter().filter_map(|atom| match atom {
            Atom::Group(name) => Some(name),
            Atom::Policy(..) => None,
        })
    }

    /// Whether a user who proved so long ago who they are need not do it again.
    /// Returns for how long a proof of that age is fresh enough. `None`: it is too old.
    pub(crate) fn fresh_for(&self, proved: Duration) -> Option<Duration> {
        let Some(fresh) = self.fresh else { return Some(Duration::MAX) };
        // To the last millisecond it still counts.
        Some(fresh.checked_sub(proved)?.saturating_add(Duration::from_millis(1)))
    }

    pub(crate) fn is_fresh_enough(&self, proved: impl FnOnce() -> Duration) -> bool {
        self.fresh.is_none_or(|fresh| proved() <= fresh)
    }

    pub(crate) fn policy_name(&self, number: u8) -> &'static str {
        let named = |atom| match atom {
            Atom::Policy(name, of) if of == number => Some(name),
            _ => None,
        };
        self.atoms().into_iter().find_map(named).unwrap_or("a policy")
    }

    /// All groups that the rule names.
    pub(crate) fn named_groups(&self) -> &GroupSet {
        &self.tests().named
    }

    /// Whether the rule admits a connected user who is in these groups, as far as policies have answered. `deny` wins, so it
    /// is asked first, and nothing is asked that could not change the verdict.
    pub(crate) fn verdict(&self, groups: &GroupSet, answers: Answers) -> Verdict {
        let tests = self.tests();
        if let Some(masks) = tests.masks {
            return if masks.admit(groups) { Verdict::Admitted } else { Verdict::Refused };
        }
        let denied = tests.deny.as_ref().map_or(Some(false), |test| test.value(groups, answers));
        let allowed = tests.allow.as_ref().map_or(Some(true), |test| test.value(groups, answers));
        match (denied, allowed) {
            (Some(true), _) | (_, Some(false)) => Verdict::Refused,
            (Some(false), Some(true)) => Verdict::Admitted,
            (None, _) | (_, None) => {
                let mut undecided = tests.deny.iter().chain(&tests.allow);
                let next = undecided.find_map(|test| test.next_policy(groups, answers));
                next.map_or(Verdict::Refused, Verdict::Ask)
            }
        }
    }

    fn tests(&self) -> &Tests {
        self.tests.get_or_init(|| {
            let (allow, deny) = (self.allow.as_ref().map(Test::new), self.deny.as_ref().map(Test::new));
            Tests { masks: Masks::of(allow.as_ref(), deny.as_ref()), allow, deny, named: self.group_names().collect() }
        })
    }
}

/// The rule, as the access table shows it.
impl fmt::Display for Declaration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Public { reason } => return write!(f, "public: {reason}"),
            Kind::Page | Kind::Rpc => f.write_str("connected")?,
            Kind::Wrapper => f.write_str("anybody")?,
        }
        match self.connection {
            _ if self.requires_connection() && self.kind != Kind::Wrapper => {}
            Connection::Required => {}
            Connection::Optional | Connection::Ignored if self.kind == Kind::Wrapper => {}
            Connection::Optional | Connection::Ignored => f.write_str(" or not")?,
        }
        if self.connection == Connection::Ignored {
            f.write_str(", session ignored")?;
        }
        for (word, expression) in [("allow", &self.allow), ("deny", &self.deny)] {
            if let Some(expression) = expression {
                write!(f, ", {word} {expression}")?;
            }
        }
        if let Some(fresh) = self.fresh_in_words() {
            write!(f, ", {fresh}")?;
        }
        if let Some(reason) = self.cross_site {
            write!(f, ", cross-site: {reason}")?;
        }
        Ok(())
    }
}

/// A duration in the largest unit in which it is whole, as an attribute may write it.
struct Words(Duration);

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let units = [(86_400, "d"), (3_600, "h"), (60, "min")];
        let (length, unit) = units.into_iter().find(|(length, _)| seconds.is_multiple_of(*length)).unwrap_or((1, "s"));
        write!(f, "{}{unit}", seconds / length)
    }
}

/// A declaration on its way into the registry.
#[derive(Debug)]
pub struct Registered(pub &'static Declaration);

inventory::collect!(Registered);

impl Declaration {
    /// Whether it is one of the handlers that [`Sessions::routes`](crate::Sessions::routes) routes: in every binary, used or not.
    pub(crate) fn is_of_client(&self) -> bool {
        self.place.module == "os_session::live::routes"
    }
}

/// Every declaration that is linked into this binary, in no particular order.
pub(crate) fn all() -> impl Iterator<Item = &'static Declaration> {
    inventory::iter::<Registered>.into_iter().map(|registered| registered.0)
}

/// Whether this binary has server functions or wrappers, which may be called long after their request was admitted.
pub(crate) fn any_wrapper() -> bool {
    static ANY: LazyLock<bool> = LazyLock::new(|| all().any(|rule| matches!(rule.kind, Kind::Rpc | Kind::Wrapper)));
    *ANY
}
