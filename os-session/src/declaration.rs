//! Rules as data: what an attribute on a handler declares, registered at link time.

use std::any::TypeId;
use std::fmt;
use std::sync::{LazyLock, OnceLock};

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

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, module, file, line } = self;
        write!(f, "{module}::{name} ({file}:{line})")
    }
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
enum Connection {
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
    allow: &'static [Group],
    deny: &'static [Group],
    cross_site: Option<&'static str>,
    state: Option<StateType>,
    keeps_parts: bool,
    masks: OnceLock<Masks>,
}

/// A rule of groups alone, as two masks.
#[derive(Debug)]
struct Masks {
    allow: GroupSet,
    deny: GroupSet,
    named: GroupSet,
}

/// What the attribute macros call.
impl Declaration {
    const fn new(place: Place, kind: Kind, connection: Connection) -> Self {
        Self {
            place,
            kind,
            connection,
            allow: &[],
            deny: &[],
            cross_site: None,
            state: None,
            keeps_parts: false,
            masks: OnceLock::new(),
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
    pub const fn allow(mut self, groups: &'static [Group]) -> Self {
        self.allow = groups;
        self
    }

    /// `deny = …`
    #[must_use]
    pub const fn deny(mut self, groups: &'static [Group]) -> Self {
        self.deny = groups;
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

    pub(crate) fn is_public(&self) -> bool {
        matches!(self.kind, Kind::Public { .. })
    }

    /// The session is not looked at.
    pub(crate) fn ignores_session(&self) -> bool {
        self.connection == Connection::Ignored
    }

    /// Nobody gets in without a connection, whatever the groups.
    pub(crate) fn requires_connection(&self) -> bool {
        self.connection == Connection::Required || self.allows_only_some()
    }

    /// The rule has an `allow`: for it, being nobody is being in none of the groups.
    pub(crate) fn allows_only_some(&self) -> bool {
        !self.allow.is_empty()
    }

    pub(crate) fn names_groups(&self) -> bool {
        self.allows_only_some() || !self.deny.is_empty()
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

    pub(crate) fn group_names(&self) -> impl Iterator<Item = &'static str> {
        self.allow.iter().chain(self.deny).map(Group::name)
    }

    /// All groups that the rule names.
    pub(crate) fn named_groups(&self) -> &GroupSet {
        &self.masks().named
    }

    /// Whether the rule admits a connected user who is in these groups: deny wins.
    pub(crate) fn admits(&self, groups: &GroupSet) -> bool {
        let masks = self.masks();
        !groups.intersects(&masks.deny) && (!self.allows_only_some() || groups.intersects(&masks.allow))
    }

    fn masks(&self) -> &Masks {
        self.masks.get_or_init(|| Masks {
            allow: self.allow.iter().map(Group::name).collect(),
            deny: self.deny.iter().map(Group::name).collect(),
            named: self.group_names().collect(),
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
            Connection::Required => {}
            Connection::Optional | Connection::Ignored if self.kind == Kind::Wrapper => {}
            Connection::Optional | Connection::Ignored => f.write_str(" or not")?,
        }
        if self.connection == Connection::Ignored {
            f.write_str(", session ignored")?;
        }
        for (word, groups) in [("allow", self.allow), ("deny", self.deny)] {
            if !groups.is_empty() {
                let names: Vec<_> = groups.iter().map(Group::name).collect();
                write!(f, ", {word} {}", names.join(" | "))?;
            }
        }
        if let Some(reason) = self.cross_site {
            write!(f, ", cross-site: {reason}")?;
        }
        Ok(())
    }
}

/// A declaration on its way into the registry.
#[derive(Debug)]
pub struct Registered(pub &'static Declaration);

inventory::collect!(Registered);

/// Every declaration that is linked into this binary, in no particular order.
pub(crate) fn all() -> impl Iterator<Item = &'static Declaration> {
    inventory::iter::<Registered>.into_iter().map(|registered| registered.0)
}

/// Whether this binary has server functions or wrappers, which may be called long after their request was admitted.
pub(crate) fn any_wrapper() -> bool {
    static ANY: LazyLock<bool> = LazyLock::new(|| all().any(|rule| matches!(rule.kind, Kind::Rpc | Kind::Wrapper)));
    *ANY
}
