//! Scopes: what the value of a [`Slot`](crate::Slot) belongs to, and with what it ends.
//!
//! | scope | of whom | ends |
//! |---|---|---|
//! | [`Request`] | this request | with it, at log-in and at log-out |
//! | [`Process`] | a tab, while somebody is connected in it | at log-in and log-out, and when the session ends elsewhere |
//! | [`Session`] | a browser, while somebody is connected in it | likewise |
//! | [`User`] | all sessions of a user | never by itself: it outlives them |
//! | [`UserIndepProcess`] | a tab, whoever is connected | when the browser was not seen for long |
//! | [`UserIndepSession`] | a browser, whoever is connected | likewise |
//!
//! A process is the original's word for what runs in one tab from one page load to the next: a reload, or a copy of the tab, is another.

use crate::context;
use crate::error::Error;
use crate::store::SessionHandle;
use crate::token::{BrowserKey, SessionKey, TabKey};
use crate::user::UserId;

/// A scope: one of the types of [this module](self). Not for implementing.
pub trait Scope: Sealed {}

/// A scope that lasts beyond a request, so that a store can keep its values. Not for implementing.
#[diagnostic::on_unimplemented(
    message = "a slot of `{Self}` cannot be persistent",
    label = "not kept by a store",
    note = "nothing outlives its request there; write `Slot::volatile()`"
)]
pub trait Lasting: Scope {}

mod sealed {
    /// Which scope it is.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Kind {
        Request,
        Process,
        Session,
        User,
        UserIndepProcess,
        UserIndepSession,
    }

    /// Says which one it is.
    pub trait Sealed: 'static {
        /// Which one.
        const KIND: Kind;
    }
}

pub(crate) use self::sealed::Kind;

use self::sealed::Sealed;

macro_rules! scopes {
    ($($(#[$doc:meta])* $name:ident $(: $lasting:ident)?,)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub enum $name {}

        impl Sealed for $name {
            const KIND: Kind = Kind::$name;
        }

        impl Scope for $name {}

        $(impl $lasting for $name {})?
    )*};
}

scopes! {
    /// This request. Volatile only.
    Request,
    /// A tab, while somebody is connected in it.
    Process: Lasting,
    /// A browser, while somebody is connected in it.
    Session: Lasting,
    /// All sessions of a user, and the time after them.
    User: Lasting,
    /// A tab, whoever is connected in it.
    UserIndepProcess: Lasting,
    /// A browser, whoever is connected in it.
    UserIndepSession: Lasting,
}

/// Where a value of this request is kept.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Place {
    Request,
    Lasting(Owner, Option<TabKey>),
}

/// To whom it belongs.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Owner {
    Session(SessionKey, SessionHandle, UserId),
    User(UserId),
    Browser(BrowserKey),
}

impl Kind {
    /// Where the value is, if there is such a place in this request.
    pub(crate) async fn find(self, session: &context::Session) -> Result<Option<Place>, Error> {
        let context = &session.0;
        let owner = match self {
            Self::Request => return Ok(Some(Place::Request)),
            Self::Process | Self::Session => context
                .connected()
                .await?
                .map(|connected| Owner::Session(connected.key, connected.handle, connected.user)),
            Self::User => context.connected().await?.map(|connected| Owner::User(connected.user)),
            Self::UserIndepProcess | Self::UserIndepSession => {
                context.judge()?;
                context.browser().map(Owner::Browser)
            }
        };
        let tab = if self.is_of_tabs() { context.tab() } else { None };
        let is_there = tab.is_some() || !self.is_of_tabs();
        Ok(owner.filter(|_| is_there).map(|owner| Place::Lasting(owner, tab)))
    }

    pub(crate) fn is_of_browsers(self) -> bool {
        matches!(self, Self::UserIndepProcess | Self::UserIndepSession)
    }

    pub(crate) fn is_of_tabs(self) -> bool {
        matches!(self, Self::Process | Self::UserIndepProcess)
    }

    /// Why there is no such place, for one who wants to write there.
    pub(crate) fn why_not(self, tab: Option<TabKey>) -> Error {
        match self {
            _ if self.is_of_tabs() && tab.is_none() => Error::NoProcess,
            _ => Error::NotConnected,
        }
    }
}
