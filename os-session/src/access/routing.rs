//! What a router notes of its routes while it is put together.

use std::sync::{Arc, OnceLock};

use axum::routing::MethodFilter;

use crate::declaration::Declaration;
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

    pub(crate) fn as_str(&self) -> &str {
        &self.0
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

    /// Whether it is a handler for whatever method has none of its own.
    pub(crate) fn is_fallback(&self) -> bool {
        matches!(self.target, Target::Declared(..))
            && (self.methods == Methods::any() || self.methods == Methods::others())
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
