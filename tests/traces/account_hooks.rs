//! Hooks that take `User<T>`: whichever of them finds that the account is gone, the session ends and the request goes on
//! unconnected.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{Method, StatusCode};
use os_session::routing::{self, get, post};
use os_session::testing::Browser;
use os_session::{
    CloseReason, Error, FromUser, MemoryStore, Session, Sessions, User, UserId, connected, connected_wrapper,
    on_connected_request, on_denied_request, on_open_session, on_post_close_session, on_pre_close_session, on_request,
    on_resume_session, on_start_connected_process, on_start_process, on_start_unconnected_process,
    on_unconnected_request,
};
use os_session_tests::trace::{Log, fetch, name};

/// Who asks for an account. An account type each, so that each asks the user table and any can be the first to find it
/// gone.
const REQUEST: u8 = 1;
const START: u8 = 2;
const CONNECTED: u8 = 3;
const DENIED: u8 = 4;
const OPEN: u8 = 5;
const RESUME: u8 = 6;
const PRE_CLOSE: u8 = 7;

#[derive(Clone, Copy)]
enum Table {
    Gone,
    Broken,
}

/// An answer of the user table about one user to one who asks; all others find their account.
#[derive(Clone, Copy)]
struct Exception {
    answer: Table,
    of: &'static str,
    to: u8,
}

#[derive(Clone, Default)]
struct App {
    exception: Arc<Mutex<Option<Exception>>>,
    log: Log,
}

impl App {
    fn answers(&self, answer: Table, of: &'static str, to: u8) {
        *self.exception.lock().unwrap_or_else(PoisonError::into_inner) = Some(Exception { answer, of, to });
    }
}

#[derive(Clone)]
struct Account<const FOR: u8>(UserId);

impl<const FOR: u8> FromUser<App> for Account<FOR> {
    type Error = &'static str;

    async fn from_user(id: &UserId, app: &App) -> Result<Option<Self>, &'static str> {
        if FOR == CONNECTED {
            app.log.note(format!("load({id})"));
        }
        let exception = *app.exception.lock().unwrap_or_else(PoisonError::into_inner);
        match exception.filter(|exception| *id == exception.of && exception.to == FOR).map(|exception| exception.answer)
        {
            Some(Table::Gone) => Ok(None),
            Some(Table::Broken) => Err("the table cannot be read"),
            None => Ok(Some(Self(id.clone()))),
        }
    }
}

fn owner<const FOR: u8>(account: Option<&User<Account<FOR>>>) -> &str {
    name(account.map(|account| &account.0.0))
}

#[on_request(state = App)]
async fn request(account: Option<User<Account<REQUEST>>>, State(app): State<App>) {
    app.log.note(format!("request({})", owner(account.as_ref())));
}

#[on_start_process(state = App)]
async fn start_process(user: Option<UserId>, State(app): State<App>) {
    app.log.note(format!("start_process({})", name(user.as_ref())));
}

#[on_start_connected_process(state = App)]
async fn start_connected_process(account: User<Account<START>>, State(app): State<App>) {
    app.log.note(format!("start_connected_process({})", owner(Some(&account))));
}

#[on_start_unconnected_process(state = App)]
async fn start_unconnected_process(State(app): State<App>) {
    app.log.note("start_unconnected_process");
}

#[on_connected_request(state = App)]
async fn connected_request(account: User<Account<CONNECTED>>, State(app): State<App>) {
    app.log.note(format!("connected_request({})", owner(Some(&account))));
}

#[on_unconnected_request(state = App)]
async fn unconnected_request(State(app): State<App>) {
    app.log.note("unconnected_request");
}

#[on_denied_request(state = App)]
async fn denied_request(account: Option<User<Account<DENIED>>>, State(app): State<App>) {
    app.log.note(format!("denied_request({})", owner(account.as_ref())));
}

#[on_open_session(state = App)]
async fn open_session(account: User<Account<OPEN>>, State(app): State<App>) {
    app.log.note(format!("open_session({})", owner(Some(&account))));
}

#[on_resume_session(state = App)]
async fn resume_session(account: User<Account<RESUME>>, State(app): State<App>) {
    app.log.note(format!("resume_session({})", owner(Some(&account))));
}

#[on_pre_close_session(state = App)]
async fn pre_close(account: User<Account<PRE_CLOSE>>, why: CloseReason, State(app): State<App>) {
    app.log.note(format!("pre_close({}, {why})", owner(Some(&account))));
}

#[on_post_close_session(state = App)]
async fn post_close(user: UserId, why: CloseReason, State(app): State<App>) {
    app.log.note(format!("post_close({user}, {why})"));
}

#[connected(opt)]
async fn page(user: Option<UserId>, State(app): State<App>) {
    app.log.note(format!("handler({})", name(user.as_ref())));
}

#[connected]
async fn me(account: User<Account<CONNECTED>>, State(app): State<App>) {
    app.log.note(format!("handler({})", owner(Some(&account))));
}

#[connected(deny = "banned")]
async fn not_banned() {}

#[connected(opt)]
async fn two_wrappers(State(app): State<App>) -> Result<(), Error> {
    wrapped().await?;
    app.log.note("handler");
    Ok(())
}

#[connected_wrapper]
async fn wrapped() -> Result<(), Error> {
    Ok(())
}

#[connected(opt)]
async fn login(session: Session, Path(user): Path<String>) -> Result<(), Error> {
    session.connect(user).await?;
    wrapped().await
}

/// Tries one account and then another, as a log-in with several directories may.
#[connected(opt)]
async fn login_as_carol_or_alice(session: Session) -> Result<(), Error> {
    if session.connect("carol").await.is_err() {
        session.connect("alice").await?;
    }
    wrapped().await
}

#[connected]
async fn logout(session: Session) -> Result<(), Error> {
    session.disconnect().await
}

struct Site {
    store: MemoryStore,
    sessions: Sessions,
    router: Router,
    app: App,
}

impl Site {
    async fn new() -> Self {
        Self::over(MemoryStore::new()).await
    }

    async fn over(store: MemoryStore) -> Self {
        let app = App::default();
        let sessions = Sessions::builder()
            .store(store.clone())
            .groups(["banned"], |user: UserId| async move { if user == "mallory" { vec!["banned"] } else { vec![] } })
            .state(app.clone())
            .build()
            .await
            .expect("the configuration works");
        let router = routing::Router::new()
            .route("/", get(page))
            .route("/me", get(me))
            .route("/not-banned", get(not_banned))
            .route("/two-wrappers", get(two_wrappers))
            .route("/login/{user}", post(login))
            .route("/login-as-carol-or-alice", post(login_as_carol_or_alice))
            .route("/logout", post(logout))
            .with_state(app.clone())
            .with_sessions(&sessions)
            .expect("every rule can be decided");
        Self { store, sessions, router, app }
    }

    /// A browser in which that user is logged in; what ran at that log-in is not in the log.
    async fn browser_of(&self, user: &str) -> Browser {
        let browser = Browser::connected(&self.router, &self.sessions, user).await.expect("the log-in succeeds");
        self.app.log.clear();
        browser
    }
}

async fn script(browser: &mut Browser, method: Method, path: &str) -> StatusCode {
    browser.send(fetch(method, path)).await.status()
}

#[tokio::test]
async fn a_hook_and_a_handler_share_what_was_loaded() {
    let site = Site::new().await;
    let mut alice = site.browser_of("alice").await;
    script(&mut alice, Method::GET, "/me").await;
    assert_eq!(site.app.log.take(), ["request(alice)", "load(alice)", "connected_request(alice)", "handler(alice)"]);
}

/// The process that starts is one of nobody.
#[tokio::test]
async fn on_request_finds_it_gone() {
    let site = Site::new().await;
    let mut alice = site.browser_of("alice").await;
    site.app.answers(Table::Gone, "alice", REQUEST);
    assert_eq!(alice.get("/").await.status(), StatusCode::OK);
    assert_eq!(
        site.app.log.take(),
        [
            "request(None)",
            "pre_close(alice, the account is gone)",
            "post_close(alice, the account is gone)",
            "start_process(None)",
            "start_unconnected_process",
            "unconnected_request",
            "handler(None)"
        ]
    );
    assert!(site.store.is_empty());
}

/// The hook cannot run; those of the request, which ran, do not run again at the next wrapper.
#[tokio::test]
async fn on_start_connected_process_finds_it_gone() {
    let site = Site::new().await;
    let mut alice = site.browser_of("alice").await;
    site.app.answers(Table::Gone, "alice", START);
    assert_eq!(alice.get("/two-wrappers").await.status(), StatusCode::OK);
    let log = site.app.log.take();
    let requests: Vec<_> = log.iter().filter(|line| line.starts_with("request")).collect();
    assert_eq!(requests, ["request(alice)"]);
    assert_eq!(log.last().map(String::as_str), Some("handler"));
    assert!(log.contains(&"post_close(alice, the account is gone)".to_owned()));
    assert!(site.store.is_empty());
}

#[tokio::test]
async fn on_connected_request_finds_it_gone() {
    for (path, status) in [("/", StatusCode::OK), ("/me", StatusCode::UNAUTHORIZED)] {
        let site = Site::new().await;
        let mut alice = site.browser_of("alice").await;
        site.app.answers(Table::Gone, "alice", CONNECTED);
        assert_eq!(script(&mut alice, Method::GET, path).await, status, "{path}");
        let log = site.app.log.take();
        assert_eq!(
            log[..4],
            [
                "request(alice)",
                "load(alice)",
                "pre_close(alice, the account is gone)",
                "post_close(alice, the account is gone)"
            ],
            "{path}"
        );
        assert_eq!(log.contains(&"handler(None)".to_owned()), status == StatusCode::OK, "{path}");
        assert!(!log.contains(&"handler(alice)".to_owned()), "{path}");
        assert!(site.store.is_empty(), "{path}");
    }
}

#[tokio::test]
async fn on_denied_request_finds_it_gone() {
    let site = Site::new().await;
    let mut mallory = site.browser_of("mallory").await;
    site.app.answers(Table::Gone, "mallory", DENIED);
    assert!(script(&mut mallory, Method::GET, "/not-banned").await.is_client_error());
    assert_eq!(
        site.app.log.take(),
        [
            "request(mallory)",
            "denied_request(None)",
            "pre_close(mallory, the account is gone)",
            "post_close(mallory, the account is gone)"
        ]
    );
    assert!(site.store.is_empty());
}

/// At the first request after a restart.
#[tokio::test]
async fn on_resume_session_finds_it_gone() {
    let before = Site::new().await;
    let alice = before.browser_of("alice").await;

    let site = Site::over(before.store.clone()).await;
    let mut browser = Browser::new(&site.router);
    browser.set_cookie("__Host-os-session", alice.cookie("__Host-os-session").expect("alice is logged in"));
    site.app.answers(Table::Gone, "alice", RESUME);
    assert_eq!(script(&mut browser, Method::GET, "/").await, StatusCode::OK);
    assert_eq!(
        site.app.log.take(),
        [
            "pre_close(alice, the account is gone)",
            "post_close(alice, the account is gone)",
            "request(None)",
            "unconnected_request",
            "handler(None)"
        ]
    );
    assert!(site.store.is_empty());
}

/// Nobody can log in without an account.
#[tokio::test]
async fn a_log_in_hook_finds_it_gone() {
    for (hook, opened) in [(OPEN, &[][..]), (START, &["open_session(carol)", "start_process(carol)"])] {
        let site = Site::new().await;
        site.app.answers(Table::Gone, "carol", hook);
        let mut carol = Browser::new(&site.router);
        let status = script(&mut carol, Method::POST, "/login/carol").await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
        let mut expected = vec!["request(None)", "unconnected_request"];
        expected.extend(opened);
        expected.push("post_close(carol, the log-in failed)");
        assert_eq!(site.app.log.take(), expected);
        assert!(site.store.is_empty());
        assert_eq!(carol.cookie("__Host-os-session"), None);
    }
}

/// The account that is gone is carol's, and alice stays.
#[tokio::test]
async fn a_log_in_that_failed_says_nothing_of_the_next() {
    let site = Site::new().await;
    site.app.answers(Table::Gone, "carol", OPEN);
    let mut browser = Browser::new(&site.router);
    assert_eq!(script(&mut browser, Method::POST, "/login-as-carol-or-alice").await, StatusCode::OK);
    assert_eq!(site.sessions.of_user("alice").await.expect("the store answers").len(), 1);
}

#[tokio::test]
async fn who_is_replaced_says_nothing_of_who_comes() {
    let site = Site::new().await;
    let mut browser = site.browser_of("carol").await;
    site.app.answers(Table::Gone, "carol", PRE_CLOSE);
    assert_eq!(script(&mut browser, Method::POST, "/login/alice").await, StatusCode::OK);
    assert_eq!(site.sessions.of_user("alice").await.expect("the store answers").len(), 1);
}

/// A handler may have just deleted the account; what cannot be loaded for the pre-close hook is no veto of it.
#[tokio::test]
async fn a_log_out_of_a_gone_account_ends_the_session() {
    let site = Site::new().await;
    let mut alice = site.browser_of("alice").await;
    site.app.answers(Table::Gone, "alice", PRE_CLOSE);
    assert_eq!(script(&mut alice, Method::POST, "/logout").await, StatusCode::OK);
    assert!(site.store.is_empty());
}

/// A failure to load is no missing account: the request is refused, and the session stays.
#[tokio::test]
async fn a_user_table_that_fails_in_a_hook_ends_no_session() {
    for hook in [REQUEST, START, CONNECTED] {
        let site = Site::new().await;
        let mut alice = site.browser_of("alice").await;
        site.app.answers(Table::Broken, "alice", hook);
        assert!(alice.get("/").await.status().is_server_error());
        assert!(!site.app.log.take().contains(&"handler(alice)".to_owned()));
        assert_eq!(site.store.len(), 1);
    }
}
