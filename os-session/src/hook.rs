//! Hooks: functions that run when something happens to a connection, declared by attribute and registered at link time.

mod param;
mod registry;
mod run;

pub use self::param::{Extract, HookOutcome, HookParam};
pub use self::registry::{Hook, HookInfo, RunHook, hooks};
pub(crate) use self::registry::{all, any};
pub(crate) use self::run::{is_running, run, run_all};

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use crate::context::Session;
use crate::error::{Denial, HookFailure};
use crate::sessions::Sessions;
use crate::user::UserId;

/// What a hook's generated runner returns.
pub type HookFuture<'a> = Pin<Box<dyn Future<Output = Result<(), HookFailure>> + Send + 'a>>;

macro_rules! events {
    ($($(#[$doc:meta])* $event:ident = $attribute:ident,)*) => {
        /// What hooks wait for.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum EventKind {
            $($(#[$doc])* $event,)*
        }

        impl EventKind {
            /// The name of the attribute.
            #[must_use]
            pub const fn attribute(self) -> &'static str {
                match self {
                    $(Self::$event => stringify!($attribute),)*
                }
            }
        }

        /// The same, as types: what a hook may take is decided by its event. Compile errors name
        /// them, so each has the name of its attribute.
        #[allow(non_camel_case_types, reason = "the name of an attribute")]
        pub mod event {
            $($(#[$doc])* #[derive(Debug)] pub enum $attribute {})*
        }
    };
}

events! {
    /// A page is loaded into a tab.
    StartProcess = on_start_process,
    /// A page is loaded into a tab while somebody is connected, or somebody logs in there.
    StartConnectedProcess = on_start_connected_process,
    /// A page is loaded into a tab while nobody is connected.
    StartUnconnectedProcess = on_start_unconnected_process,
    /// A request of a connected user was admitted.
    ConnectedRequest = on_connected_request,
    /// A request of nobody in particular is handled.
    UnconnectedRequest = on_unconnected_request,
    /// Somebody logged in.
    OpenSession = on_open_session,
    /// This process meets a session for the first time that it did not open.
    ResumeSession = on_resume_session,
    /// The session of the current request is about to be closed.
    PreCloseSession = on_pre_close_session,
    /// A session ended.
    PostCloseSession = on_post_close_session,
    /// A request is about to be handled.
    Request = on_request,
    /// A rule refused a request.
    DeniedRequest = on_denied_request,
}

/// The start of a process, connected or not: one queue, as in the original.
pub(crate) const START: &[EventKind] =
    &[EventKind::StartProcess, EventKind::StartConnectedProcess, EventKind::StartUnconnectedProcess];

pub(crate) const START_CONNECTED: &[EventKind] = &[EventKind::StartProcess, EventKind::StartConnectedProcess];
pub(crate) const START_UNCONNECTED: &[EventKind] = &[EventKind::StartProcess, EventKind::StartUnconnectedProcess];

/// What happens in every admitted request.
pub(crate) const IN_A_REQUEST: &[EventKind] = &[
    EventKind::Request,
    EventKind::StartProcess,
    EventKind::StartConnectedProcess,
    EventKind::StartUnconnectedProcess,
    EventKind::ConnectedRequest,
    EventKind::UnconnectedRequest,
    EventKind::ResumeSession,
];

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.attribute())
    }
}

/// Why a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CloseReason {
    /// The user logged out.
    Disconnected,
    /// All sessions of the user were closed, or all others.
    DisconnectedAll,
    /// It was closed by its handle, from a list of sessions.
    Closed,
    /// Its browser logged in anew.
    Replaced,
    /// The user had more sessions than allowed, and this was the least recently used.
    Evicted,
    /// Its time was over.
    Expired,
    /// The user's account is gone.
    AccountGone,
    /// A hook failed while it was opened.
    LogInFailed,
    /// The answer to its log-in never left.
    Undelivered,
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Disconnected => "disconnected",
            Self::DisconnectedAll => "disconnected everywhere",
            Self::Closed => "closed by its handle",
            Self::Replaced => "replaced by a new log-in",
            Self::Evicted => "evicted by the limit of sessions",
            Self::Expired => "expired",
            Self::AccountGone => "the account is gone",
            Self::LogInFailed => "the log-in failed",
            Self::Undelivered => "the log-in was never answered",
        })
    }
}

/// What happened, for the parameters of a hook to be taken from.
#[derive(Debug, Clone, Copy)]
pub struct HookInput<'a> {
    pub(crate) sessions: &'a Sessions,
    pub(crate) session: Option<&'a Session>,
    pub(crate) user: Option<&'a UserId>,
    pub(crate) reason: Option<CloseReason>,
    pub(crate) denial: Option<Denial>,
}

impl<'a> HookInput<'a> {
    /// Something that happened in a request.
    pub(crate) fn of(session: &'a Session, user: Option<&'a UserId>) -> Self {
        Self { sessions: session.sessions(), session: Some(session), user, reason: None, denial: None }
    }

    pub(crate) fn closing(mut self, reason: CloseReason) -> Self {
        self.reason = Some(reason);
        self
    }

    pub(crate) fn denied(mut self, denial: Denial) -> Self {
        self.denial = Some(denial);
        self
    }
}
