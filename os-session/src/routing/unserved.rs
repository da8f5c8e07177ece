//! What a router is not before [`with_sessions`](Router::with_sessions): a service.
//!
//! Each use as one is a compile error anyway. The bounds here make it one that names
//! `with_sessions`.

use std::convert::Infallible;
use std::future::Ready;
use std::task::{Context, Poll};

use axum::extract::Request;
use axum::extract::connect_info::IntoMakeServiceWithConnectInfo;
use axum::response::Response;
use axum::routing::{IntoMakeService, RouterIntoService};
use axum::serve::{IncomingStream, Listener};
use tower::Service;

use crate::routing::router::Router;
use crate::sessions::Sessions;

/// Implemented for no router: `with_sessions` returns one of axum's.
///
/// [`Sessions`] implement it, and not the router, because rustc shows the message of a bound only
/// where its type is another one than that of the bound it follows from.
#[diagnostic::on_unimplemented(
    message = "a router of `os_session::routing` cannot be served without sessions",
    label = "`.with_sessions(&sessions)?` is missing",
    note = "write `router.with_sessions(&sessions)?`, which returns the `axum::Router` to serve",
    note = "write `router.with_state(state).with_sessions(&sessions)?` if the router has a state"
)]
pub trait GivenTo<Router> {}

#[doc(hidden)]
impl<S, L> Service<IncomingStream<'_, L>> for Router<S>
where
    Sessions: GivenTo<Self>,
    L: Listener,
{
    type Response = axum::Router;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        unreachable!()
    }

    fn call(&mut self, _: IncomingStream<'_, L>) -> Self::Future {
        unreachable!()
    }
}

#[doc(hidden)]
impl<S, B> Service<Request<B>> for Router<S>
where
    Sessions: GivenTo<Self>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        unreachable!()
    }

    fn call(&mut self, _: Request<B>) -> Self::Future {
        unreachable!()
    }
}

#[doc(hidden)]
impl<S> From<Router<S>> for axum::Router<S>
where
    Sessions: GivenTo<Router<S>>,
{
    fn from(_: Router<S>) -> Self {
        unreachable!()
    }
}

/// The names by which a router of axum becomes a service.
#[doc(hidden)]
#[allow(clippy::must_use_candidate, clippy::missing_panics_doc, reason = "they cannot be called")]
impl<S> Router<S> {
    pub fn into_make_service(self) -> IntoMakeService<axum::Router>
    where
        Sessions: GivenTo<Self>,
    {
        unreachable!()
    }

    pub fn into_make_service_with_connect_info<C>(self) -> IntoMakeServiceWithConnectInfo<axum::Router, C>
    where
        Sessions: GivenTo<Self>,
    {
        unreachable!()
    }

    pub fn into_service<B>(self) -> RouterIntoService<B>
    where
        Sessions: GivenTo<Self>,
    {
        unreachable!()
    }

    pub fn oneshot<B>(self, _: Request<B>) -> Ready<Result<Response, Infallible>>
    where
        Sessions: GivenTo<Self>,
    {
        unreachable!()
    }
}
