//! The access table: who may call what.

use std::fmt;
use std::sync::{Arc, OnceLock};

use axum::routing::MethodFilter;

use crate::declaration::{self, Declaration, Place};
use crate::sessions::Sessions;

/// The methods of a route, as the table shows them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Methods(String);

impl Methods {
    pub(crate) fn of(filter: MethodFilter) -> Self {
        const NAMES: [(MethodFilter, &str); 9] = [
            (MethodFilter::GET, "GET"),
            (MethodFilter::HEAD, "HEAD"),
            (MethodFilter::POST, "POST"),
            (MethodFilter::PUT, "PUT"),
            (MethodFilter::PATCH, "PATCH"),
            (MethodFilter::DELETE, "DELETE"),
            (MethodFilter::OPTIONS, "OPTIONS"),
            (MethodFilter::TRACE, "TRACE"),
            (MethodFilter::CONNECT, "CONNECT"),
        ];
        let names: Vec<_> =
            NAMES.iter().filter(|(method, _)| filter.or(*method) == filter).map(|(_, name)| *name).collect();
        Self(names.join(","))
    }

    /// Every method.
    pub(crate) fn any() -> Self {
        Self("*".to_owned())
    }

    /// Every method that is not routed.
    pub(crate) fn others() -> Self {
        Self("(others)".to_owned())
    }

    pub(crate) fn includes_get(&self) -> bool {
        self.0 == "*" || self.0.split(',').any(|method| method == "GET")
    }
}

/// Where a routed handler finds the `Sessions` that its router was given at the end.
pub(crate) type Slot = Arc<OnceLock<Sessions>>;

/// What a route leads to.
#[derive(Debug, Clone)]
pub(crate) enum Target {
    /// A handler with a rule, and where it will find its `Sessions`.
    Declared(&'static Declaration, Slot),
    /// Something of axum's, and why it is open.
    Open(&'static str),
}

/// One route of a router.
#[derive(Debug, Clone)]
pub(crate) struct Routing {
    /// Empty until the route has one.
    pub(crate) path: String,
    pub(crate) methods: Methods,
    pub(crate) target: Target,
}

impl Routing {
    pub(crate) fn declared(methods: Methods, declaration: &'static Declaration, slot: Slot) -> Self {
        Self { path: String::new(), methods, target: Target::Declared(declaration, slot) }
    }

    pub(crate) fn open(methods: Methods, reason: &'static str) -> Self {
        Self { path: String::new(), methods, target: Target::Open(reason) }
    }

    pub(crate) fn at(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// The route under a prefix, as axum joins them.
    pub(crate) fn nested_in(mut self, prefix: &str) -> Self {
        self.path = match (prefix.strip_suffix('/'), &*self.path) {
            (Some(prefix), path) => format!("{prefix}{path}"),
            (None, "/") => prefix.to_owned(),
            (None, path) => format!("{prefix}{path}"),
        };
        self
    }
}

/// One line of an [`AccessTable`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct AccessRow {
    /// The path of the route, with what it is nested in; `None` for a function that is not routed.
    pub path: Option<String>,
    /// The methods, separated by commas; `*` for all.
    pub methods: Option<String>,
    /// The rule, in words.
    pub rule: String,
    /// The declared function, with module, file and line; `None` for what was routed as open.
    pub handler: Option<String>,
}

/// Who may call what: the rules of a router, or of the whole binary. Shown as text, a line a rule.
///
/// ```
/// use os_session::public;
/// use os_session::routing::{Router, get};
///
/// #[public(reason = "the shop window")]
/// async fn home() {}
///
/// let router: Router = Router::new().route("/", get(home));
/// assert!(router.access_table().to_string().starts_with("GET  /  public: the shop window"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessTable {
    rows: Vec<AccessRow>,
}

impl AccessTable {
    /// The lines, sorted by path and method, then by handler.
    #[must_use]
    pub fn rows(&self) -> &[AccessRow] {
        &self.rows
    }

    fn new(rows: impl Iterator<Item = AccessRow>) -> Self {
        let mut rows: Vec<_> = rows.collect();
        rows.sort();
        Self { rows }
    }

    pub(crate) fn of_routes<'a>(routes: impl Iterator<Item = &'a Routing>) -> Self {
        Self::new(routes.map(|routing| {
            let (rule, handler) = match &routing.target {
                Target::Declared(declaration, _) => (declaration.to_string(), Some(declaration.place().to_string())),
                Target::Open(reason) => (format!("open: {reason}"), None),
            };
            AccessRow { path: Some(routing.path.clone()), methods: Some(routing.methods.0.clone()), rule, handler }
        }))
    }
}

/// Every declared function of this binary, routed or not, server functions included.
#[must_use]
pub fn access_table() -> AccessTable {
    AccessTable::new(declaration::all().map(|declaration| AccessRow {
        path: None,
        methods: None,
        rule: declaration.to_string(),
        handler: Some(Place::to_string(declaration.place())),
    }))
}

/// Columns as wide as they need to be.
impl fmt::Display for AccessTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fn columns(row: &AccessRow) -> [&str; 4] {
            let AccessRow { methods, path, rule, handler } = row;
            [
                methods.as_deref().unwrap_or_default(),
                path.as_deref().unwrap_or_default(),
                rule,
                handler.as_deref().unwrap_or_default(),
            ]
        }
        let width = |column: usize| self.rows.iter().map(|row| columns(row)[column].chars().count()).max().unwrap_or(0);
        let widths = [width(0), width(1), width(2)];
        for row in &self.rows {
            let columns = columns(row);
            for (text, width) in columns.iter().zip(widths) {
                if width > 0 {
                    write!(f, "{text:width$}  ")?;
                }
            }
            writeln!(f, "{}", columns[3])?;
        }
        Ok(())
    }
}
