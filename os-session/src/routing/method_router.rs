//! `get`, `post` and the rest, for declared handlers.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;

use axum::extract::Request;
use axum::response::IntoResponse;
use axum::routing::{self, MethodFilter, Route};
use tower::{Layer, Service};

use crate::access::{Methods, Routing};
use crate::deny::Answer;
use crate::routing::handler::{DeclaredFn, Extractors, Routable};

/// axum's [`MethodRouter`](routing::MethodRouter) for handlers that carry a rule.
///
/// It has no [`Default`] and no `new`: it begins with [`get`] or one of its like, or with [`from_axum`](MethodRouter::from_axum).
#[must_use = "a method router does nothing until it is routed"]
pub struct MethodRouter<S = ()> {
    pub(super) inner: routing::MethodRouter<S>,
    pub(super) routed: Vec<Routing>,
}

impl<S> fmt::Debug for MethodRouter<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MethodRouter").field("routed", &self.routed).finish_non_exhaustive()
    }
}

impl<S> Clone for MethodRouter<S> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), routed: self.routed.clone() }
    }
}

/// Makes of a declared function what axum is handed. Public ones go without what the others need, which is decided when the
/// program is compiled.
macro_rules! routed {
    ($handler:ident: $H:ty, |$routed:ident| $route:expr) => {
        if const { <$H>::PUBLIC } {
            let $routed = $crate::routing::handler::Open($handler);
            $route
        } else {
            let $routed = $crate::routing::handler::Routed::new($handler);
            $route
        }
    };
}

pub(super) use routed;

macro_rules! methods {
    ($($(#[$cfg:meta])? $name:ident $filter:ident,)*) => {
        $(
            #[doc = concat!("Routes `", stringify!($filter), "` requests to a declared handler, as [`axum::routing::", stringify!($name), "`] does.")]
            pub fn $name<H, Args, M, S>(handler: H) -> MethodRouter<S>
            where
                H: DeclaredFn<Args, Future: Future<Output: Answer> + Send>,
                Args: Extractors<S, M>,
                S: Clone + Send + Sync + 'static,
                M: 'static,
            {
                on(MethodFilter::$filter, handler)
            }
        )*

        impl<S> MethodRouter<S>
        where
            S: Clone + Send + Sync + 'static,
        {
            $(
                #[doc = concat!("Routes `", stringify!($filter), "` requests as well.")]
                ///
                /// # Panics
                ///
                /// If the method is routed already, as in axum.
                #[track_caller]
                pub fn $name<H, Args, M>(self, handler: H) -> Self
                where
                    H: DeclaredFn<Args, Future: Future<Output: Answer> + Send>,
                    Args: Extractors<S, M>,
                    M: 'static,
                {
                    self.on(MethodFilter::$filter, handler)
                }
            )*
        }
    };
}

methods! {
    connect CONNECT,
    delete DELETE,
    get GET,
    head HEAD,
    options OPTIONS,
    patch PATCH,
    post POST,
    put PUT,
    trace TRACE,
}

/// Routes requests of these methods to a declared handler, as [`axum::routing::on`] does.
pub fn on<H, Args, M, S>(filter: MethodFilter, handler: H) -> MethodRouter<S>
where
    H: DeclaredFn<Args, Future: Future<Output: Answer> + Send>,
    Args: Extractors<S, M>,
    S: Clone + Send + Sync + 'static,
    M: 'static,
{
    routed!(handler: H, |handler| MethodRouter::on_routed(filter, handler))
}

/// Routes requests of any method to a declared handler, as [`axum::routing::any`] does.
pub fn any<H, Args, M, S>(handler: H) -> MethodRouter<S>
where
    H: DeclaredFn<Args, Future: Future<Output: Answer> + Send>,
    Args: Extractors<S, M>,
    S: Clone + Send + Sync + 'static,
    M: 'static,
{
    routed!(handler: H, |handler| MethodRouter::any_routed(handler))
}

/// What is left to do when it is no longer a matter of the single function: compiled once for all but the public ones.
impl<S> MethodRouter<S>
where
    S: Clone + Send + Sync + 'static,
{
    fn on_routed<T: 'static>(filter: MethodFilter, handler: impl Routable<T, S>) -> Self {
        let routing = handler.routing(Methods::of(filter));
        Self { inner: routing::on(filter, handler), routed: vec![routing] }
    }

    fn any_routed<T: 'static>(handler: impl Routable<T, S>) -> Self {
        let routing = handler.routing(Methods::any());
        Self { inner: routing::any(handler), routed: vec![routing] }
    }

    #[track_caller]
    fn and_on_routed<T: 'static>(mut self, filter: MethodFilter, handler: impl Routable<T, S>) -> Self {
        self.routed.push(handler.routing(Methods::of(filter)));
        Self { inner: self.inner.on(filter, handler), ..self }
    }

    fn fallback_routed<T: 'static>(mut self, handler: impl Routable<T, S>) -> Self {
        // axum has one fallback for methods, and `any` is one.
        self.routed.retain(|routing| !routing.is_fallback());
        self.routed.push(handler.routing(Methods::others()));
        Self { inner: self.inner.fallback(handler), ..self }
    }
}

impl<S> MethodRouter<S>
where
    S: Clone + Send + Sync + 'static,
{
    /// Takes over what was routed by axum's own functions: closures, services, handlers without a rule. It is open to all, and says
    /// why in the access table.
    pub fn from_axum(inner: routing::MethodRouter<S>, reason: &'static str) -> Self {
        Self { inner, routed: vec![Routing::open(Methods::any(), reason)] }
    }

    /// Routes requests of these methods as well.
    ///
    /// # Panics
    ///
    /// If one of the methods is routed already, as in axum.
    #[track_caller]
    pub fn on<H, Args, M>(self, filter: MethodFilter, handler: H) -> Self
    where
        H: DeclaredFn<Args, Future: Future<Output: Answer> + Send>,
        Args: Extractors<S, M>,
        M: 'static,
    {
        routed!(handler: H, |handler| self.and_on_routed(filter, handler))
    }

    /// Routes requests of every method that is not routed.
    pub fn fallback<H, Args, M>(self, handler: H) -> Self
    where
        H: DeclaredFn<Args, Future: Future<Output: Answer> + Send>,
        Args: Extractors<S, M>,
        M: 'static,
    {
        routed!(handler: H, |handler| self.fallback_routed(handler))
    }

    /// Routes what the other one routes as well.
    ///
    /// # Panics
    ///
    /// If both route the same method, as in axum.
    #[track_caller]
    pub fn merge(mut self, other: Self) -> Self {
        self.routed.extend(other.routed);
        Self { inner: self.inner.merge(other.inner), ..self }
    }

    /// Applies a middleware to all handlers so far, as in axum. It sees no session, see [the module](crate::routing).
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

    /// Applies a middleware to all handlers so far, but not where no method matches, as in axum.
    ///
    /// # Panics
    ///
    /// If nothing is routed yet.
    #[track_caller]
    pub fn route_layer<L>(self, layer: L) -> Self
    where
        L: Layer<Route> + Clone + Send + Sync + 'static,
        L::Service:
            Service<Request, Response: IntoResponse, Error = Infallible, Future: Send> + Clone + Send + Sync + 'static,
    {
        Self { inner: self.inner.route_layer(layer), ..self }
    }

    /// Hands over the state, as in axum.
    pub fn with_state<S2>(self, state: S) -> MethodRouter<S2> {
        MethodRouter { inner: self.inner.with_state(state), routed: self.routed }
    }
}
