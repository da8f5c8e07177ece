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
    message = "the policy `{Self}` cannot be asked in a router with state `{S}`",
    label = "not a policy there",
    note = "each parameter of a policy is an extractor of the request's head, with the state of the router: `UserId`, `User<T>`, `Path<T>`, \
            `Query<T>`, `State<T>`, …"
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

/// An async function over extractors of a request's head.
pub trait PolicyFn<Args, S>: Send + 'static {
    /// Takes its parameters from the request and calls it.
    fn call<'a>(self, parts: &'a mut Parts, state: &'a S) -> BoxFuture<'a, PolicyOutcome>;
}

macro_rules! policy_fns {
    ($($parameter:ident)*) => {
        #[diagnostic::do_not_recommend]
        impl<F, Fut, S, $($parameter),*> PolicyFn<($($parameter,)*), S> for F
        where
            F: FnOnce($($parameter),*) -> Fut + Send + 'static,
            Fut: Future<Output: PolicyAnswer> + Send,
            S: Sync,
            $($parameter: FromRequestParts<S> + Send,)*
        {
            #[allow(non_snake_case, unused_variables, reason = "one function for every number of parameters")]
            fn call<'a>(self, parts: &'a mut Parts, state: &'a S) -> BoxFuture<'a, PolicyOutcome> {
                Box::pin(async move {
                    $(
                        let $parameter = match $parameter::from_request_parts(parts, state).await {
                            Ok(parameter) => parameter,
                            Err(rejection) => return Err(Box::new(rejection.into_response())),
                        };
                    )*
                    self($($parameter),*).await.into_answer()
                })
            }
        }
    };
}

policy_fns!();
policy_fns!(A);
policy_fns!(A B);
policy_fns!(A B C);
policy_fns!(A B C D);
policy_fns!(A B C D E);
policy_fns!(A B C D E F1);
policy_fns!(A B C D E F1 G);
policy_fns!(A B C D E F1 G H);

/// For the compiler to object where the function is written.
pub const fn is_policy_answer<T: PolicyAnswer>() {}

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
