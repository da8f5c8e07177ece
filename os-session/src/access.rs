//! The access table: who may call what.

use std::fmt;

use crate::declaration::{self, Declaration, Kind};

mod json;
mod reach;
mod routing;
mod text;

pub(crate) use self::reach::Reach;
pub(crate) use self::routing::{Methods, Routing, Slot, Target};
pub(crate) use self::text::Places;

/// Who may call what: the rules of a router, or of the whole binary. Shown as text, a line a rule, and as JSON.
///
/// ```
/// use os_session::routing::{Router, get};
/// use os_session::{connected, public};
///
/// #[public(reason = "the shop window")]
/// async fn home() {}
///
/// #[connected(allow = "staff", deny = "banned")]
/// async fn stock() {}
///
/// let router: Router = Router::new().route("/", get(home)).route("/stock", get(stock));
/// let table = router.access_table();
/// assert!(table.to_string().starts_with("GET  /       public: the shop window"));
///
/// let reached = table.reachable_by(&["banned"]);
/// assert_eq!(reached.routes().map(|row| row.path.as_deref().unwrap()).collect::<Vec<_>>(), ["/"]);
/// ```
///
/// # JSON
///
/// [`to_json`](AccessTable::to_json), and `serde`, give an object of this shape, to which fields may be added:
///
/// ```json
/// {
///   "version": 1,
///   "rows": [
///     {
///       "path": "/stock",
///       "methods": ["GET"],
///       "kind": "page",
///       "rule": {
///         "text": "connected, allow staff, deny banned",
///         "connection": "required",
///         "allow": { "group": "staff" },
///         "deny": { "group": "banned" },
///         "fresh": null,
///         "cross_site": null
///       },
///       "reason": null,
///       "handler": { "name": "stock", "module": "shop", "file": "src/shop.rs", "line": 9 },
///       "depends_on": []
///     }
///   ]
/// }
/// ```
///
/// `path` is `null` and `methods` empty for what is not routed; a method may also be `*`, for all, or `(others)`, for those that are
/// not routed. `kind` is `page`, `public`, `open`, `rpc` or `wrapper`. `rule` is `null` for what is public or open, which has a
/// `reason` instead. `connection` is `required`, `optional` or `ignored`. An expression is `{"group": …}`, `{"policy": …}`,
/// `{"not": …}`, `{"all": […]}` or `{"any": […]}`. `fresh` is in seconds. `handler` is `null` for what has none. `depends_on` lists
/// policies, in what [`reachable_by`](AccessTable::reachable_by) answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessTable {
    rows: Vec<AccessRow>,
}

/// One line of an [`AccessTable`].
#[derive(Clone)]
#[non_exhaustive]
pub struct AccessRow {
    /// The path of the route, with what it is nested in; `None` for a function that is not routed.
    pub path: Option<String>,
    /// The methods, separated by commas; `*` for all, `(others)` for those that are not routed.
    pub methods: Option<String>,
    /// What was declared.
    pub kind: HandlerKind,
    /// The rule, in words.
    pub rule: String,
    /// The declared function, with module, file and line; `None` for what was routed as open.
    pub handler: Option<String>,
    /// The policies that have a say, in what [`AccessTable::reachable_by`] answers; empty elsewhere, and where groups settle it.
    pub depends_on: Vec<&'static str>,
    pub(crate) what: What,
}

/// What stands in a line.
#[derive(Clone, Copy)]
pub(crate) enum What {
    Declared(&'static Declaration),
    Open(&'static str),
}

/// What an [`AccessRow`] is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum HandlerKind {
    /// A handler under `#[connected]`.
    Page,
    /// A handler under `#[public]`.
    Public,
    /// Something of axum's, routed with a reason.
    Open,
    /// A function under `#[connected_rpc]`.
    Rpc,
    /// A function under `#[connected_wrapper]`.
    Wrapper,
}

impl HandlerKind {
    fn of(what: What) -> Self {
        match what {
            What::Open(_) => Self::Open,
            What::Declared(declaration) => match declaration.kind() {
                Kind::Page => Self::Page,
                Kind::Public { .. } => Self::Public,
                Kind::Rpc => Self::Rpc,
                Kind::Wrapper => Self::Wrapper,
            },
        }
    }

    /// Whether it is for routing, and not for being called by other functions.
    fn is_routable(self) -> bool {
        !matches!(self, Self::Rpc | Self::Wrapper)
    }
}

impl AccessRow {
    fn new(what: What, routing: Option<&Routing>) -> Self {
        let (rule, handler) = match what {
            What::Declared(declaration) => (declaration.to_string(), Some(declaration.place().to_string())),
            What::Open(reason) => (format!("open: {reason}"), None),
        };
        Self {
            path: routing.map(|routing| routing.path.clone()),
            methods: routing.map(|routing| routing.methods.as_str().to_owned()),
            kind: HandlerKind::of(what),
            rule,
            handler,
            depends_on: Vec::new(),
            what,
        }
    }

    fn of_route(routing: &Routing) -> Self {
        let what = match &routing.target {
            Target::Declared(declaration, _) => What::Declared(declaration),
            Target::Open(reason) => What::Open(reason),
        };
        Self::new(what, Some(routing))
    }

    fn of_function(declaration: &'static Declaration) -> Self {
        Self::new(What::Declared(declaration), None)
    }

    /// Routes first, then what is called in requests, then what is routed nowhere.
    fn order(&self) -> impl Ord + '_ {
        let section = (self.path.is_none(), self.kind.is_routable());
        (section, &self.path, &self.methods, &self.rule, &self.handler)
    }
}

impl fmt::Debug for AccessRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, methods, rule, handler, .. } = self;
        f.debug_struct("AccessRow")
            .field("path", path)
            .field("methods", methods)
            .field("rule", rule)
            .field("handler", handler)
            .finish_non_exhaustive()
    }
}

impl PartialEq for AccessRow {
    fn eq(&self, other: &Self) -> bool {
        let Self { path, methods, kind, rule, handler, depends_on, what: _ } = self;
        (path, methods, kind, rule, handler, depends_on)
            == (&other.path, &other.methods, &other.kind, &other.rule, &other.handler, &other.depends_on)
    }
}

impl Eq for AccessRow {}

impl AccessTable {
    /// The lines: routes, sorted by path and method, then server functions, then handlers that are not routed.
    #[must_use]
    pub fn rows(&self) -> &[AccessRow] {
        &self.rows
    }

    /// The lines of what is routed.
    pub fn routes(&self) -> impl Iterator<Item = &AccessRow> {
        self.rows.iter().filter(|row| row.path.is_some())
    }

    /// The handlers of this binary that no route here leads to: forgotten, or of another router.
    pub fn unrouted(&self) -> impl Iterator<Item = &AccessRow> {
        self.rows.iter().filter(|row| row.path.is_none() && row.kind.is_routable())
    }

    /// The table without what is not routed: for a binary that holds more than one application.
    #[must_use]
    pub fn routed_only(mut self) -> Self {
        self.rows.retain(|row| row.path.is_some());
        self
    }

    fn new(rows: impl Iterator<Item = AccessRow>) -> Self {
        let mut rows: Vec<_> = rows.collect();
        rows.sort_by(|a, b| a.order().cmp(&b.order()));
        Self { rows }
    }

    pub(crate) fn of_routes(routes: &[Routing]) -> Self {
        let is_routed = |rule: &Declaration| {
            let leads_to =
                |routing: &Routing| matches!(routing.target, Target::Declared(target, _) if std::ptr::eq(target, rule));
            routes.iter().any(leads_to)
        };
        let elsewhere = declared().filter(|rule| !is_routed(rule)).map(AccessRow::of_function);
        Self::new(routes.iter().map(AccessRow::of_route).chain(elsewhere))
    }
}

/// Every declared function of this binary, routed or not, server functions included.
#[must_use]
pub fn access_table() -> AccessTable {
    AccessTable::new(declared().map(AccessRow::of_function))
}

/// What the application declares.
fn declared() -> impl Iterator<Item = &'static Declaration> {
    declaration::all().filter(|rule| !rule.is_of_client())
}
