//! What can be routed: functions with a rule, whose other parameters are axum extractors.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::handler::Handler;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};

use crate::access::{Methods, Routing, Slot};
use crate::context::Session;
use crate::declaration::Declaration;
use crate::deny::{Answer, BoxFuture};
use crate::error::Error;
use crate::guard::{Admitted, Declared, Rule};
use crate::visit::{Visit, is_task_of_another, run_apart};

/// A function that carries a rule. `Args` are its parameters, the hidden first one included.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say who may call it",
    label = "not a declared handler",
    note = "put `#[connected]` above the function, `#[connected(opt)]` if it is for those who are not connected as well, or `#[public(reason = \"…\")]` if it is open to all",
    note = "a closure is routed with `os_session::routing::MethodRouter::from_axum(axum::routing::get(closure), \"why it is open to all\")`"
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
///
/// No two handlers share the hidden one. Many share the others, and what takes those is compiled once for all of them.
pub trait ExtractorList<S, M>: Sized + Send + 'static {
    /// What decides whether the others are taken.
    type Rule: Rule<S>;

    /// The others.
    type Others: OtherExtractors<S, M>;

    /// Puts them together.
    fn new(admitted: Admitted<Self::Rule>, others: Self::Others) -> Self;
}

/// Parameters behind the hidden one.
pub trait OtherExtractors<S, M>: Sized + Send {
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

/// What is handed to axum's routing, and what the access table says of it.
pub(crate) trait Routable<T, S>: Handler<T, S> {
    fn routing(&self, methods: Methods) -> Routing;
}

/// A declared function as an axum handler: rule, extractors, body and context in one box.
///
/// One type for all functions, so that what axum makes of a handler is compiled once and not for each of them.
pub(crate) struct Routed<S>(Arc<Function<Call<S>>>);

type Call<S> = dyn Fn(Visit, Incoming, S) -> BoxFuture<'static, Response> + Send + Sync;

struct Function<C: ?Sized> {
    declaration: &'static Declaration,
    slot: Slot,
    call: C,
}

impl<S> Routed<S>
where
    S: Send + Sync + 'static,
{
    pub(crate) fn new<H, M, Args>(handler: H) -> Self
    where
        H: DeclaredFn<Args, Future: Future<Output: Answer> + Send>,
        Args: Extractors<S, M>,
        M: 'static,
    {
        let call = move |visit: Visit, mut incoming, state| -> BoxFuture<'static, Response> {
            let handler = handler.clone();
            Box::pin(async move {
                // Pinned here, and not passed on by value: a future that is moved into another is stored twice.
                let answer = pin!(answer(handler, &mut incoming, &state));
                run(visit, answer).await
            })
        };
        Self(Arc::new(Function { declaration: H::declaration(), slot: Slot::default(), call }))
    }
}

impl<S> Clone for Routed<S> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<S> Routable<(), S> for Routed<S>
where
    S: Send + 'static,
{
    fn routing(&self, methods: Methods) -> Routing {
        Routing::declared(methods, self.0.declaration, self.0.slot.clone())
    }
}

impl<S> Handler<(), S> for Routed<S>
where
    S: Send + 'static,
{
    type Future = BoxFuture<'static, Response>;

    fn call(self, request: Request, state: S) -> Self::Future {
        let Function { slot, call, .. } = &*self.0;
        let Some(sessions) = slot.get() else {
            return Box::pin(async { Error::NoLayer.into_response() });
        };
        let (mut head, body) = request.into_parts();
        let visit = Visit::begin(sessions, &mut head);
        call(visit, Incoming::new(head, body), state)
    }
}

/// Takes any function's answer, so that this is compiled once for all.
async fn run(visit: Visit, answer: Pin<&mut (dyn Future<Output = Response> + Send)>) -> Response {
    visit.run(answer).await
}

/// A public function as an axum handler: no context, and nothing that a function of axum's would not cost. One type for all would
/// cost an allocation, since axum keeps handlers of no size in place.
#[derive(Debug, Clone)]
pub(crate) struct Open<H>(pub(crate) H);

impl<H, M, Args, S> Routable<(M, Args), S> for Open<H>
where
    H: DeclaredFn<Args, Future: Future<Output: Answer> + Send>,
    Args: Extractors<S, M>,
    S: Clone + Send + Sync + 'static,
    M: 'static,
{
    fn routing(&self, methods: Methods) -> Routing {
        Routing::declared(methods, H::declaration(), Slot::default())
    }
}

impl<H, M, Args, S> Handler<(M, Args), S> for Open<H>
where
    H: DeclaredFn<Args, Future: Future<Output: Answer> + Send>,
    Args: Extractors<S, M>,
    S: Clone + Send + Sync + 'static,
    M: 'static,
{
    type Future = BoxFuture<'static, Response>;

    fn call(self, request: Request, state: S) -> Self::Future {
        let (head, body) = request.into_parts();
        let session = Session::of(&head).filter(|session| session.0.is_of(&head)).cloned();
        let mut incoming = Incoming::new(head, body);
        let response = async move { answer(self.0, &mut incoming, &state).await };
        match is_task_of_another(session.as_ref()) {
            true => Box::pin(run_apart(session, response)),
            false => Box::pin(response),
        }
    }
}

async fn answer<H, M, Args, S>(handler: H, incoming: &mut Incoming, state: &S) -> Response
where
    H: DeclaredFn<Args, Future: Future<Output: Answer> + Send>,
    Args: Extractors<S, M>,
    S: Send + Sync,
{
    let admitted = match Admitted::<Args::Rule>::from_request_parts(incoming.head(), state).await {
        Ok(admitted) => admitted,
        Err(response) => return response,
    };
    let others = match Args::Others::extract(incoming, state).await {
        Ok(others) => others,
        Err(response) => return response,
    };
    handler.call(Args::new(admitted, others)).await.into_response()
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
    type Rule = R;
    type Others = ();

    fn new(admitted: Admitted<R>, (): ()) -> Self {
        (admitted,)
    }
}

impl<S> OtherExtractors<S, ()> for ()
where
    S: Send + Sync,
{
    async fn extract(_: &mut Incoming, _: &S) -> Result<Self, Response> {
        Ok(())
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
            type Rule = R;
            type Others = ($($head,)* Last,);

            #[allow(non_snake_case)]
            fn new(admitted: Admitted<R>, ($($head,)* last,): Self::Others) -> Self {
                (admitted, $($head,)* last)
            }
        }

        impl<S, M, $($head,)* Last> OtherExtractors<S, M> for ($($head,)* Last,)
        where
            S: Send + Sync,
            $($head: Extractor<S> + 'static,)*
            Last: LastExtractor<S, M> + 'static,
        {
            #[allow(non_snake_case)]
            async fn extract(incoming: &mut Incoming, state: &S) -> Result<Self, Response> {
                $(let $head = $head::from_request_parts(incoming.head(), state).await.map_err(IntoResponse::into_response)?;)*
                let last = Last::from_request(incoming.take(), state).await.map_err(IntoResponse::into_response)?;
                Ok(($($head,)* last,))
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
each_beginning!(extractors;; T2 T3 T4 T5 T6 T7 T8 T9 T10 T11 T12 T13 T14 T15);
