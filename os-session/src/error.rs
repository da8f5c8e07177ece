//! What can go wrong, and what a browser is told of it.

use std::fmt;
use std::sync::Arc;

use axum::BoxError;

use crate::declaration::Place;
use crate::one_line::OneLine;

/// Everything that this crate reports.
///
/// It is an axum response: [problem details](https://www.rfc-editor.org/rfc/rfc9457) that carry no
/// internal text; what stands in the variant goes to the log. What it displays is one line,
/// whatever a client or a database wrote into it. A handler may return it, and then it is that
/// handler's answer and no more: no hook runs for it and no `deny_fun`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Nobody is connected, and the handler needs somebody. 401; where a log-in page is configured, a browser's
    /// navigation is sent there instead.
    #[error("nobody is connected")]
    NotConnected,
    /// Somebody is connected, and the rule refuses them. 403.
    #[error("permission denied")]
    PermissionDenied,
    /// The rule wants a user who proved lately who they are, see [`Session::confirm`](crate::Session::confirm). 401; where a page for
    /// that is configured, a browser's navigation is sent there instead.
    #[error("the user has to prove once more who they are")]
    NotFresh,
    /// The request comes from another site and could change something. 403.
    #[error(
        "refused a request from another site; if that site may do this, name it with `Sessions::builder().trusted_origin(…)`, \
         or write `cross_site = \"reason\"` on the handler"
    )]
    CrossSite,
    /// There is no request here: the session of the current request was asked for outside one.
    #[error(
        "outside a request: `Session::current()` and server functions work while a request with a session is handled"
    )]
    OutsideRequest,
    /// The request never met the `Sessions`. 500.
    #[error(
        "no session in this request: route the handler with `os_session::routing` and `with_sessions(&sessions)`, or add \
         `.layer(sessions.layer())` to the axum router; where a middleware uses the session, add that layer outside the middleware, \
         which is after it; a `#[public]` handler has none, `#[connected(opt)]` does"
    )]
    NoLayer,
    /// A rule, or the application, named a group that nobody created. 500.
    #[error(transparent)]
    NoSuchGroup(NoSuchGroup),
    /// [`Sessions::explain`](crate::Sessions::explain) was asked for a handler by a name that is not exactly one handler's. 500.
    #[error("{}", OneLine(.0))]
    NoSuchHandler(String),
    /// A policy of a server function failed, and with this status. What a policy of a handler fails with is the answer itself.
    #[error("the policy `{policy}` failed with {status}")]
    Policy {
        /// Its name in the rule.
        policy: &'static str,
        /// The status of what it returned.
        status: axum::http::StatusCode,
    },
    /// The value of a slot cannot be read or kept. 413 if it is too large or there are too many, 503 if others were always faster, else 500.
    #[error(transparent)]
    Slot(SlotError),
    /// A slot of a tab was written in a request that belongs to none. 400.
    #[error(
        "this request belongs to no tab: a page names its process in the header `Os-Process`, and only loading a page starts a new one"
    )]
    NoProcess,
    /// A hook failed, panicked or took too long. 500.
    #[error(transparent)]
    Hook(HookError),
    /// A policy, a group provider, a `deny_fun` or a [`FromUser`](crate::FromUser) panicked, 500,
    /// or took longer than the deadline for hooks, 503.
    #[error(transparent)]
    Function(FunctionError),
    /// A session was opened, closed or changed from inside a hook. 500.
    #[error("a hook cannot connect or disconnect: it runs inside such a change")]
    InsideHook,
    /// The answer has left, so no cookie can be sent any more. 500.
    #[error("the answer has left: connect while the request is handled, not in a stream or a task that outlives it")]
    AnswerSent,
    /// A slot of a browser was written in a request whose browser has another token by now: a log-in exchanged it before
    /// the request arrived, or on another node while the request ran. 409.
    #[error(
        "a log-in has exchanged the browser's token: nothing was written; send the request again with the new cookie"
    )]
    BrowserRenewed,
    /// The store did not answer, or answered with an error. 503.
    #[error("the session store failed: {0}")]
    Store(#[from] StoreError),
    /// The group provider failed. 503.
    #[error("the group provider failed: {}", OneLine(.0))]
    Groups(#[source] BoxError),
    /// The application's own user could not be loaded. 503.
    #[error("the user could not be loaded: {}", OneLine(.0))]
    User(#[source] BoxError),
    /// The identifier of the user is one that no session can be opened for: blank, longer than 255
    /// bytes, or with a NUL character. The store was not asked. 400.
    #[error("{}", OneLine(.0))]
    UserId(String),
    /// The identifier of the user does not parse as the type that was asked for. 500.
    #[error(transparent)]
    UserIdType(#[from] crate::user::InvalidUserId),
    /// The user has as many sessions as a user may have, and the configuration refuses more. 409.
    #[error("the user has {0} sessions, and no more are allowed")]
    TooManySessions(u32),
    /// A log-in over plain HTTP, where the browser would drop a `Secure` cookie. 500.
    #[error(
        "a log-in over plain HTTP: the browser would not keep the cookie; serve HTTPS, or for development say \
         `Sessions::builder().insecure_plain_http()`"
    )]
    PlainHttp,
    /// The application's state was not handed over. 500.
    #[error("no state of type `{0}`: hand it over with `Sessions::builder().state(…)`")]
    NoState(&'static str),
    /// The operating system gave no random bytes. 503.
    #[error("no random bytes from the operating system: {0}")]
    Random(getrandom::Error),
    /// Mistakes of configuration, all that were found, each with its remedy.
    #[error("the configuration cannot work:{}", List(.0))]
    Config(Vec<String>),
}

impl Error {
    /// A hook could not run because the account it takes is gone.
    pub(crate) fn is_account_gone(&self) -> bool {
        matches!(self, Self::Hook(HookError { failure: HookFailure::AccountGone, .. }))
    }
}

/// A group that nobody created.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no such group: `{}`{}", OneLine(name), Hint(.nearest.as_deref()))]
#[non_exhaustive]
pub struct NoSuchGroup {
    /// The name that is unknown.
    pub name: String,
    /// The known name that looks most like it.
    pub nearest: Option<String>,
}

/// A hook that failed.
#[derive(Debug, thiserror::Error)]
#[error("the hook {hook} {failure}")]
#[non_exhaustive]
pub struct HookError {
    /// Which hook: its event, name and place.
    pub hook: String,
    /// What happened.
    pub failure: HookFailure,
}

/// How a hook failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum HookFailure {
    /// It returned an error.
    Error(BoxError),
    /// It panicked.
    Panicked,
    /// It took longer than the deadline for hooks.
    TimedOut,
    /// It takes the user as a type of the application's, and there is no such account any more.
    AccountGone,
}

impl fmt::Display for HookFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Error(error) => write!(f, "failed: {}", OneLine(error)),
            Self::Panicked => f.write_str("panicked"),
            Self::TimedOut => f.write_str("took longer than the deadline for hooks"),
            Self::AccountGone => f.write_str("wants the user's account, which is gone"),
        }
    }
}

/// A function of the application, other than a hook, that gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{function} {}", if *timed_out { "took longer than the deadline for hooks" } else { "panicked" })]
#[non_exhaustive]
pub struct FunctionError {
    /// Which function: its kind and its name.
    pub function: String,
    /// It took longer than the deadline for hooks; else it panicked.
    pub timed_out: bool,
}

/// A slot whose value cannot be read or kept.
#[derive(Debug, thiserror::Error)]
#[error("the slot `{slot}` {failure}")]
#[non_exhaustive]
pub struct SlotError {
    /// Its name.
    pub slot: &'static str,
    /// What happened.
    pub failure: SlotFailure,
}

/// What is wrong with the value of a slot.
#[derive(Debug)]
#[non_exhaustive]
pub enum SlotFailure {
    /// What is stored is no value of the slot's type. It stays there until it is set, taken or
    /// removed.
    Decode {
        /// The type.
        wanted: &'static str,
        /// Where in its JSON it ceases to fit; what stands there is not told.
        column: usize,
    },
    /// The value has no form as JSON, or one that does not decode as the slot's type. It was not
    /// written.
    Encode(BoxError),
    /// The value is longer than the configuration allows.
    TooLarge {
        /// How long it is, as JSON.
        bytes: usize,
        /// How long it may be.
        most: usize,
    },
    /// The scope has as many values as the configuration allows.
    TooMany(u32),
    /// It was changed elsewhere each time that this change was tried.
    Contended,
}

impl fmt::Display for SlotFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Decode { wanted, column } => {
                write!(
                    f,
                    "holds no `{wanted}`: its JSON does not fit at column {column}; `set` and `remove` work without reading it"
                )
            }
            Self::Encode(error) => write!(f, "cannot keep the value as JSON: {}", OneLine(error)),
            Self::TooLarge { bytes, most } => {
                write!(f, "would hold {bytes} bytes of the {most} that `max_slot_bytes` allows")
            }
            Self::TooMany(most) => write!(f, "would be one more than the {most} that `max_slots` allows in its scope"),
            Self::Contended => f.write_str("was changed elsewhere each time that it was tried"),
        }
    }
}

/// A store that failed: unreachable, too slow, or confused. It is never taken for an answer.
#[derive(Debug, Clone)]
pub struct StoreError(Arc<dyn std::error::Error + Send + Sync>);

impl StoreError {
    /// Wraps the error of the database, or a sentence.
    pub fn new(source: impl Into<BoxError>) -> Self {
        Self(Arc::from(source.into()))
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        OneLine(&self.0).fmt(f)
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.0)
    }
}

/// Why a request was refused by a rule: what `on_denied_request` hooks and a `deny_fun` are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Denial {
    /// The rule wants a group, and nobody is connected. Answered with 401.
    NotConnected,
    /// The user is in none of the allowed groups, or in one of the denied. Answered with 403.
    PermissionDenied,
    /// The rule wants a user who proved lately who they are, with `fresh`. Answered with 401.
    NotFresh,
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotConnected => "not connected",
            Self::PermissionDenied => "permission denied",
            Self::NotFresh => "not authenticated lately",
        })
    }
}

impl From<Denial> for Error {
    fn from(denial: Denial) -> Self {
        match denial {
            Denial::NotConnected => Self::NotConnected,
            Denial::PermissionDenied => Self::PermissionDenied,
            Denial::NotFresh => Self::NotFresh,
        }
    }
}

/// The known name nearest to a misspelt one, if one is near.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= 1 + name.chars().count() / 4)
        .min()
        .map(|(_, candidate)| candidate.to_owned())
}

/// One line for a rule that names an unknown group.
pub(crate) fn unknown_group(place: &Place, name: &str, nearest: Option<&str>) -> String {
    format!("the rule of {place} names the group `{name}`, which nobody created{}", Hint(nearest))
}

struct Hint<'a>(Option<&'a str>);

impl fmt::Display for Hint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(nearest) => write!(f, "; there is one with a similar name: `{}`", OneLine(nearest)),
            None => Ok(()),
        }
    }
}

struct List<'a>(&'a [String]);

impl fmt::Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|line| write!(f, "\n  - {line}"))
    }
}
