//! A small site that most tests of this binary serve, and the hooks that write down how sessions ended.

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{Method, Request, header};
use os_session::routing::{self, get, post};
use os_session::testing::{Answer, Browser, Clock};
use os_session::{
    CloseReason, Denial, Error, MemoryStore, Session, Sessions, SessionsBuilder, Store, UserId, connected,
    on_denied_request, on_post_close_session,
};
use os_session_tests::trace::{Log, name};

use crate::watched::Watched;

/// The name of the session cookie.
pub(crate) const COOKIE: &str = "__Host-os-session";

/// Every group that exists in these tests.
pub(crate) const GROUPS: [&str; 2] = ["admin", "banned"];

#[on_post_close_session(state = Log)]
async fn post_close(user: UserId, why: CloseReason, State(log): State<Log>) {
    log.note(format!("{user}: {why}"));
}

#[on_denied_request(state = Log)]
async fn denied(user: Option<UserId>, denial: Denial, State(log): State<Log>) {
    log.note(format!("denied {}: {denial}", name(user.as_ref())));
}

/// Everybody's page: it says who is connected.
#[connected(opt)]
pub(crate) async fn who(user: Option<UserId>) -> String {
    name(user.as_ref()).to_owned()
}

#[connected]
pub(crate) async fn me(user: UserId) -> String {
    user.to_string()
}

#[connected(allow = "admin", deny = "banned")]
pub(crate) async fn admin() -> &'static str {
    "the safe"
}

#[connected(opt)]
pub(crate) async fn login(session: Session, Path(user): Path<String>) -> Result<(), Error> {
    session.connect(user).await
}

#[connected(opt)]
async fn login_for_now(session: Session, Path(user): Path<String>) -> Result<(), Error> {
    session.connect(user).expire(true).await
}

#[connected(opt)]
pub(crate) async fn logout(session: Session) -> Result<(), Error> {
    session.disconnect().await
}

#[connected(opt)]
async fn logout_everywhere(session: Session) -> Result<(), Error> {
    session.disconnect_all().await
}

#[connected]
async fn logout_elsewhere(session: Session) -> Result<(), Error> {
    session.disconnect_others().await
}

#[connected]
async fn confirm(session: Session) -> Result<(), Error> {
    session.confirm().await
}

/// The pages above.
pub(crate) fn pages() -> routing::Router {
    routing::Router::new()
        .route("/who", get(who))
        .route("/me", get(me).post(me))
        .route("/admin", get(admin))
        .route("/login/{user}", post(login))
        .route("/login-for-now/{user}", post(login_for_now))
        .route("/logout", post(logout))
        .route("/logout-everywhere", post(logout_everywhere))
        .route("/logout-elsewhere", post(logout_elsewhere))
        .route("/confirm", post(confirm))
}

/// A builder with what the hooks of this binary need.
pub(crate) fn builder(log: &Log) -> SessionsBuilder {
    Sessions::builder().state(log.clone())
}

/// What a test works with.
pub(crate) struct Site {
    pub(crate) clock: Clock,
    /// What is stored, however the sessions get at it.
    pub(crate) memory: MemoryStore,
    pub(crate) sessions: Sessions,
    pub(crate) app: Router,
    /// How sessions ended, and who was denied.
    pub(crate) log: Log,
}

impl Site {
    /// The site with a memory store and the defaults.
    pub(crate) async fn new() -> Self {
        Self::with(|builder| builder).await
    }

    /// The same, configured.
    pub(crate) async fn with(configure: impl FnOnce(SessionsBuilder) -> SessionsBuilder) -> Self {
        Self::over(|memory| memory, configure).await
    }

    /// The same over another store, around the memory store.
    pub(crate) async fn over<S: Store>(
        around: impl FnOnce(MemoryStore) -> S,
        configure: impl FnOnce(SessionsBuilder) -> SessionsBuilder,
    ) -> Self {
        let (clock, log) = (Clock::new(), Log::default());
        let memory = MemoryStore::with_clock(clock.clone());
        let builder = configure(builder(&log).store(around(memory.clone())));
        for group in GROUPS {
            memory.create_group(group).await.expect("a group can be created");
        }
        let sessions = builder.build().await.expect("the configuration works");
        let app = pages().with_sessions(&sessions).expect("every rule can be decided");
        Self { clock, memory, sessions, app, log }
    }

    /// The same over a store that is watched, and what it was asked so far is forgotten.
    pub(crate) async fn watched(configure: impl FnOnce(SessionsBuilder) -> SessionsBuilder) -> (Self, Watched) {
        let mut watched = None;
        let site = Self::over(|memory| watched.insert(Watched::from(memory)).clone(), configure).await;
        let store = watched.expect("the site is over it");
        store.calls.clear();
        (site, store)
    }

    /// A browser in which nobody is logged in.
    pub(crate) fn browser(&self) -> Browser {
        Browser::new(&self.app)
    }

    /// A browser in which that user is logged in.
    pub(crate) async fn browser_of(&self, user: &str) -> Browser {
        Browser::connected(&self.app, &self.sessions, user).await.expect("the log-in succeeds")
    }

    /// Puts a user into groups of the store.
    pub(crate) async fn join(&self, user: &str, groups: &[&str]) {
        for group in groups {
            self.sessions.groups().add_user_in_group(user, group).await.expect("the group is there");
        }
    }
}

/// Who is connected in that browser, as the site sees it.
pub(crate) async fn who_is_in(browser: &Browser) -> String {
    let answer = browser.clone().get("/who").await;
    assert_eq!(answer.status(), 200);
    answer.text().to_owned()
}

/// A request as a program sends it that says nothing of itself.
pub(crate) fn request(method: Method, path: &str) -> Request<Body> {
    let request = Request::builder().method(method).uri(path).header(header::HOST, "app.example");
    request.body(Body::empty()).expect("the path is a path")
}

/// The lines of `Set-Cookie` in an answer.
pub(crate) fn set_cookies(answer: &Answer) -> Vec<&str> {
    let lines = answer.headers().get_all(header::SET_COOKIE).iter();
    lines.map(|line| line.to_str().expect("a cookie is text")).collect()
}
