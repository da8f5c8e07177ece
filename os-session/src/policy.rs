//! Policies: named questions about a request, for rules that groups alone cannot tell.

use std::future::Future;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};

use crate::deny::BoxFuture;

/// Yes, no, or the answer to the request, which is refused.
pub type PolicyOutcome = Result<bool, Box<Response>>;

/// A policy, in requests of a router with state `S`: implemented by what `#[policy]` puts beside its function.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a policy",
    label = "not a policy",
    note = "a policy is an `async fn` under `#[os_session::policy]`"
)]
pub trait Policy<S> {
    /// Asks it. An error is the answer to the request, which is refused.
    fn ask<'a>(parts: &'a mut Parts, state: &'a S) -> BoxFuture<'a, PolicyOutcome>;
}

/// How a rule's policies are asked: by their number.
pub type AskPolicy<S> = for<'a> fn(u8, &'a mut Parts, &'a S) -> BoxFuture<'a, PolicyOutcome>;

/// What a policy answers.
#[diagnostic::on_unimplemented(
    message = "a policy must return `bool` or `Result<bool, E>`, not `{Self}`",
    label = "not the answer of a policy",
    note = "`E` is an axum response: the request is refused with it"
)]
pub trait PolicyAnswer {
    /// Yes, no, or the answer to the request.
    ///
    /// # Errors
    ///
    /// What the policy returned as its error.
    fn into_answer(self) -> PolicyOutcome;
}

#[diagnostic::do_not_recommend]
impl PolicyAnswer for bool {
    fn into_answer(self) -> PolicyOutcome {
        Ok(self)
    }
}

#[diagnostic::do_not_recommend]
impl<E> PolicyAnswer for Result<bool, E>
where
    E: IntoResponse,
{
    fn into_answer(self) -> PolicyOutcome {
        self.map_err(|error| Box::new(error.into_response()))
    }
}

/// A parameter that a policy may have, in requests of a router with state `S`.
#[diagnostic::on_unimplemented(
    message = "a policy cannot take `{Self}`",
    label = "not an extractor of the request's head with state `{S}`",
    note = "a policy takes `UserId`, `User<T>`, `Path<T>`, `Query<T>`, `HeaderMap`, `State<T>` and whatever else implements \
            `axum::extract::FromRequestParts`; the body is for the handler",
    note = "`State<T>` needs `T: axum::extract::FromRef<{S}>`, and `User<T>` needs `T: os_session::FromUser<{S}>`"
)]
pub trait PolicyParameter<S>: FromRequestParts<S> + Send {}

#[diagnostic::do_not_recommend]
impl<T, S> PolicyParameter<S> for T where T: FromRequestParts<S> + Send {}

/// Takes a parameter from the request, or answers the request, which is refused.
///
/// # Errors
///
/// The parameter's rejection.
pub async fn take<T, S>(parts: &mut Parts, state: &S) -> Result<T, Box<Response>>
where
    T: PolicyParameter<S>,
{
    T::from_request_parts(parts, state).await.map_err(|rejection| Box::new(rejection.into_response()))
}

/// Takes a parameter that needs no state.
pub type Taker<T> = for<'a> fn(&'a mut Parts) -> BoxFuture<'a, Result<T, Box<Response>>>;

/// What takes a parameter, where the compiler has yet to see whether it can be one: called through a pointer, which has no
/// bounds, it is reported once.
#[must_use]
pub fn taker<T>() -> Taker<T>
where
    T: PolicyParameter<()> + 'static,
{
    |parts| Box::pin(take(parts, &()))
}

/// A policy that is being asked.
pub fn asked<'a, F>(policy: F) -> BoxFuture<'a, PolicyOutcome>
where
    F: Future<Output = PolicyOutcome> + Send + 'a,
{
    Box::pin(policy)
}

/// The policies of the rule that is being decided, ready to be asked.
pub(crate) trait Policies: Send {
    fn ask(&mut self, number: u8) -> BoxFuture<'_, PolicyOutcome>;
}

/// Those of a handler, with its request.
pub(crate) struct OfHandler<'a, S> {
    pub(crate) ask: AskPolicy<S>,
    pub(crate) parts: &'a mut Parts,
    pub(crate) state: &'a S,
}

impl<S> Policies for OfHandler<'_, S>
where
    S: Sync,
{
    fn ask(&mut self, number: u8) -> BoxFuture<'_, PolicyOutcome> {
        (self.ask)(number, self.parts, self.state)
    }
}

/// Those of a server function, with the head of the request in which it is called.
pub(crate) struct OfCall<'a, S> {
    pub(crate) ask: AskPolicy<S>,
    pub(crate) parts: Parts,
    pub(crate) state: &'a S,
}

impl<S> Policies for OfCall<'_, S>
where
    S: Sync,
{
    fn ask(&mut self, number: u8) -> BoxFuture<'_, PolicyOutcome> {
        (self.ask)(number, &mut self.parts, self.state)
    }
}
