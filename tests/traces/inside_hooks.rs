//! Inside a hook the connection cannot be changed: every change is `Error::InsideHook` at once, and nothing waits for
//! itself.

use std::collections::BTreeSet;

use axum::Router;
use axum::extract::State;
use axum::http::Method;
use os_session::routing::{self, get, post};
use os_session::testing::Browser;
use os_session::{
    Error, MemoryStore, Session, SessionHandle, Sessions, connected, on_connected_request, on_denied_request,
    on_open_session, on_post_close_session, on_pre_close_session, on_request, on_resume_session,
    on_start_connected_process, on_start_process, on_start_unconnected_process, on_unconnected_request,
};
use os_session_tests::trace::{Log, fetch};

/// What each hook tries, and what came of it.
async fn try_every_change(session: Session, hook: &str, log: &Log) {
    let sessions = session.sessions().clone();
    let handle = SessionHandle::from_u64(1);
    let outcomes = [
        ("connect", session.connect("mallory").await),
        ("disconnect", session.disconnect().await),
        ("disconnect_all", session.disconnect_all().await),
        ("disconnect_others", session.disconnect_others().await),
        ("confirm", session.confirm().await),
        ("close", session.close(handle).await),
        ("disconnect_all of a user", sessions.disconnect_all("alice").await),
        ("close of a user", sessions.close("alice", handle).await),
    ];
    for (change, outcome) in outcomes {
        if !matches!(outcome, Err(Error::InsideHook)) {
            log.note(format!("{hook}: {change} gave {outcome:?}"));
        }
    }
    log.note(hook);
}

macro_rules! hooks {
    ($($hook:ident)*) => {$(
        #[$hook(state = Log)]
        async fn $hook(session: Session, State(log): State<Log>) {
            try_every_change(session, stringify!($hook), &log).await;
        }
    )*};
}

hooks! {
    on_request on_start_process on_start_connected_process on_start_unconnected_process on_connected_request
    on_unconnected_request on_denied_request on_open_session on_resume_session on_pre_close_session
}

/// Without a request there is no `Session`, and all the same no way to change one.
#[on_post_close_session(state = Log)]
async fn on_post_close_session(session: Option<Session>, State(log): State<Log>) {
    match session {
        Some(session) => try_every_change(session, "on_post_close_session", &log).await,
        None => log.note("on_post_close_session outside a request"),
    }
}

#[connected(opt)]
async fn page() {}

#[connected(allow = "admin")]
async fn admin() {}

#[connected(opt)]
async fn login(session: Session) -> Result<(), Error> {
    session.connect("alice").await
}

#[connected(opt)]
async fn logout(session: Session) -> Result<(), Error> {
    session.disconnect().await
}

struct Site {
    store: MemoryStore,
    app: Router,
    log: Log,
}

async fn site(store: MemoryStore) -> Site {
    let log = Log::default();
    let sessions = Sessions::builder()
        .store(store.clone())
        .groups(["admin"], |_| async { [""; 0] })
        .state(log.clone())
        .build()
        .await
        .expect("the configuration works");
    let app = routing::Router::new()
        .route("/", get(page))
        .route("/admin", get(admin))
        .route("/login", post(login))
        .route("/logout", post(logout))
        .with_sessions(&sessions)
        .expect("every rule can be decided");
    Site { store, app, log }
}

#[tokio::test(start_paused = true)]
async fn no_hook_can_change_the_connection_and_none_waits_for_itself() {
    let before = tokio::time::Instant::now();
    let first = site(MemoryStore::new()).await;
    let mut browser = Browser::new(&first.app);
    browser.get("/").await;
    assert!(browser.send(fetch(Method::POST, "/login")).await.status().is_success());
    assert_eq!(first.store.len(), 1, "no hook logged mallory in, none logged alice out");

    let second = site(first.store.clone()).await;
    let cookie = browser.cookie("__Host-os-session").expect("alice is logged in");
    let mut browser = Browser::new(&second.app);
    browser.set_cookie("__Host-os-session", cookie);
    browser.get("/").await;
    browser.get("/admin").await;
    assert_eq!(second.store.len(), 1);
    assert!(browser.send(fetch(Method::POST, "/logout")).await.status().is_success());
    assert!(second.store.is_empty());

    let ran: BTreeSet<_> = first.log.take().into_iter().chain(second.log.take()).collect();
    assert_eq!(
        ran.iter().map(String::as_str).collect::<Vec<_>>(),
        [
            "on_connected_request",
            "on_denied_request",
            "on_open_session",
            "on_post_close_session",
            "on_pre_close_session",
            "on_request",
            "on_resume_session",
            "on_start_connected_process",
            "on_start_process",
            "on_start_unconnected_process",
            "on_unconnected_request"
        ]
    );
    assert_eq!(before.elapsed().as_secs(), 0, "no hook ran into its deadline");
}
