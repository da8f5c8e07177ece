//! What a hook may take, event by event, and what it may return.

use std::future::{Future, ready};

use axum::BoxError;
use axum::extract::{ConnectInfo, Extension, FromRef, FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Uri};

use crate::account::{FromUser, User, load};
use crate::context::Session;
use crate::error::{Denial, Error, HookFailure};
use crate::hook::{CloseReason, HookInput, event};
use crate::user::UserId;

/// A parameter that a hook of event `E` with state `S` may have. Which types are, is the table in the documentation of
/// the hooks; it is not for implementing.
#[diagnostic::on_unimplemented(
    message = "an `#[{E}]` hook cannot take `{Self}`",
    label = "not a parameter of this hook",
    note = "the user: `UserId` or `User<T>` where somebody is connected; `Option<UserId>` or `Option<User<T>>` in `on_request`, \
            `on_start_process` and `on_denied_request`\n\
            the session: `Session`, in `on_post_close_session` `Option<Session>`\n\
            what happened: `CloseReason` in `on_pre_close_session` and `on_post_close_session`, `Denial` in `on_denied_request`\n\
            the application: `State<T>`, if the attribute says `state = …`\n\
            the request: `HeaderMap`, `Method`, `Uri`, `Extension<T>`, `ConnectInfo<T>`, `Extract<X>`; none in `on_post_close_session`"
)]
pub trait HookParam<E, S>: Sized + Send {
    /// The request's head has to be kept for this.
    const NEEDS_PARTS: bool = false;

    /// Takes the parameter from what happened.
    fn take<'a>(input: &'a HookInput<'a>) -> impl Future<Output = Result<Self, HookFailure>> + Send;
}

/// What a hook may return.
#[diagnostic::on_unimplemented(
    message = "a hook must return `()` or `Result<(), E>`, not `{Self}`",
    label = "not a hook outcome",
    note = "`E` is anything that converts into `Box<dyn std::error::Error + Send + Sync>`"
)]
pub trait HookOutcome {
    /// Success or failure.
    ///
    /// # Errors
    ///
    /// What the hook returned as its error.
    fn outcome(self) -> Result<(), HookFailure>;
}

impl HookOutcome for () {
    fn outcome(self) -> Result<(), HookFailure> {
        Ok(())
    }
}

#[diagnostic::do_not_recommend]
impl<E> HookOutcome for Result<(), E>
where
    E: Into<BoxError>,
{
    fn outcome(self) -> Result<(), HookFailure> {
        self.map_err(|error| HookFailure::Error(error.into()))
    }
}

/// Any extractor of the request's head, as a parameter of a hook.
///
/// ```
/// use axum::extract::OriginalUri;
/// use os_session::{Extract, UserId, on_connected_request};
///
/// #[on_connected_request]
/// async fn trace(user: UserId, Extract(OriginalUri(uri)): Extract<OriginalUri>) {
///     println!("{user} asks for {uri}");
/// }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Extract<X>(pub X);

fn missing(what: &str) -> HookFailure {
    HookFailure::Error(format!("{what} is not there").into())
}

fn user(input: &HookInput<'_>) -> Result<UserId, HookFailure> {
    input.user.cloned().ok_or_else(|| missing("the user"))
}

fn parts<'a>(input: &HookInput<'a>) -> Result<&'a Parts, HookFailure> {
    input.session.and_then(|session| session.0.parts.as_deref()).ok_or_else(|| missing("the request's head"))
}

async fn loaded<T, S>(input: &HookInput<'_>) -> Result<Option<T>, HookFailure>
where
    T: FromUser<S>,
    S: Send + Sync + 'static,
{
    let (Some(user), Some(state)) = (input.user, state::<S>(input)) else {
        return Ok(None);
    };
    load(input.session, user, state).await.map_err(|error| HookFailure::Error(Box::new(error)))
}

fn state<'a, S: 'static>(input: &HookInput<'a>) -> Option<&'a S> {
    input.sessions.0.states.get()
}

/// One row of the table a line: the parameter, the events that give it, and how it is taken.
macro_rules! given_in {
    ($([$($generics:tt)*] $param:ty, in [$($event:ident)*] $(, $needs_parts:ident)? => |$input:ident| $take:expr $(, where [$($bounds:tt)*])?;)*) => {$(
        given_in!(@events [$($event)*] [$($generics)*] $param, [$($needs_parts)?], $input, $take, [$($($bounds)*)?]);
    )*};
    (@events [$($event:ident)*] $generics:tt $param:ty, $needs:tt, $input:ident, $take:expr, $bounds:tt) => {$(
        given_in!(@one $event $generics $param, $needs, $input, $take, $bounds);
    )*};
    (@one $event:ident [$($generics:tt)*] $param:ty, [$($needs_parts:ident)?], $input:ident, $take:expr, [$($bounds:tt)*]) => {
        #[diagnostic::do_not_recommend]
        impl<S, $($generics)*> HookParam<event::$event, S> for $param
        where
            S: Send + Sync + 'static,
            $($bounds)*
        {
            $(const NEEDS_PARTS: bool = $needs_parts;)?

            fn take<'a>($input: &'a HookInput<'a>) -> impl Future<Output = Result<Self, HookFailure>> + Send {
                $take
            }
        }
    };
}

const NEEDED: bool = true;

given_in! {
    [] UserId, in [on_start_connected_process on_connected_request on_open_session on_resume_session on_pre_close_session on_post_close_session]
        => |input| ready(user(input));
    [] Option<UserId>, in [on_request on_start_process on_denied_request]
        => |input| ready(Ok(input.user.cloned()));
    [T] User<T>, in [on_start_connected_process on_connected_request on_open_session on_resume_session on_pre_close_session on_post_close_session]
        => |input| async move { loaded(input).await?.map(User).ok_or(HookFailure::AccountGone) },
        where [T: FromUser<S>];
    [T] Option<User<T>>, in [on_request on_start_process on_denied_request]
        => |input| async move { Ok(loaded(input).await?.map(User)) },
        where [T: FromUser<S>];
    [] Session, in [on_start_process on_start_connected_process on_start_unconnected_process on_connected_request on_unconnected_request on_open_session on_resume_session on_pre_close_session on_request on_denied_request]
        => |input| ready(input.session.cloned().ok_or_else(|| missing("the session")));
    [] Option<Session>, in [on_post_close_session]
        => |input| ready(Ok(input.session.cloned()));
    [] CloseReason, in [on_pre_close_session on_post_close_session]
        => |input| ready(input.reason.ok_or_else(|| missing("the reason")));
    [] Denial, in [on_denied_request]
        => |input| ready(input.denial.ok_or_else(|| missing("the denial")));
    [T] State<T>, in [on_start_process on_start_connected_process on_start_unconnected_process on_connected_request on_unconnected_request on_open_session on_resume_session on_pre_close_session on_post_close_session on_request on_denied_request]
        => |input| ready(state::<S>(input).map(|state| State(T::from_ref(state))).ok_or_else(|| missing("the state"))),
        where [T: FromRef<S> + Send];
    [T] Extension<T>, in [on_start_process on_start_connected_process on_start_unconnected_process on_connected_request on_unconnected_request on_open_session on_resume_session on_pre_close_session on_request on_denied_request], NEEDED
        => |input| ready(parts(input).and_then(|parts| parts.extensions.get().cloned().map(Extension).ok_or_else(|| missing("the extension")))),
        where [T: Clone + Send + Sync + 'static];
    [T] ConnectInfo<T>, in [on_start_process on_start_connected_process on_start_unconnected_process on_connected_request on_unconnected_request on_open_session on_resume_session on_pre_close_session on_request on_denied_request], NEEDED
        => |input| ready(parts(input).and_then(|parts| parts.extensions.get().cloned().ok_or_else(|| missing("the address of the client")))),
        where [T: Clone + Send + Sync + 'static];
    [] HeaderMap, in [on_start_process on_start_connected_process on_start_unconnected_process on_connected_request on_unconnected_request on_open_session on_resume_session on_pre_close_session on_request on_denied_request], NEEDED
        => |input| ready(parts(input).map(|parts| parts.headers.clone()));
    [] Method, in [on_start_process on_start_connected_process on_start_unconnected_process on_connected_request on_unconnected_request on_open_session on_resume_session on_pre_close_session on_request on_denied_request], NEEDED
        => |input| ready(parts(input).map(|parts| parts.method.clone()));
    [] Uri, in [on_start_process on_start_connected_process on_start_unconnected_process on_connected_request on_unconnected_request on_open_session on_resume_session on_pre_close_session on_request on_denied_request], NEEDED
        => |input| ready(parts(input).map(|parts| parts.uri.clone()));
    [X] Extract<X>, in [on_start_process on_start_connected_process on_start_unconnected_process on_connected_request on_unconnected_request on_open_session on_resume_session on_pre_close_session on_request on_denied_request], NEEDED
        => |input| extract(input),
        where [X: FromRequestParts<S, Rejection: std::fmt::Debug> + Send];
}

async fn extract<X, S>(input: &HookInput<'_>) -> Result<Extract<X>, HookFailure>
where
    X: FromRequestParts<S, Rejection: std::fmt::Debug>,
    S: Send + Sync + 'static,
{
    let mut parts = parts(input)?.clone();
    if let Some(session) = input.session {
        parts.extensions.insert(session.clone());
    }
    let state =
        state::<S>(input).ok_or_else(|| HookFailure::Error(Box::new(Error::NoState(std::any::type_name::<S>()))))?;
    match X::from_request_parts(&mut parts, state).await {
        Ok(value) => Ok(Extract(value)),
        Err(rejection) => Err(HookFailure::Error(format!("an extractor refused: {rejection:?}").into())),
    }
}
