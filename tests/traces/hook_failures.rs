//! A hook that returns an error, panics or takes too long, at every stage of a log-in, a request and a log-out: what the
//! client is answered, and that no session is left half open.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{Method, StatusCode};
use os_session::routing::{self, get, post};
use os_session::testing::{Answer, Browser, Clock};
use os_session::{
    CloseReason, Error, MemoryStore, Session, Sessions, UserId, connected, on_connected_request, on_denied_request,
    on_open_session, on_post_close_session, on_pre_close_session, on_request, on_resume_session,
    on_start_connected_process, on_start_process, on_start_unconnected_process, on_unconnected_request,
};
use os_session_tests::store::StagedStore;
use os_session_tests::trace::{Log, fetch, name, pass};

/// How a hook fails.
#[derive(Debug, Clone, Copy)]
enum Fault {
    Error,
    Panic,
    TakesTooLong,
}

const FAULTS: [Fault; 3] = [Fault::Error, Fault::Panic, Fault::TakesTooLong];

/// The state of the hooks: which of them fails, and which sessions were told to have ended.
#[derive(Clone, Default)]
struct Plan {
    fault: Arc<Mutex<Option<(&'static str, Fault)>>>,
    ended: Log,
}

impl Plan {
    fn fails(&self, hook: &'static str, fault: Fault) {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = Some((hook, fault));
    }

    fn nothing_fails(&self) {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Called by each hook with its name.
    async fn meet(&self, hook: &str) -> Result<(), &'static str> {
        let planned = *self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        match planned {
            Some((failing, fault)) if failing == hook => match fault {
                Fault::Error => Err("as planned"),
                Fault::Panic => panic!("as planned"),
                Fault::TakesTooLong => std::future::pending().await,
            },
            _ => Ok(()),
        }
    }
}

/// One hook of each kind, all the same.
macro_rules! hooks {
    ($($hook:ident)*) => {$(
        #[$hook(state = Plan)]
        async fn $hook(State(plan): State<Plan>) -> Result<(), &'static str> {
            plan.meet(stringify!($hook)).await
        }
    )*};
}

hooks! {
    on_request on_start_process on_start_connected_process on_start_unconnected_process on_connected_request
    on_unconnected_request on_denied_request on_open_session on_resume_session on_pre_close_session on_post_close_session
}

/// The audit trail, behind the post-close hook that may fail.
#[on_post_close_session(order = 1, state = Plan)]
async fn tell(user: UserId, why: CloseReason, State(plan): State<Plan>) {
    plan.ended.note(format!("{user}: {why}"));
}

#[connected(opt)]
async fn who(user: Option<UserId>) -> String {
    name(user.as_ref()).to_owned()
}

#[connected(allow = "admin")]
async fn admin() {}

#[connected(opt)]
async fn login(session: Session, Path(user): Path<String>) -> Result<(), Error> {
    session.connect(user).await
}

#[connected(opt)]
async fn logout(session: Session) -> Result<(), Error> {
    session.disconnect().await
}

#[connected(opt)]
async fn logout_everywhere(session: Session) -> Result<(), Error> {
    session.disconnect_all().await
}

#[connected]
async fn close_this_session(session: Session, user: UserId) -> Result<(), Error> {
    for info in session.sessions().of_user(user).await? {
        session.close(info.handle).await?;
    }
    Ok(())
}

struct Site {
    store: StagedStore,
    sessions: Sessions,
    app: Router,
    plan: Plan,
}

impl Site {
    async fn new() -> Self {
        Self::over(StagedStore::default()).await
    }

    async fn over(store: StagedStore) -> Self {
        let plan = Plan::default();
        let sessions = Sessions::builder()
            .store(store.clone())
            .groups(["admin"], |_: UserId| async { [""; 0] })
            .state(plan.clone())
            .build()
            .await
            .expect("the configuration works");
        let app = routing::Router::new()
            .route("/who", get(who))
            .route("/admin", get(admin))
            .route("/login/{user}", post(login))
            .route("/logout", post(logout))
            .route("/logout-everywhere", post(logout_everywhere))
            .route("/close-this-session", post(close_this_session))
            .with_sessions(&sessions)
            .expect("every rule can be decided");
        Self { store, sessions, app, plan }
    }

    /// A browser in which that user, or nobody, is logged in.
    async fn browser_of(&self, user: Option<&str>) -> Browser {
        match user {
            Some(user) => Browser::connected(&self.app, &self.sessions, user).await.expect("the log-in succeeds"),
            None => Browser::new(&self.app),
        }
    }

    /// Only this user has a session, one, and this browser is in it.
    async fn assert_connected(&self, browser: &mut Browser, user: Option<&str>, case: &str) {
        self.plan.nothing_fails();
        assert_eq!(self.store.memory.len(), usize::from(user.is_some()), "{case}: sessions in the store");
        for somebody in ["alice", "bob"] {
            let of_user = self.sessions.of_user(somebody).await.expect("the store answers").len();
            assert_eq!(of_user, usize::from(user == Some(somebody)), "{case}: sessions of {somebody}");
        }
        let answer = browser.get("/who").await;
        assert_eq!(
            (answer.status(), answer.text()),
            (StatusCode::OK, user.unwrap_or("None")),
            "{case}: the next request"
        );
    }
}

/// What the browser does.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// Loads a page.
    Page(&'static str),
    /// Has a script post something: no process starts.
    Script(&'static str),
}

use Step::{Page, Script};

async fn take(step: Step, browser: &mut Browser) -> Answer {
    match step {
        Page(path) => browser.get(path).await,
        Script(path) => browser.send(fetch(Method::POST, path)).await,
    }
}

/// While `hook` fails, a browser of `before` takes a step. It is answered with `status`; then `after` is connected, and
/// the post-close hooks told of `ended`.
struct Case {
    hook: &'static str,
    before: Option<&'static str>,
    step: Step,
    status: u16,
    after: Option<&'static str>,
    ended: &'static [&'static str],
}

const fn case(
    hook: &'static str,
    before: Option<&'static str>,
    step: Step,
    status: u16,
    after: Option<&'static str>,
    ended: &'static [&'static str],
) -> Case {
    Case { hook, before, step, status, after, ended }
}

const ALICE: Option<&str> = Some("alice");
const BOB: Option<&str> = Some("bob");

#[rustfmt::skip]
const CASES: &[Case] = &[
    // A log-in is all or nothing.
    case("on_request",                   None,  Script("/login/alice"),        500, None,  &[]),
    case("on_unconnected_request",       None,  Script("/login/alice"),        500, None,  &[]),
    case("on_open_session",              None,  Script("/login/alice"),        500, None,  &["alice: the log-in failed"]),
    case("on_start_process",             None,  Script("/login/alice"),        500, None,  &["alice: the log-in failed"]),
    case("on_start_connected_process",   None,  Script("/login/alice"),        500, None,  &["alice: the log-in failed"]),
    // Over another log-in: close hooks do not prevent it, and what was replaced does not come back.
    case("on_pre_close_session",         ALICE, Script("/login/bob"),          200, BOB,   &["alice: replaced by a new log-in"]),
    case("on_post_close_session",        ALICE, Script("/login/bob"),          200, BOB,   &["alice: replaced by a new log-in"]),
    case("on_open_session",              ALICE, Script("/login/bob"),          500, None,  &["alice: replaced by a new log-in", "bob: the log-in failed"]),
    case("on_start_process",             ALICE, Script("/login/bob"),          500, None,  &["alice: replaced by a new log-in", "bob: the log-in failed"]),
    case("on_start_connected_process",   ALICE, Script("/login/bob"),          500, None,  &["alice: replaced by a new log-in", "bob: the log-in failed"]),
    // A request is refused, and its session stays.
    case("on_request",                   ALICE, Page("/who"),                  500, ALICE, &[]),
    case("on_start_process",             ALICE, Page("/who"),                  500, ALICE, &[]),
    case("on_start_connected_process",   ALICE, Page("/who"),                  500, ALICE, &[]),
    case("on_connected_request",         ALICE, Page("/who"),                  500, ALICE, &[]),
    case("on_request",                   None,  Page("/who"),                  500, None,  &[]),
    case("on_start_process",             None,  Page("/who"),                  500, None,  &[]),
    case("on_start_unconnected_process", None,  Page("/who"),                  500, None,  &[]),
    case("on_unconnected_request",       None,  Page("/who"),                  500, None,  &[]),
    // A refusal stays one.
    case("on_denied_request",            ALICE, Page("/admin"),                500, ALICE, &[]),
    case("on_denied_request",            None,  Page("/admin"),                500, None,  &[]),
    // A log-out: only the pre-close hook of `disconnect` can prevent it.
    case("on_connected_request",         ALICE, Script("/logout"),             500, ALICE, &[]),
    case("on_pre_close_session",         ALICE, Script("/logout"),             500, ALICE, &[]),
    case("on_post_close_session",        ALICE, Script("/logout"),             200, None,  &["alice: disconnected"]),
    case("on_pre_close_session",         ALICE, Script("/logout-everywhere"),  200, None,  &["alice: disconnected everywhere"]),
    case("on_post_close_session",        ALICE, Script("/logout-everywhere"),  200, None,  &["alice: disconnected everywhere"]),
    case("on_pre_close_session",         ALICE, Script("/close-this-session"), 200, None,  &["alice: closed by its handle"]),
    case("on_post_close_session",        ALICE, Script("/close-this-session"), 200, None,  &["alice: closed by its handle"]),
];

async fn every_case(fault: Fault) {
    for Case { hook, before, step, status, after, ended } in CASES {
        let case = format!("{hook}, {before:?}, {step:?}");
        let site = Site::new().await;
        let mut browser = site.browser_of(*before).await;

        site.plan.fails(hook, fault);
        let answer = take(*step, &mut browser).await;

        assert_eq!(answer.status().as_u16(), *status, "{case}");
        assert_eq!(site.plan.ended.take(), *ended, "{case}");
        if before.is_none() {
            assert_eq!(browser.cookie("__Host-os-session").is_some(), after.is_some(), "{case}: the cookie");
        }
        site.assert_connected(&mut browser, *after, &case).await;
    }
}

#[tokio::test]
async fn a_hook_that_returns_an_error_leaves_nothing_half_done() {
    every_case(Fault::Error).await;
}

#[tokio::test]
async fn a_hook_that_panics_leaves_nothing_half_done() {
    every_case(Fault::Panic).await;
}

#[tokio::test(start_paused = true)]
async fn a_hook_that_takes_too_long_leaves_nothing_half_done() {
    every_case(Fault::TakesTooLong).await;
}

/// The session stays and is not resumed yet: the next request tries again.
#[tokio::test(start_paused = true)]
async fn a_resume_hook_that_fails_is_tried_again() {
    for fault in FAULTS {
        let before = Site::new().await;
        let alice = before.browser_of(ALICE).await;
        let cookie = alice.cookie("__Host-os-session").expect("alice is logged in");

        let site = Site::over(before.store.clone()).await;
        let mut alice = Browser::new(&site.app);
        alice.set_cookie("__Host-os-session", cookie);
        site.plan.fails("on_resume_session", fault);
        for attempt in ["first", "second"] {
            let status = alice.get("/who").await.status();
            assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR, "{fault:?}, {attempt} attempt");
        }
        site.assert_connected(&mut alice, ALICE, &format!("{fault:?}")).await;
    }
}

/// A problem response without internal text: neither the hook's name nor what it said.
#[tokio::test]
async fn the_client_is_not_told_which_hook_failed() {
    let site = Site::new().await;
    site.plan.fails("on_request", Fault::Error);
    let answer = site.browser_of(None).await.get("/who").await;
    assert_eq!(answer.text(), r#"{"status":500,"title":"Internal server error","type":"about:blank"}"#);
}

#[tokio::test(start_paused = true)]
async fn every_session_that_ends_is_told_though_a_hook_fails() {
    for fault in FAULTS {
        let site = Site::new().await;
        for _ in 0..3 {
            site.browser_of(ALICE).await;
        }
        site.plan.fails("on_post_close_session", fault);
        site.sessions.disconnect_all("alice").await.expect("a failing post-close hook prevents nothing");
        assert_eq!(site.plan.ended.take(), ["alice: disconnected everywhere"; 3], "{fault:?}");
        assert!(site.store.memory.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn sessions_that_expire_are_told_though_a_hook_fails() {
    for fault in FAULTS {
        let clock = Clock::new();
        let site = Site::over(MemoryStore::with_clock(clock.clone()).into()).await;
        for _ in 0..2 {
            site.browser_of(ALICE).await;
        }
        site.plan.fails("on_post_close_session", fault);
        clock.advance(Duration::from_hours(24 * 365));
        pass(Duration::from_mins(5)).await; // For the purge in the background, and for hooks that take too long.
        assert!(site.store.memory.is_empty(), "{fault:?}");
        assert_eq!(site.plan.ended.take(), ["alice: expired"; 2], "{fault:?}");
    }
}

/// The hook of a log-in fails, and then the store cannot remove the session either: its token must not reach the
/// browser, or the failed log-in would have logged in.
#[tokio::test]
async fn a_failed_log_in_sends_no_cookie_though_the_store_fails_as_well() {
    let site = Site::new().await;
    let mut browser = site.browser_of(None).await;
    site.plan.fails("on_open_session", Fault::Error);
    site.store.refuse_to_close(true);
    let answer = take(Script("/login/alice"), &mut browser).await;
    assert!(answer.status().is_server_error());
    assert_eq!(answer.header("set-cookie"), None);

    site.plan.nothing_fails();
    assert_eq!(browser.get("/who").await.text(), "None");
}
