//! What can be routed: functions with a rule, whose other parameters are axum extractors.

use std::future::Future;
use std::pin::{Pin, pin};

use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::handler::Handler;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};

use crate::access::Slot;
use crate::declaration::Declaration;
use crate::deny::Answer;
use crate::error::Error;
use crate::guard::{Admitted, Declared, Rule};
use crate::visit::Visit;

/// A function that carries a rule. `Args` are its parameters, the hidden first one included.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say who may call it",
    label = "not a declared handler",
    note = "put `#[connected]` above the function, or `#[public(reason = \"…\")]` if it is open to all",
    note = "a closure is routed with `MethodRouter::from_axum(axum::routing::get(closure), \"why it is open to all\")`"
)]
pub trait DeclaredFn<Args>: Clone + Send + Sync + Sized + 'static {
    /// Whether the rule is `#[public]`.
    const PUBLIC: bool;

    /// The rule.
    fn declaration() -> &'static Declaration;

    /// What calling the function returns.
    type Future: Future;

    /// Calls the function.
    fn call(self, args: Args) -> Self::Future;
}

/// A parameter of a handler that is taken from the request's head: every axum extractor but the last.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an extractor of the request's head in a router with state `{S}`",
    label = "not an extractor",
    note = "every parameter but the last implements `axum::extract::FromRequestParts`; one that reads the body, such as `Form` or `Json`, is the last",
    note = "`State<T>` needs `T: axum::extract::FromRef<{S}>`, and `User<T>` needs `T: os_session::FromUser<{S}>`"
)]
pub trait Extractor<S>: FromRequestParts<S> + Send {}

#[diagnostic::do_not_recommend]
impl<T, S> Extractor<S> for T where T: FromRequestParts<S> + Send {}

/// The last parameter of a handler, which may take the request's body.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an extractor in a router with state `{S}`",
    label = "not an extractor",
    note = "a handler's parameters implement `axum::extract::FromRequestParts`, or the last one `axum::extract::FromRequest`",
    note = "`State<T>` needs `T: axum::extract::FromRef<{S}>`, and `User<T>` needs `T: os_session::FromUser<{S}>`"
)]
pub trait LastExtractor<S, M>: FromRequest<S, M> + Send {}

#[diagnostic::do_not_recommend]
impl<T, S, M> LastExtractor<S, M> for T where T: FromRequest<S, M> + Send {}

/// Parameters that can be taken from a request, in their order; `M` says whether the last reads the body.
pub trait Extractors<S, M>: ExtractorList<S, M> {}

// Not the list itself, since rustc names all its implementations whenever a parameter is none.
impl<T, S, M> Extractors<S, M> for T where T: ExtractorList<S, M> {}

/// The parameters for each length of their list.
pub trait ExtractorList<S, M>: Sized + Send + 'static {
    /// Takes them, or answers why not.
    fn extract(incoming: &mut Incoming, state: &S) -> impl Future<Output = Result<Self, Response>> + Send;
}

/// A request while parameters are taken from it. It is handed on by reference, since it is large to be moved.
#[derive(Debug)]
pub struct Incoming(Option<(Parts, Body)>);

impl Incoming {
    fn new(head: Parts, body: Body) -> Self {
        Self(Some((head, body)))
    }

    fn head(&mut self) -> &mut Parts {
        let (head, _) = self.0.as_mut().expect("the last parameter takes the request, and is the last");
        head
    }

    fn take(&mut self) -> Request {
        let (head, body) = self.0.take().expect("the last parameter takes the request, and is the last");
        Request::from_parts(head, body)
    }
}

/// A declared function as an axum handler: rule, extractors, body and context in one box.
#[derive(Debug, Clone)]
pub(crate) struct Routed<H> {
    pub(crate) handler: H,
    pub(crate) slot: Slot,
}

impl<H, M, Args, S> Handler<(M, Args), S> for Routed<H>
where
    H: DeclaredFn<Args, Future: Future<Output: Answer> + Send>,
    Args: Extractors<S, M>,
    S: Clone + Send + Sync + 'static,
    M: 'static,
{
    type Future = Pin<Box<dyn Future<Output = Response> + Send>>;

    fn call(self, request: Request, state: S) -> Self::Future {
        let Self { handler, slot } = self;
        let Some(sessions) = slot.get() else {
            return Box::pin(async { Error::NoLayer.into_response() });
        };
        let (head, body) = request.into_parts();
        let visit = Visit::begin(sessions, &head);
        let mut incoming = Incoming::new(head, body);
        Box::pin(async move {
            // Pinned here, and not passed on by value: a future that is moved into another is stored twice.
            let answer = pin!(answer(handler, &mut incoming, &state));
            match visit {
                Some(visit) => visit.run(answer).await,
                None => answer.await,
            }
        })
    }
}

/// A public function as an axum handler: no context, and nothing that a function of axum's would not cost.
#[derive(Debug, Clone)]
pub(crate) struct Open<H>(pub(crate) H);

impl<H, M, Args, S> Handler<(M, Args), S> for Open<H>
where
    H: DeclaredFn<Args, Future: Future<Output: Answer> + Send>,
    Args: Extractors<S, M>,
    S: Clone + Send + Sync + 'static,
    M: 'static,
{
    type Future = Pin<Box<dyn Future<Output = Response> + Send>>;

    fn call(self, request: Request, state: S) -> Self::Future {
        let (head, body) = request.into_parts();
        let mut incoming = Incoming::new(head, body);
        Box::pin(async move { answer(self.0, &mut incoming, &state).await })
    }
}

async fn answer<H, M, Args, S>(handler: H, incoming: &mut Incoming, state: &S) -> Response
where
    H: DeclaredFn<Args, Future: Future<Output: Answer> + Send>,
    Args: Extractors<S, M>,
    S: Send + Sync,
{
    match Args::extract(incoming, state).await {
        Ok(args) => handler.call(args).await.into_response(),
        Err(response) => response,
    }
}

macro_rules! declared_fn {
    ($($arg:ident)*) => {
        #[diagnostic::do_not_recommend]
        impl<F, Fut, R, $($arg,)*> DeclaredFn<(Admitted<R>, $($arg,)*)> for F
        where
            F: FnOnce(Admitted<R>, $($arg),*) -> Fut + Clone + Send + Sync + 'static,
            Fut: Future,
            R: Declared,
        {
            type Future = Fut;

            const PUBLIC: bool = R::PUBLIC;

            fn declaration() -> &'static Declaration {
                R::declaration()
            }

            #[allow(non_snake_case)]
            fn call(self, (admitted, $($arg,)*): (Admitted<R>, $($arg,)*)) -> Fut {
                self(admitted, $($arg),*)
            }
        }
    };
}

/// The hidden parameter alone: there is no last one.
impl<S, R> ExtractorList<S, ()> for (Admitted<R>,)
where
    S: Send + Sync,
    R: Rule<S>,
{
    async fn extract(incoming: &mut Incoming, state: &S) -> Result<Self, Response> {
        Ok((Admitted::from_request_parts(incoming.head(), state).await?,))
    }
}

macro_rules! extractors {
    ($($head:ident)*) => {
        impl<S, M, R, $($head,)* Last> ExtractorList<S, M> for (Admitted<R>, $($head,)* Last)
        where
            S: Send + Sync,
            R: Rule<S>,
            $($head: Extractor<S> + 'static,)*
            Last: LastExtractor<S, M> + 'static,
        {
            #[allow(non_snake_case, unused_mut)]
            async fn extract(incoming: &mut Incoming, state: &S) -> Result<Self, Response> {
                let admitted = Admitted::from_request_parts(incoming.head(), state).await?;
                $(let $head = $head::from_request_parts(incoming.head(), state).await.map_err(IntoResponse::into_response)?;)*
                let last = Last::from_request(incoming.take(), state).await.map_err(IntoResponse::into_response)?;
                Ok((admitted, $($head,)* last))
            }
        }
    };
}

/// Calls a macro with each beginning of a list, the empty one included.
macro_rules! each_beginning {
    ($macro:ident; $($seen:ident)*;) => { $macro!($($seen)*); };
    ($macro:ident; $($seen:ident)*; $next:ident $($rest:ident)*) => {
        $macro!($($seen)*);
        each_beginning!($macro; $($seen)* $next; $($rest)*);
    };
}

// axum takes sixteen parameters; the first of them is the hidden one.
each_beginning!(declared_fn;; T1 T2 T3 T4 T5 T6 T7 T8 T9 T10 T11 T12 T13 T14 T15);
each_beginning!(extractors;; T1 T2 T3 T4 T5 T6 T7 T8 T9 T10 T11 T12 T13 T14);
