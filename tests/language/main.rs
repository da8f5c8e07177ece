//! Policies and `fresh` in real requests: who is asked, when, and what the others hear.

mod callers;

use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{Request, StatusCode};
use os_session::routing::{self, get, post};
use os_session::testing::{Browser, Clock};
use os_session::{
    Denial, Error, MemoryStore, Session, Sessions, UserId, connected, connected_rpc, connected_wrapper,
    on_denied_request, policy,
};
use os_session_tests::trace::{Log, name};

/// Says what its path tells it to, and notes that it was asked.
#[policy]
async fn says(
    user: UserId,
    Path(word): Path<String>,
    State(log): State<Log>,
) -> Result<bool, (StatusCode, &'static str)> {
    log.note(format!("says: {user}"));
    match &*word {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => Err((StatusCode::IM_A_TEAPOT, "cannot say")),
    }
}

#[policy]
async fn always(State(log): State<Log>) -> bool {
    log.note("always");
    true
}

/// Wants a number where the path has a word.
#[policy]
async fn counts(Path(number): Path<u32>) -> bool {
    number > 0
}

#[expect(clippy::unused_async, reason = "a `deny_fun` is async")]
async fn told(denial: Denial) -> String {
    format!("told: {denial}")
}

#[connected(allow = "admin" | says)]
async fn allow() {}

#[connected(allow = "staff" & !says)]
async fn not() {}

#[connected(deny = says)]
async fn deny() {}

#[connected(opt, deny = says)]
async fn opt_deny() {}

#[connected(allow = "admin" | counts)]
async fn extractor() {}

#[connected(allow = says | always, deny = "banned", deny_fun = told)]
async fn order() {}

#[connected(allow = "admin", fresh = "15min", deny_fun = told)]
async fn fresh() {}

#[connected(fresh = "15min")]
async fn fresh_page() {}

#[connected_rpc(allow = "admin" | says, state = Log)]
async fn rpc(user: UserId) -> Result<String, Error> {
    Ok(user.to_string())
}

#[connected_wrapper(deny = says, state = Log)]
async fn wrapper() -> Result<String, Error> {
    Ok("done".to_owned())
}

#[connected(opt)]
async fn call_rpc() -> Result<String, Error> {
    rpc().await
}

#[connected(opt)]
async fn call_wrapper() -> Result<String, Error> {
    wrapper().await
}

#[connected]
async fn confirm(session: Session) -> Result<(), Error> {
    session.confirm().await
}

#[on_denied_request(state = Log)]
async fn denied(user: Option<UserId>, denial: Denial, State(log): State<Log>) {
    log.note(format!("denied {}: {denial}", name(user.as_ref())));
}

struct Site {
    app: Router,
    sessions: Sessions,
    log: Log,
    clock: Clock,
}

impl Site {
    async fn new() -> Self {
        let (log, clock) = (Log::default(), Clock::new());
        let groups = |user: UserId| async move { user.as_str().split('+').map(str::to_owned).collect::<Vec<_>>() };
        let sessions = Sessions::builder()
            .store(MemoryStore::with_clock(clock.clone()))
            .groups(["admin", "banned", "staff"], groups)
            .state(log.clone())
            .confirm_url("/confirm")
            .build()
            .await
            .unwrap();
        let app = routing::Router::new()
            .route("/allow/{word}", get(allow))
            .route("/not/{word}", get(not))
            .route("/deny/{word}", get(deny))
            .route("/opt-deny/{word}", get(opt_deny))
            .route("/extractor/{word}", get(extractor))
            .route("/order/{word}", get(order))
            .route("/rpc/{word}", get(call_rpc))
            .route("/wrapper/{word}", get(call_wrapper))
            .route("/fresh", get(fresh))
            .route("/fresh-page", get(fresh_page))
            .route("/confirm", post(confirm))
            .with_state(log.clone())
            .with_sessions(&sessions)
            .unwrap();
        Self { app, sessions, log, clock }
    }

    /// Users are in the groups of their name: `admin`, or `staff+banned`.
    async fn browser_of(&self, user: &str) -> Browser {
        Browser::connected(&self.app, &self.sessions, user).await.unwrap()
    }

    /// Status and what was noted.
    async fn get(&self, user: &str, path: &str) -> (u16, Vec<String>) {
        let mut browser = match user {
            "" => Browser::new(&self.app),
            user => self.browser_of(user).await,
        };
        self.log.clear();
        let status = browser.get(path).await.status().as_u16();
        (status, self.log.take())
    }
}

fn noted(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|line| (*line).to_owned()).collect()
}

#[tokio::test]
async fn groups_are_decided_before_a_policy_is_asked() {
    let site = Site::new().await;
    assert_eq!(site.get("admin", "/allow/no").await, (200, noted(&[])), "an administrator needs no policy");
    assert_eq!(site.get("alice", "/allow/yes").await, (200, noted(&["says: alice"])));
    assert_eq!(
        site.get("alice", "/allow/no").await,
        (403, noted(&["says: alice", "denied alice: permission denied"])),
        "asked once, denied once"
    );
    assert_eq!(site.get("alice", "/not/no").await, (403, noted(&["denied alice: permission denied"])), "no staff");
    assert_eq!(site.get("staff", "/not/no").await, (200, noted(&["says: staff"])));
    assert_eq!(site.get("banned", "/order/yes").await, (403, noted(&["denied banned: permission denied"])));
}

#[tokio::test]
async fn policies_are_asked_from_left_to_right_as_long_as_it_matters() {
    let site = Site::new().await;
    assert_eq!(site.get("alice", "/order/yes").await, (200, noted(&["says: alice"])));
    assert_eq!(site.get("alice", "/order/no").await, (200, noted(&["says: alice", "always"])));
}

#[tokio::test]
async fn nobody_anonymous_reaches_a_policy() {
    let site = Site::new().await;
    for path in ["/allow/yes", "/not/no", "/rpc/yes"] {
        assert_eq!(site.get("", path).await, (401, noted(&["denied None: not connected"])), "{path}");
    }
    assert_eq!(site.get("", "/deny/yes").await, (401, noted(&[])), "a connection is missing, and no more");
    assert_eq!(site.get("", "/opt-deny/yes").await, (200, noted(&[])), "whom a policy cannot know it does not refuse");
    assert_eq!(site.get("", "/wrapper/yes").await, (200, noted(&[])));
}

#[tokio::test]
async fn a_policy_that_fails_refuses_wherever_it_stands() {
    let site = Site::new().await;
    for (user, path) in [("alice", "/allow/x"), ("staff", "/not/x"), ("alice", "/deny/x"), ("alice", "/opt-deny/x")] {
        assert_eq!(
            site.get(user, path).await,
            (418, noted(&[&format!("says: {user}")])),
            "{path}: no hook, no deny_fun"
        );
    }
    let mut alice = site.browser_of("alice").await;
    assert_eq!(alice.get("/order/x").await.text(), "cannot say", "its own answer, not that of `deny_fun`");
    for path in ["/rpc/x", "/wrapper/x"] {
        assert_eq!(site.get("alice", path).await.0, 418, "{path}");
    }
}

#[tokio::test]
async fn what_a_policy_cannot_take_from_the_request_refuses() {
    let site = Site::new().await;
    assert_eq!(site.get("alice", "/extractor/7").await.0, 200);
    assert_eq!(site.get("alice", "/extractor/0").await.0, 403);
    assert_eq!(site.get("alice", "/extractor/seven").await, (400, noted(&[])));
    assert_eq!(site.get("admin", "/extractor/seven").await.0, 200, "nobody asked");
}

#[tokio::test]
async fn server_functions_ask_about_the_request_they_are_called_in() {
    let site = Site::new().await;
    assert_eq!(site.get("alice", "/rpc/yes").await, (200, noted(&["says: alice"])));
    assert_eq!(site.get("alice", "/rpc/no").await.0, 403);
    assert_eq!(site.get("admin", "/rpc/no").await, (200, noted(&[])));
    assert_eq!(site.get("alice", "/wrapper/no").await.0, 200);
    assert_eq!(site.get("alice", "/wrapper/yes").await.0, 403);
}

#[tokio::test]
async fn a_stale_proof_is_a_denial_of_its_own() {
    let site = Site::new().await;
    let (mut admin, mut alice) = (site.browser_of("admin").await, site.browser_of("alice").await);
    site.clock.advance(Duration::from_mins(14));
    assert_eq!(admin.get("/fresh").await.status(), 200);
    site.clock.advance(Duration::from_mins(2));
    site.log.clear();
    let answer = admin.get("/fresh").await;
    assert_eq!((answer.status().as_u16(), answer.text()), (401, "told: not authenticated lately"));
    assert_eq!(site.log.take(), noted(&["denied admin: not authenticated lately"]));
    let answer = alice.get("/fresh").await;
    assert_eq!(answer.text(), "told: permission denied", "whoever is refused anyway is not asked for a password");

    assert_eq!(admin.post("/confirm", &[]).await.status(), 200);
    assert_eq!(admin.get("/fresh").await.status(), 200);
}

#[tokio::test]
async fn a_browser_is_led_to_where_it_can_confirm() {
    let site = Site::new().await;
    let mut alice = site.browser_of("alice").await;
    site.clock.advance(Duration::from_mins(16));
    let navigation =
        || Request::get("/fresh-page?a=b").header("accept", "text/html").header("sec-fetch-mode", "navigate");
    let answer = alice.send(navigation().body(axum::body::Body::empty()).unwrap()).await;
    assert_eq!(answer.status(), 303);
    assert_eq!(answer.header("location"), Some("/confirm?next=/fresh-page%3Fa%3Db"));

    let fetch = Request::get("/fresh-page").header("sec-fetch-mode", "cors").header("sec-fetch-dest", "empty");
    let answer = alice.send(fetch.body(axum::body::Body::empty()).unwrap()).await;
    assert_eq!(answer.status(), 401);
    let problem: serde_json::Value = answer.json();
    assert_eq!(problem["type"], "urn:os-session:problem:not-fresh");
}
