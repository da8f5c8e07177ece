//! `deny_fun`: the application's own answer to a refusal.

use std::fmt;
use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::Arc;

use axum::extract::{FromRef, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};

use crate::account::{FromUser, User};
use crate::application::Function;
use crate::context::Session;
use crate::error::{Denial, Error};
use crate::lifecycle::account;
use crate::request;
use crate::user::UserId;

/// A boxed future, as the generated code spells it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// How a `deny_fun` is called for a rule of a handler with state `S`.
pub type DenyFun<S> = for<'a> fn(Denied<'a>, &'a S) -> BoxFuture<'a, Response>;

/// The same with its function inside: what the builder keeps.
pub(crate) type BoxedDenyFun = Arc<dyn for<'a> Fn(Denied<'a>) -> BoxFuture<'a, Response> + Send + Sync>;

/// A refused request, for the parameters of a `deny_fun` to be taken from.
#[derive(Clone, Copy)]
pub struct Denied<'a> {
    pub(crate) session: &'a Session,
    pub(crate) denial: Denial,
    pub(crate) head: &'a Parts,
}

impl fmt::Debug for Denied<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Denied").field(&self.denial).finish()
    }
}

/// A parameter that a `deny_fun` may have, with state `S`. Not for implementing.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not available in a `deny_fun` with state `{S}`",
    label = "not a parameter of a `deny_fun`",
    note = "a `deny_fun` may take `Option<UserId>`, `Option<User<T>>`, `Denial`, `WantsHtml`, `Uri`, `Method`, `HeaderMap`\n\
            and `State<T>`, if the attribute says `state = …`"
)]
pub trait DenyParam<S>: Sized + Send {
    /// Takes the parameter from the refused request.
    fn take(denied: Denied<'_>, state: &S) -> impl Future<Output = Result<Self, Error>> + Send;
}

impl<S> DenyParam<S> for Denial {
    fn take(denied: Denied<'_>, _: &S) -> impl Future<Output = Result<Self, Error>> + Send {
        ready(Ok(denied.denial))
    }
}

/// Whether the client of a refused request shows HTML, for a `deny_fun` that responds to programs
/// as well.
///
/// It is `true` where a person waits for a page, for a request of htmx, and where `Accept` names
/// HTML with at least the weight that problem details have in it. `*/*` names nothing, so that
/// `curl` and a script's `fetch` get problem details, which an [`Error`] is.
///
/// ```
/// use axum::response::Html;
/// use os_session::{Denial, Error, WantsHtml, connected};
///
/// async fn sorry(denial: Denial, WantsHtml(html): WantsHtml) -> Result<Html<String>, Error> {
///     if html { Ok(Html(format!("<h1>Sorry: {denial}</h1>"))) } else { Err(denial.into()) }
/// }
///
/// #[connected(allow = "admin", deny_fun = sorry)]
/// async fn secret() -> &'static str {
///     "hidden from the others"
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WantsHtml(pub bool);

impl<S> DenyParam<S> for WantsHtml {
    fn take(denied: Denied<'_>, _: &S) -> impl Future<Output = Result<Self, Error>> + Send {
        ready(Ok(Self(request::wants_html(&denied.head.method, &denied.head.headers))))
    }
}

impl<S> DenyParam<S> for Option<UserId> {
    fn take(denied: Denied<'_>, _: &S) -> impl Future<Output = Result<Self, Error>> + Send {
        denied.session.user()
    }
}

#[diagnostic::do_not_recommend]
impl<S, T> DenyParam<S> for Option<User<T>>
where
    S: Sync,
    T: FromUser<S>,
{
    async fn take(denied: Denied<'_>, state: &S) -> Result<Self, Error> {
        Ok(account(denied.session, state).await?.map(User))
    }
}

#[diagnostic::do_not_recommend]
impl<S, T> DenyParam<S> for State<T>
where
    T: FromRef<S> + Send,
{
    fn take(_: Denied<'_>, state: &S) -> impl Future<Output = Result<Self, Error>> + Send {
        ready(Ok(State(T::from_ref(state))))
    }
}

macro_rules! taken_from_the_head {
    ($($param:ty: $field:ident)*) => {$(
        impl<S> DenyParam<S> for $param {
            fn take(denied: Denied<'_>, _: &S) -> impl Future<Output = Result<Self, Error>> + Send {
                ready(Ok(denied.head.$field.clone()))
            }
        }
    )*};
}

taken_from_the_head!(Uri: uri Method: method HeaderMap: headers);

/// A function that can be a `deny_fun`: async, with parameters that a refusal gives.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a `deny_fun`",
    label = "not a `deny_fun`",
    note = "a `deny_fun` is an `async fn` whose future is `Send`\n\
            it may take `Option<UserId>`, `Option<User<T>>`, `Denial`, `WantsHtml`, `Uri`, `Method`, `HeaderMap`\n\
            and `State<T>`, if the attribute says `state = …`"
)]
pub trait DenyFn<Args, S>: Clone + Send + Sync + 'static {
    /// What it returns.
    type Output;

    /// Takes the parameters and calls it.
    fn call(self, denied: Denied<'_>, state: &S) -> impl Future<Output = Result<Self::Output, Error>> + Send;
}

macro_rules! deny_fns {
    ($([$($param:ident)*])*) => {$(
        #[diagnostic::do_not_recommend]
        impl<F, Fut, S, $($param,)*> DenyFn<($($param,)*), S> for F
        where
            F: FnOnce($($param),*) -> Fut + Clone + Send + Sync + 'static,
            Fut: Future<Output: Send> + Send,
            S: Sync,
            $($param: DenyParam<S>,)*
        {
            type Output = Fut::Output;

            #[allow(non_snake_case, unused_variables)]
            async fn call(self, denied: Denied<'_>, state: &S) -> Result<Fut::Output, Error> {
                $(let $param = $param::take(denied, state).await?;)*
                Ok(self($($param),*).await)
            }
        }
    )*};
}

deny_fns!([] [P1] [P1 P2] [P1 P2 P3] [P1 P2 P3 P4] [P1 P2 P3 P4 P5] [P1 P2 P3 P4 P5 P6] [P1 P2 P3 P4 P5 P6 P7]);

/// What a handler or a `deny_fun` may return: everything that axum takes for a response.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an answer",
    label = "not an axum response",
    note = "an answer implements `axum::response::IntoResponse`: text, a status, `Json`, `Html`, or a `Result` of two of them"
)]
pub trait Answer: IntoResponse {}

#[diagnostic::do_not_recommend]
impl<T> Answer for T where T: IntoResponse {}

/// Answers a refusal with a `deny_fun`: never with success, whatever it says.
pub fn deny<'a, F, Args, S>(deny_fun: F, denied: Denied<'a>, state: &'a S) -> BoxFuture<'a, Response>
where
    F: DenyFn<Args, S, Output: Answer>,
    S: Sync,
{
    Box::pin(async move {
        let answered = async { deny_fun.call(denied, state).await.map(IntoResponse::into_response) };
        let mut response = answer::<F, _>(denied, answered).await.unwrap_or_else(IntoResponse::into_response);
        if response.status().is_success() {
            *response.status_mut() = status(denied.denial);
        }
        response
    })
}

/// What a `deny_fun` answers in time.
pub(crate) async fn answer<F, T>(
    denied: Denied<'_>,
    answered: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let deadline = denied.session.sessions().0.config.hook_deadline;
    Function::DenyFun(std::any::type_name::<F>()).outcome(deadline, answered).await?
}

pub(crate) fn status(denial: Denial) -> StatusCode {
    match denial {
        Denial::NotConnected | Denial::NotFresh => StatusCode::UNAUTHORIZED,
        Denial::PermissionDenied => StatusCode::FORBIDDEN,
    }
}
