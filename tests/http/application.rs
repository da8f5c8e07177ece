//! Functions of the application that panic or never end: an error of that request alone, and never
//! an open door.

use std::collections::HashMap;
use std::future::pending;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use os_session::routing::{self, get};
use os_session::testing::Browser;
use os_session::{
    BoxError, Denial, Error, Groups, Session, User, UserId, connected, connected_rpc, connected_wrapper, policy,
};
use os_session_tests::log::caught;
use os_session_tests::trace::{Log, at_rest};

use crate::site::{GROUPS, Site};

/// Pam's calls panic, and Hank's never end.
async fn misbehaves(user: &str) {
    match user {
        "pam" => panic!("db-7.internal is on fire"),
        "hank" => pending().await,
        _ => {}
    }
}

#[policy]
async fn owns_it(user: UserId) -> bool {
    misbehaves(user.as_str()).await;
    true
}

#[policy]
async fn has_account(account: User<Account>) -> bool {
    account.0.0 == "alice"
}

#[derive(Clone)]
struct Account(String);

impl<S: Sync> os_session::FromUser<S> for Account {
    type Error = BoxError;

    async fn from_user(id: &UserId, _: &S) -> Result<Option<Self>, BoxError> {
        misbehaves(id.as_str()).await;
        Ok(Some(Self(id.to_string())))
    }
}

const REACHED: &str = "the handler was reached";

#[connected(allow = owns_it)]
async fn by_policy() -> &'static str {
    REACHED
}

#[connected(deny = "banned" & !owns_it)]
async fn by_policy_in_deny() -> &'static str {
    REACHED
}

#[connected(allow = has_account)]
async fn by_policy_with_account() -> &'static str {
    REACHED
}

#[connected]
async fn with_account(_account: User<Account>) -> &'static str {
    REACHED
}

#[connected(opt)]
async fn with_account_perhaps(_account: Option<User<Account>>) -> &'static str {
    REACHED
}

#[connected_rpc(allow = owns_it)]
async fn function(_user: UserId) -> Result<&'static str, Error> {
    Ok(REACHED)
}

#[connected_rpc]
async fn function_with_account(_account: Account) -> Result<&'static str, Error> {
    Ok(REACHED)
}

#[connected_wrapper(allow = owns_it)]
async fn wrapper() -> Result<&'static str, Error> {
    Ok(REACHED)
}

#[connected(opt)]
async fn calls_function() -> Result<&'static str, Error> {
    function().await
}

#[connected(opt)]
async fn calls_function_with_account() -> Result<&'static str, Error> {
    function_with_account().await
}

#[connected(opt)]
async fn calls_wrapper() -> Result<&'static str, Error> {
    wrapper().await
}

async fn sorry(user: Option<UserId>) -> StatusCode {
    if let Some(user) = user {
        misbehaves(user.as_str()).await;
    }
    StatusCode::OK
}

#[expect(clippy::unused_async, reason = "a deny_fun is async")]
async fn sorry_account(_account: Option<User<Account>>) -> StatusCode {
    StatusCode::OK
}

/// What is returned panics when it becomes a response.
struct Broken;

impl IntoResponse for Broken {
    fn into_response(self) -> Response {
        panic!("db-7.internal is on fire")
    }
}

async fn sorry_response(user: Option<UserId>) -> Broken {
    if user.is_some_and(|user| user == "hank") {
        pending::<()>().await;
    }
    Broken
}

async fn sorry_function(user: Option<UserId>, _: Denial) -> Result<&'static str, Error> {
    sorry(user).await;
    Err(Error::PermissionDenied)
}

#[connected(allow = "admin", deny_fun = sorry)]
async fn denied() -> &'static str {
    REACHED
}

#[connected(allow = "admin", deny_fun = sorry_account)]
async fn denied_account() -> &'static str {
    REACHED
}

#[connected(allow = "admin", deny_fun = sorry_response)]
async fn denied_response() -> &'static str {
    REACHED
}

#[connected(allow = "admin")]
async fn denied_everywhere() -> &'static str {
    REACHED
}

#[connected_rpc(allow = "admin", deny_fun = sorry_function)]
async fn denied_function(_user: UserId) -> Result<&'static str, Error> {
    Ok(REACHED)
}

#[connected(opt)]
async fn calls_denied_function() -> Result<&'static str, Error> {
    denied_function().await
}

/// Requests the page as Pam and as Hank, and finds each failure in the response and in one line of
/// the log.
async fn refuses_both(site: &Site, app: &Router, path: &str, function: &str) {
    for (user, status, how) in [("pam", 500, "panicked"), ("hank", 503, "took longer than the deadline for hooks")] {
        let mut browser = Browser::connected(app, &site.sessions, user).await.unwrap();
        let (lines, guard) = caught();
        let answer = browser.get(path).await;
        drop(guard);
        assert_eq!(answer.status(), status, "{path} {user}: {}", answer.text());
        assert_eq!(answer.header("retry-after").is_some(), status == 503, "{path} {user}");
        assert!(!answer.text().contains(REACHED) && !answer.text().contains("db-7"), "{path}: {}", answer.text());
        let lines = lines.take();
        let errors: Vec<_> = lines.iter().filter(|line| line.starts_with("ERROR")).collect();
        let [error] = errors[..] else { panic!("one line: {path} {user} {lines:#?}") };
        assert!(error.contains(function) && error.contains(how), "{path} {user}: {error}");
        assert!(!lines.iter().any(|line| line.contains("db-7")), "{lines:#?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_policy_or_a_user_type_that_panics_or_never_ends_refuses_its_request() {
    let site = Site::new().await;
    let pages = routing::Router::new()
        .route("/policy", get(by_policy))
        .route("/policy-in-deny", get(by_policy_in_deny))
        .route("/policy-with-account", get(by_policy_with_account))
        .route("/account", get(with_account))
        .route("/account-perhaps", get(with_account_perhaps))
        .route("/function", get(calls_function))
        .route("/function-with-account", get(calls_function_with_account))
        .route("/wrapper", get(calls_wrapper));
    let app = pages.with_sessions(&site.sessions).unwrap();
    site.join("pam", &["banned"]).await;
    site.join("hank", &["banned"]).await;
    let mut alice = Browser::connected(&app, &site.sessions, "alice").await.unwrap();
    for (path, function) in [
        ("/policy", "the policy `owns_it`"),
        ("/policy-in-deny", "the policy `owns_it`"),
        ("/policy-with-account", "::Account`"),
        ("/account", "::Account`"),
        ("/account-perhaps", "::Account`"),
        ("/function", "the policy `owns_it`"),
        ("/function-with-account", "::Account`"),
        ("/wrapper", "the policy `owns_it`"),
    ] {
        refuses_both(&site, &app, path, function).await;
        assert_eq!(alice.get(path).await.text(), REACHED, "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_deny_fun_that_panics_or_never_ends_admits_nothing() {
    let pages = || {
        routing::Router::new()
            .route("/denied", get(denied))
            .route("/account", get(denied_account))
            .route("/response", get(denied_response))
            .route("/everywhere", get(denied_everywhere))
            .route("/function", get(calls_denied_function))
    };
    let site = Site::with(|builder| builder.deny_fun(sorry)).await;
    let app = pages().with_sessions(&site.sessions).unwrap();
    for (path, function) in [
        ("/denied", "::sorry`"),
        ("/account", "::Account`"),
        ("/response", "::sorry_response`"),
        ("/everywhere", "::sorry`"),
        ("/function", "::sorry_function`"),
    ] {
        refuses_both(&site, &app, path, function).await;
    }
    let mut bob = Browser::connected(&app, &site.sessions, "bob").await.unwrap();
    assert_eq!(bob.get("/denied").await.status(), 403);
}

/// Answers as the application wants it to, in each of its calls.
#[derive(Clone, Default)]
struct Provider {
    as_if: Arc<Mutex<HashMap<&'static str, &'static str>>>,
}

impl Provider {
    fn set(&self, call: &'static str, user: &'static str) {
        self.as_if.lock().unwrap_or_else(PoisonError::into_inner).insert(call, user);
    }

    fn of(&self, call: &str) -> &'static str {
        self.as_if.lock().unwrap_or_else(PoisonError::into_inner).get(call).copied().unwrap_or_default()
    }
}

impl Groups for Provider {
    async fn groups_of(&self, user: &UserId) -> Result<Vec<String>, BoxError> {
        misbehaves(user.as_str()).await;
        misbehaves(self.of("groups_of")).await;
        Ok(vec!["admin".to_owned()])
    }

    fn remembered(&self, _: &UserId) -> Option<os_session::GroupSet> {
        assert_ne!(self.of("remembered"), "pam", "db-7.internal is on fire");
        None
    }

    fn changed(&self, _: &UserId) {
        assert_ne!(self.of("changed"), "pam", "db-7.internal is on fire");
    }
}

#[connected(opt)]
async fn changes_groups(session: Session) -> Result<(), Error> {
    session.sessions().groups_changed("bob").await
}

#[tokio::test(start_paused = true)]
async fn a_group_provider_that_panics_or_never_ends_refuses_its_request() {
    for cached in [false, true] {
        let provider = Provider::default();
        let site = Site::with(|builder| match cached {
            true => builder.groups(GROUPS, provider.clone().cached()),
            false => builder.groups(GROUPS, provider.clone()),
        })
        .await;
        refuses_both(&site, &site.app, "/admin", "the group provider").await;
        for user in ["pam", "hank"] {
            let explained = site.sessions.explain(user, crate::site::admin).await;
            assert!(matches!(explained, Err(Error::Function(_))), "{explained:?}");
        }
        let mut alice = site.browser_of("alice").await;
        assert_eq!(alice.get("/admin").await.status(), 200, "the lock of the answers is not poisoned");
    }

    let provider = Provider::default();
    let site = Site::with(|builder| builder.groups(GROUPS, provider.clone())).await;
    let app = crate::site::pages().route("/change", get(changes_groups)).with_sessions(&site.sessions).unwrap();
    let mut alice = Browser::connected(&app, &site.sessions, "alice").await.unwrap();
    for (call, path) in [("remembered", "/admin"), ("changed", "/change")] {
        provider.set(call, "pam");
        assert_eq!(alice.get(path).await.status(), 500, "{call}");
        provider.set(call, "alice");
        assert_eq!(alice.get(path).await.status(), 200, "{call}");
    }
}

#[connected(allow = "admin")]
async fn stream(session: Session, State(log): State<Log>) {
    tokio::spawn(async move {
        session.closed().await;
        log.note("closed");
    });
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_its_session_ends_when_the_group_provider_panics_or_never_ends() {
    for user in ["pam", "hank"] {
        let provider = Provider::default();
        let log = Log::default();
        let site = Site::with(|builder| builder.groups(GROUPS, provider.clone())).await;
        let app = routing::Router::new().route("/", get(stream)).with_state(log.clone());
        let app = app.with_sessions(&site.sessions).unwrap();
        let mut alice = Browser::connected(&app, &site.sessions, "alice").await.unwrap();
        assert_eq!(alice.get("/").await.status(), 200);
        at_rest().await;
        assert_eq!(log.take(), [""; 0]);
        provider.set("groups_of", user);
        site.sessions.groups_changed("alice").await.unwrap();
        tokio::time::sleep(std::time::Duration::from_secs(30)).await;
        assert_eq!(log.take(), ["closed"], "{user}");
    }
}
