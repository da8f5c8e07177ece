//! The router, and its one way out.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;

use axum::extract::Request;
use axum::response::IntoResponse;
use axum::routing::Route;
use tower::{Layer, Service};

use crate::access::{AccessTable, Methods, Routing, Target};
use crate::deny::Answer;
use crate::error::{Error, unknown_group};
use crate::routing::handler::{DeclaredFn, Extractors, Routable as _};
use crate::routing::method_router::{MethodRouter, routed};
use crate::sessions::Sessions;

/// What stands for the path of a fallback in the access table.
const FALLBACK: &str = "/(fallback)";

/// axum's [`Router`](axum::Router) for handlers that carry a rule; see [the module](crate::routing).
#[must_use = "a router does nothing until it is served"]
pub struct Router<S = ()> {
    inner: axum::Router<S>,
    routed: Vec<Routing>,
}

impl<S> fmt::Debug for Router<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Router").field("routed", &self.routed).finish_non_exhaustive()
    }
}

impl<S> Clone for Router<S> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), routed: self.routed.clone() }
    }
}

impl<S> Default for Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    fn default() -> Self {
        Self::new()
    }
}

/// What [`Router::route`] takes: a [`MethodRouter`] of declared handlers.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say who may call its handlers",
    label = "not a method router of declared handlers",
    note = "use `get`, `post`, … of `os_session::routing` instead of axum's; what has no handler to annotate comes in by \
            `os_session::routing::MethodRouter::from_axum(…, \"why it is open to all\")`"
)]
pub trait Routes<S> {
    /// The method router.
    fn into_method_router(self) -> MethodRouter<S>;
}

impl<S> Routes<S> for MethodRouter<S> {
    fn into_method_router(self) -> MethodRouter<S> {
        self
    }
}

impl<S> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    /// An empty router.
    pub fn new() -> Self {
        Self { inner: axum::Router::new(), routed: Vec::new() }
    }

    /// Takes over a router of axum's own, from elsewhere. It is open to all, and says why in the access table.
    pub fn from_axum(inner: axum::Router<S>, reason: &'static str) -> Self {
        Self { inner, routed: vec![Routing::open(Methods::any(), reason).at("/*")] }
    }

    /// Routes a path, as in axum.
    ///
    /// # Panics
    ///
    /// If the path is routed already or cannot be a path, as in axum.
    #[track_caller]
    pub fn route(mut self, path: &str, methods: impl Routes<S>) -> Self {
        let MethodRouter { inner, routed } = methods.into_method_router();
        self.routed.extend(routed.into_iter().map(|routing| routing.at(path)));
        Self { inner: self.inner.route(path, inner), ..self }
    }

    /// Routes a path to a service. It is open to all, and says why in the access table.
    ///
    /// # Panics
    ///
    /// As [`route`](Router::route), and if the service is a router.
    #[track_caller]
    pub fn route_service<T>(mut self, path: &str, service: T, reason: &'static str) -> Self
    where
        T: Service<Request, Response: IntoResponse, Error = Infallible, Future: Send> + Clone + Send + Sync + 'static,
    {
        self.routed.push(Routing::open(Methods::any(), reason).at(path));
        Self { inner: self.inner.route_service(path, service), ..self }
    }

    /// Routes everything under a prefix to another router, as in axum.
    ///
    /// # Panics
    ///
    /// As in axum: at the root, or if routes overlap.
    #[track_caller]
    pub fn nest(mut self, prefix: &str, router: Self) -> Self {
        self.routed.extend(router.routed.into_iter().map(|routing| routing.nested_in(prefix)));
        Self { inner: self.inner.nest(prefix, router.inner), ..self }
    }

    /// Routes everything under a prefix to a service. It is open to all, and says why in the access table.
    ///
    /// # Panics
    ///
    /// As [`nest`](Router::nest).
    #[track_caller]
    pub fn nest_service<T>(mut self, prefix: &str, service: T, reason: &'static str) -> Self
    where
        T: Service<Request, Response: IntoResponse, Error = Infallible, Future: Send> + Clone + Send + Sync + 'static,
    {
        self.routed.push(Routing::open(Methods::any(), reason).at("/*").nested_in(prefix));
        Self { inner: self.inner.nest_service(prefix, service), ..self }
    }

    /// Routes what the other router routes as well, as in axum.
    ///
    /// # Panics
    ///
    /// If routes overlap or both routers have a fallback, as in axum.
    #[track_caller]
    pub fn merge(mut self, other: impl Into<Self>) -> Self {
        let other = other.into();
        self.routed.extend(other.routed);
        Self { inner: self.inner.merge(other.inner), ..self }
    }

    /// Answers what no route matches with a declared handler. Without one it is axum's 404; a second one takes the place of the first.
    pub fn fallback<H, Args, M>(mut self, handler: H) -> Self
    where
        H: DeclaredFn<Args, Future: Future<Output: Answer> + Send>,
        Args: Extractors<S, M>,
        M: 'static,
    {
        routed!(handler: H, |handler| {
            self.routed.retain(|routing| routing.path != FALLBACK);
            self.routed.push(handler.routing(Methods::any()).at(FALLBACK));
            Self { inner: self.inner.fallback(handler), ..self }
        })
    }

    /// Answers what no route matches with a service. It is open to all, and says why in the access table.
    pub fn fallback_service<T>(mut self, service: T, reason: &'static str) -> Self
    where
        T: Service<Request, Response: IntoResponse, Error = Infallible, Future: Send> + Clone + Send + Sync + 'static,
    {
        self.routed.retain(|routing| routing.path != FALLBACK);
        self.routed.push(Routing::open(Methods::any(), reason).at(FALLBACK));
        Self { inner: self.inner.fallback_service(service), ..self }
    }

    /// Answers requests for a routed path by a method that is not routed with a declared handler.
    pub fn method_not_allowed_fallback<H, Args, M>(mut self, handler: H) -> Self
    where
        H: DeclaredFn<Args, Future: Future<Output: Answer> + Send>,
        Args: Extractors<S, M>,
        M: 'static,
    {
        routed!(handler: H, |handler| {
            self.routed.push(handler.routing(Methods::others()).at("/(routed paths)"));
            Self { inner: self.inner.method_not_allowed_fallback(handler), ..self }
        })
    }

    /// Forgets the fallback, as in axum.
    pub fn reset_fallback(mut self) -> Self {
        self.routed.retain(|routing| routing.path != FALLBACK);
        Self { inner: self.inner.reset_fallback(), ..self }
    }

    /// Applies a middleware to all routes so far, as in axum. It sees no session, see [the module](crate::routing).
    pub fn layer<L>(self, layer: L) -> Self
    where
        L: Layer<Route> + Clone + Send + Sync + 'static,
        L::Service: Service<Request, Response: IntoResponse, Error: Into<Infallible>, Future: Send>
            + Clone
            + Send
            + Sync
            + 'static,
    {
        Self { inner: self.inner.layer(layer), ..self }
    }

    /// Applies a middleware to all routes so far, but not to fallbacks, as in axum.
    ///
    /// # Panics
    ///
    /// If nothing is routed yet.
    #[track_caller]
    pub fn route_layer<L>(self, layer: L) -> Self
    where
        L: Layer<Route> + Clone + Send + Sync + 'static,
        L::Service: Service<Request, Response: IntoResponse, Error: Into<Infallible>, Future: Send>
            + Clone
            + Send
            + Sync
            + 'static,
    {
        Self { inner: self.inner.route_layer(layer), ..self }
    }

    /// Whether anything is routed.
    #[must_use]
    pub fn has_routes(&self) -> bool {
        self.inner.has_routes()
    }

    /// Leaves out axum's checks against the path syntax of its version 0.7.
    pub fn without_v07_checks(self) -> Self {
        Self { inner: self.inner.without_v07_checks(), ..self }
    }

    /// Hands over the state, as in axum.
    pub fn with_state<S2>(self, state: S) -> Router<S2> {
        Router { inner: self.inner.with_state(state), routed: self.routed }
    }

    /// Who may call what in this router: method, full path, rule and handler. What the binary declares besides follows: the server
    /// functions, and the handlers that no route here leads to.
    #[must_use]
    pub fn access_table(&self) -> AccessTable {
        AccessTable::of_routes(&self.routed)
    }

    /// Connects the routes with these sessions: the one way out, to a router that axum serves.
    ///
    /// Call [`with_state`](Router::with_state) before, or on the router that this returns: axum
    /// serves no router whose state is missing.
    ///
    /// ```
    /// # async fn serve(router: os_session::routing::Router) -> Result<(), Box<dyn std::error::Error>> {
    /// let sessions = os_session::Sessions::builder().build().await?;
    /// let app = router.with_sessions(&sessions)?;
    /// let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    /// axum::serve(listener, app).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Config`] with every routed rule that cannot work with these sessions: one that names a group which nobody created, a
    /// log-in page that needs a connection, a route that belongs to other sessions already.
    pub fn with_sessions(self, sessions: &Sessions) -> Result<axum::Router<S>, Error> {
        let mut mistakes: Vec<_> = self.routed.iter().flat_map(|routing| mistakes(routing, sessions)).collect();
        mistakes.sort();
        mistakes.dedup();
        if !mistakes.is_empty() {
            return Err(Error::Config(mistakes));
        }
        for routing in &self.routed {
            let Target::Declared(rule, slot) = &routing.target else { continue };
            slot.get_or_init(|| sessions.clone());
            if let Some((client, _)) = routing.path.rsplit_once('/').filter(|_| rule.is_of_client()) {
                sessions.0.client_path.get_or_init(|| client.to_owned());
            }
        }
        Ok(self.inner)
    }
}

/// What keeps a route from working with these sessions.
fn mistakes(routing: &Routing, sessions: &Sessions) -> Vec<String> {
    let Target::Declared(rule, slot) = &routing.target else {
        return Vec::new();
    };
    let mut mistakes: Vec<_> = sessions
        .unknown_groups_of(rule)
        .into_iter()
        .map(|(name, nearest)| unknown_group(rule.place(), name, nearest.as_deref()))
        .collect();
    if slot.get().is_some_and(|others| !sessions.is(others)) {
        mistakes.push(format!("{} is routed with other `Sessions` already; route it anew for these", rule.place()));
    }
    if sessions.0.config.login_path() == Some(&routing.path)
        && routing.methods.includes_get()
        && rule.requires_connection()
    {
        mistakes.push(format!(
            "`login_url` leads to {}, which needs a connection itself, so that nobody could ever log in; write `#[connected(opt)]` there",
            rule.place()
        ));
    }
    mistakes
}
