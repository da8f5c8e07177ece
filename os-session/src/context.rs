//! One request: who is connected, and what its answer has to say about it.

use std::any::{Any, TypeId};
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use axum::http::request::Parts;
use tokio::sync::{Mutex as AsyncMutex, OnceCell};
use tokio::time::Instant;

use crate::cookie::Cookies;
use crate::declaration::Declaration;
use crate::error::Error;
use crate::expression::Answers;
use crate::group::GroupSet;
use crate::process::ProcessId;
use crate::renewed::Arrival;
use crate::request::{self, Destination, Origin};
use crate::sessions::Sessions;
use crate::slot::volatile::Values;
use crate::store::SessionHandle;
use crate::token::{SessionKey, Token};
use crate::user::UserId;

mod answer;
mod browser;
mod caching;
mod connection;
mod foreign;
mod tabs;
mod way_back;

pub(crate) use self::answer::Undelivered;
use self::browser::Browser;
pub(crate) use self::connection::{Connected, Look, Times, log_unknown_token};
pub(crate) use self::way_back::WayBack;

use self::answer::{Answer, SetCookie};
use self::connection::Connection;
use self::foreign::Foreign;

tokio::task_local! {
    /// The session of the request that this task handles. `None` inside a request that has no
    /// session of its own, although the task belongs to another request.
    pub(crate) static CURRENT: Option<Session>;
}

/// Who else knows it, in the tasks of a framework.
pub(crate) static ELSEWHERE: OnceLock<fn() -> Option<Session>> = OnceLock::new();

/// The current request's side of its session: who is connected, logging in and out.
///
/// It is an extractor in every handler whose requests meet the [`Sessions`], and [`Session::current`] finds it from
/// inside any function that such a handler calls. A cheap handle; all handles of one request are the same.
#[derive(Clone)]
pub struct Session(pub(crate) Arc<Context>);

pub(crate) struct Context {
    pub(crate) sessions: Sessions,
    pub(crate) origin: Origin,
    /// The head of the request, kept where a hook or a `deny_fun` of this binary wants it.
    pub(crate) parts: Option<Box<Parts>>,
    destination: Destination,
    /// Start hooks are to run: a page is loaded into a tab.
    starts_process: bool,
    /// The process that the page which sent this names.
    process: Option<ProcessId>,
    /// In the session cookie, whatever the request has done since.
    cookie_key: Option<SessionKey>,
    /// In the browser's other cookie.
    browser_token: Option<Token>,
    /// Before or after the token was exchanged; of no interest without one.
    arrival: Arrival,
    /// Its cookies say that somebody has just logged out.
    left: bool,
    /// Another site sent it.
    foreign: Option<Box<Foreign>>,
    /// The handler said `cross_site = "reason"`.
    cross_site_admitted: AtomicBool,
    /// What happened to it depends on the site that sent it.
    judged_by_site: AtomicBool,
    /// A rule on the way wanted a connection.
    requires_connection: AtomicBool,
    /// The handler is declared public: what asks for the session in it is a mistake.
    public: AtomicBool,
    /// Where a browser that lacks a connection wanted to go.
    way_back: OnceLock<Box<WayBack>>,
    state: Mutex<State>,
    /// What few requests need, made when one does.
    more: OnceLock<Box<More>>,
}

/// Whether the request with this head comes from another site that is not trusted.
fn is_foreign(sessions: &Sessions, cookies: &Cookies, parts: &Parts) -> bool {
    sessions.0.cross_site.is_foreign(parts, cookies.session.is_some() || cookies.browser.is_some())
}

/// Returns the process that the page names which sent the request. A script names it; what the
/// browser sends by itself has no such header.
fn process_of(parts: &Parts) -> Option<ProcessId> {
    match Destination::of(&parts.headers) {
        Destination::Document => None,
        _ => ProcessId::of(&parts.headers),
    }
}

#[derive(Default)]
pub(crate) struct More {
    /// The user's groups as the application's provider says, asked once.
    groups: AsyncMutex<Option<(UserId, GroupSet)>>,
    pub(crate) browser: Browser,
    /// What the request starts, once somebody asks for its identifier.
    new_process: OnceLock<Option<ProcessId>>,
    /// Volatile slots of the request.
    values: Mutex<Values>,
    /// What policies said, rule by rule.
    answers: Mutex<Vec<(&'static Declaration, Answers)>>,
    /// Users whose account the application looked for and did not find.
    gone: Mutex<Vec<UserId>>,
    /// The user as application types.
    users: Mutex<Vec<(TypeId, UserId, Arc<LoadedUser>)>>,
    /// The key in its cookie, by which the store knows no session, if it was asked.
    gone_key: OnceLock<SessionKey>,
    /// The tab that sent this is to restart as well.
    restarts_caller: AtomicBool,
    /// The session that it came with ended by its own wish.
    changed_by_caller: AtomicBool,
    /// The hooks that run once a request.
    pub(crate) once: Once,
    /// Held while a session is opened, closed or changed: one change at a time in a request.
    pub(crate) changing: AsyncMutex<()>,
}

/// A user as one of the application's types; `None` inside where the account is gone.
pub(crate) type LoadedUser = OnceCell<Option<Arc<dyn Any + Send + Sync>>>;

#[derive(Default)]
pub(crate) struct Once {
    pub(crate) request: OnceCell<()>,
    pub(crate) start: OnceCell<()>,
    pub(crate) connected: OnceCell<()>,
    pub(crate) unconnected: OnceCell<()>,
}

struct State {
    connection: Connection,
    /// The session that the request came with, once it is known.
    came_with: Option<SessionHandle>,
    /// The rule that let the request in to its handler, if it looked at the user.
    admitted_by: Option<&'static Declaration>,
    /// The session was looked at, so that the answer depends on the cookie.
    looked_at: bool,
    cookie: Option<SetCookie>,
    /// What must be taken back if the answer never leaves.
    undelivered: Option<Undelivered>,
    answer: Answer,
    /// When the session was read, in binaries with functions that may outlive that.
    read_at: Option<Instant>,
}

impl Context {
    pub(crate) fn new(sessions: &Sessions, parts: &Parts) -> Self {
        let destination = Destination::of(&parts.headers);
        let cookies = sessions.0.config.cookie.read(&parts.headers);
        let foreign = is_foreign(sessions, &cookies, parts).then(|| Box::new(Foreign::of(parts)));
        Self {
            sessions: sessions.clone(),
            origin: Origin::of(parts),
            parts: sessions.0.keeps_parts.then(|| Box::new(parts.clone())),
            destination,
            starts_process: sessions.0.has_start_hooks
                && destination.loads_page()
                && !request::is_prefetch(&parts.headers),
            process: process_of(parts),
            cookie_key: cookies.session,
            arrival: cookies.browser.as_ref().map(|_| sessions.0.renewed.arrival()).unwrap_or_default(),
            browser_token: cookies.browser,
            left: cookies.left,
            foreign,
            cross_site_admitted: AtomicBool::new(false),
            judged_by_site: AtomicBool::new(false),
            requires_connection: AtomicBool::new(false),
            public: AtomicBool::new(false),
            way_back: OnceLock::new(),
            state: Mutex::new(State {
                connection: Connection::Unread(cookies.session),
                came_with: None,
                admitted_by: None,
                looked_at: false,
                cookie: None,
                undelivered: None,
                answer: Answer::Awaited,
                read_at: None,
            }),
            more: OnceLock::new(),
        }
    }

    /// Whether this context was made for the request with this head, and its response has not left.
    /// A head that was copied, and changed, is that of another request.
    pub(crate) fn is_of(&self, parts: &Parts) -> bool {
        let cookies = self.sessions.0.config.cookie.read(&parts.headers);
        !self.is_answered()
            && cookies.session == self.cookie_key
            && cookies.browser == self.browser_token
            && self.foreign.is_some() == is_foreign(&self.sessions, &cookies, parts)
            && self.opens_channel() == (self.foreign.is_some() && request::is_handshake(&parts.headers))
            && self.process == process_of(parts)
            && self.origin.is_safe() == request::is_safe(&parts.method)
            // A handler admits other sites for itself, and not for one that it passes the request on to.
            && !(self.foreign.is_some() && self.cross_site_admitted.load(Ordering::Relaxed))
    }

    pub(crate) fn more(&self) -> &More {
        self.more.get_or_init(Box::default)
    }

    /// The volatile slots of this request.
    pub(crate) fn request_values(&self) -> MutexGuard<'_, Values> {
        self.more().values.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The rules that hold before anybody looks at the session.
impl Context {
    /// Refuses what another site sent, unless the handler says that it may. Every way to the session leads past here.
    pub(crate) fn judge(&self) -> Result<(), Error> {
        if self.origin.is_safe() && !self.opens_channel() { Ok(()) } else { self.judge_change() }
    }

    fn opens_channel(&self) -> bool {
        self.foreign.as_ref().is_some_and(|foreign| foreign.opens_channel)
    }

    /// Refuses a change of the login state in a request that another site could have caused, unless
    /// the handler admits such requests. A safe request is refused as well: it may look at the
    /// session, and must not change it.
    pub(crate) fn judge_change(&self) -> Result<(), Error> {
        if self.cross_site_admitted.load(Ordering::Relaxed) {
            return Ok(());
        }
        self.judged_by_site.store(true, Ordering::Relaxed);
        let Some(foreign) = &self.foreign else { return Ok(()) };
        foreign.log_refusal();
        Err(Error::CrossSite)
    }

    /// Returns `true` if another site sent the request, and its handler does not admit such
    /// requests.
    pub(crate) fn is_foreign(&self) -> bool {
        self.foreign.is_some() && !self.cross_site_admitted.load(Ordering::Relaxed)
    }

    /// The request is for a handler, or for a function, with this rule.
    pub(crate) fn note_handler(&self, rule: &'static Declaration) {
        if let Some(foreign) = &self.foreign {
            foreign.note_handler(rule);
        }
    }

    /// The handler says, with a reason, that other sites may send this.
    pub(crate) fn admit_cross_site(&self) {
        self.cross_site_admitted.store(true, Ordering::Relaxed);
    }

    /// Refuses to open a session over a channel that would lose the cookie.
    pub(crate) fn judge_log_in(&self) -> Result<(), Error> {
        if self.origin.by(|sender| sender.plain_http) && self.sessions.0.config.cookie.secure {
            return Err(Error::PlainHttp);
        }
        Ok(())
    }

    pub(crate) fn ignore_session(&self) {
        let mut state = self.state();
        if let Connection::Unread(key) = state.connection {
            state.connection = Connection::Ignored(key);
        }
    }

    pub(crate) fn declare_public(&self) {
        self.public.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_public(&self) -> bool {
        self.public.load(Ordering::Relaxed)
    }

    pub(crate) fn require_connection(&self) {
        self.requires_connection.store(true, Ordering::Relaxed);
    }

    /// This rule let the request in to its handler.
    pub(crate) fn note_admission(&self, rule: &'static Declaration) {
        if rule.has_expressions() || rule.fresh_within().is_some() {
            // A handler is entered once; what a forwarded request meets next has no say over the first.
            self.state().admitted_by.get_or_insert(rule);
        }
    }

    pub(crate) fn note_answers(&self, rule: &'static Declaration, answers: Answers) {
        self.more().answers.lock().unwrap_or_else(PoisonError::into_inner).push((rule, answers));
    }

    /// The rule by which the handler's request was let in, if it looked at the user, and what policies said to it.
    pub(crate) fn admission(&self) -> Option<(&'static Declaration, Answers)> {
        let rule = self.state().admitted_by?;
        let said = self.more.get().and_then(|more| {
            let answers = more.answers.lock().unwrap_or_else(PoisonError::into_inner);
            answers.iter().find(|(of, _)| std::ptr::eq(*of, rule)).map(|(_, answers)| *answers)
        });
        Some((rule, said.unwrap_or_default()))
    }

    pub(crate) fn note_account_gone(&self, user: &UserId) {
        self.more().gone.lock().unwrap_or_else(PoisonError::into_inner).push(user.clone());
    }

    /// Whether this user's account was looked for in this request and not found.
    pub(crate) fn account_is_gone(&self, user: &UserId) -> bool {
        let Some(more) = self.more.get() else { return false };
        more.gone.lock().unwrap_or_else(PoisonError::into_inner).contains(user)
    }

    /// Whether start hooks are to run: a page is loaded, and its session is looked at.
    pub(crate) fn starts_process(&self) -> bool {
        self.starts_process && !matches!(self.state().connection, Connection::Ignored(_))
    }

    pub(crate) fn requires_connection(&self) -> bool {
        self.requires_connection.load(Ordering::Relaxed)
    }
}

impl Session {
    /// The session of the request that is being handled.
    ///
    /// # Errors
    ///
    /// [`Error::OutsideRequest`] elsewhere: in a background job, and in a task of its own that
    /// [`find_current_by`](Session::find_current_by) does not know.
    pub fn current() -> Result<Self, Error> {
        let elsewhere = |_| ELSEWHERE.get().and_then(|find| find());
        CURRENT.try_with(Option::clone).unwrap_or_else(elsewhere).ok_or(Error::OutsideRequest)
    }

    /// Returns the session of the request that has this head. The task is not asked: a handler may
    /// pass on other requests than the one that it handles.
    pub(crate) fn of(parts: &Parts) -> Option<&Self> {
        parts.extensions.get()
    }

    /// The handle on all sessions, for what concerns more than this one.
    #[must_use]
    pub fn sessions(&self) -> &Sessions {
        &self.0.sessions
    }

    /// Who is connected.
    ///
    /// # Errors
    ///
    /// [`Error::Store`] if the store fails; that is never taken for "nobody".
    pub async fn user(&self) -> Result<Option<UserId>, Error> {
        match self.0.look(|connected| connected.user.clone())? {
            Look::User(user) => Ok(Some(user)),
            Look::Nobody => Ok(None),
            Look::Ask(_) => Ok(self.0.connected().await?.map(|connected| connected.user)),
        }
    }

    pub(crate) fn key_under(&self, sessions: &Sessions) -> Option<SessionKey> {
        if self.0.sessions.is(sessions) { self.0.key() } else { None }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Session")
    }
}
