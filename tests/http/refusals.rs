//! Which answer a refusal gets: the handler's own, the log-in page, the application's, a problem.

use axum::Router;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use os_session::routing::{self, get};
use os_session::testing::Browser;
use os_session::{Denial, Error, Sessions, UserId, connected};
use os_session_tests::trace::name;

use crate::site::{Site, me, request, set_cookies};

/// Says what it was told, with a success that must not reach the client.
#[expect(clippy::unused_async, reason = "a deny_fun is async")]
async fn sorry(user: Option<UserId>, denial: Denial, method: Method, uri: Uri, headers: HeaderMap) -> String {
    let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or("nothing");
    format!("own: {} {denial} {method} {uri} {agent}", name(user.as_ref()))
}

async fn sorry_everywhere(user: Option<UserId>, denial: Denial) -> String {
    format!("everywhere: {} {denial}", name(user.as_ref()))
}

#[expect(clippy::unused_async, reason = "a deny_fun is async")]
async fn hide() -> StatusCode {
    StatusCode::NOT_FOUND
}

#[connected(allow = "admin", deny_fun = sorry)]
async fn with_own_answer() {}

#[connected(deny = "banned", deny_fun = sorry)]
async fn with_own_answer_to_the_banned() {}

#[connected(allow = "admin")]
async fn without_own_answer() {}

#[connected(allow = "admin", deny_fun = hide)]
async fn hidden() {}

fn refusing(sessions: &Sessions) -> Router {
    let router = routing::Router::new()
        .route("/own", get(with_own_answer).post(with_own_answer))
        .route("/own-deny", get(with_own_answer_to_the_banned))
        .route("/none", get(without_own_answer).post(without_own_answer))
        .route("/hidden", get(hidden))
        .route("/me", get(me).post(me));
    router.with_sessions(sessions).expect("every rule can be decided")
}

async fn answered(browser: &mut Browser, method: Method, path: &str) -> (u16, String) {
    let answer = match method {
        Method::GET => browser.get(path).await,
        _ => browser.post(path, &[]).await,
    };
    let location = answer.header("location").map(str::to_owned);
    (answer.status().as_u16(), location.unwrap_or_else(|| answer.text().to_owned()))
}

const NOT_CONNECTED: &str = r#"{"status":401,"title":"Not connected","type":"about:blank"}"#;
const PERMISSION_DENIED: &str = r#"{"status":403,"title":"Permission denied","type":"about:blank"}"#;

#[tokio::test]
async fn the_handlers_answer_comes_first_then_the_log_in_page_then_the_applications_answer() {
    let site = Site::with(|builder| builder.login_url("/login").deny_fun(sorry_everywhere)).await;
    let app = refusing(&site.sessions);
    let mut anybody = Browser::new(&app).with_header("user-agent", "curl/8");
    let mut bob = Browser::connected(&app, &site.sessions, "bob").await.unwrap().with_header("user-agent", "curl/8");
    site.join("bob", &["banned"]).await;

    for (method, path, expected) in [
        (Method::GET, "/own", (401, "own: None not connected GET /own curl/8")),
        (Method::POST, "/own", (401, "own: None not connected POST /own curl/8")),
        (Method::GET, "/none", (303, "/login?next=/none")),
        (Method::POST, "/none", (303, "/login")),
        // A rule without `allow` refuses nobody in particular: that is no denial, and its `deny_fun` is not asked.
        (Method::GET, "/own-deny", (303, "/login?next=/own-deny")),
        (Method::GET, "/me", (303, "/login?next=/me")),
        (Method::POST, "/me", (303, "/login")),
    ] {
        let (status, text) = answered(&mut anybody, method.clone(), path).await;
        assert_eq!((status, &*text), expected, "nobody: {method} {path}");
    }
    for path in ["/none", "/me"] {
        let answer = anybody.send(request(Method::POST, path)).await;
        let expected = (StatusCode::UNAUTHORIZED, "everywhere: None not connected");
        assert_eq!((answer.status(), answer.text()), expected, "no page is shown for it: {path}");
    }
    for (path, expected) in [
        ("/own", (403, "own: bob permission denied GET /own curl/8")),
        ("/own-deny", (403, "own: bob permission denied GET /own-deny curl/8")),
        ("/none", (403, "everywhere: bob permission denied")),
    ] {
        let (status, text) = answered(&mut bob, Method::GET, path).await;
        assert_eq!((status, &*text), expected, "bob: GET {path}");
    }
}

#[tokio::test]
async fn what_nobody_answers_is_a_problem_that_names_no_rule() {
    let site = Site::new().await;
    let app = refusing(&site.sessions);
    let mut anybody = Browser::new(&app);
    let mut bob = Browser::connected(&app, &site.sessions, "bob").await.unwrap();

    let refused = anybody.get("/none").await;
    assert_eq!((refused.status().as_u16(), refused.text()), (401, NOT_CONNECTED));
    assert_eq!(refused.header("content-type"), Some("application/problem+json"));
    assert!(refused.header("www-authenticate").is_some(), "RFC 9110 wants a challenge with a 401");
    assert_eq!(refused.header("retry-after"), None);

    let refused = bob.get("/none").await;
    assert_eq!((refused.status().as_u16(), refused.text()), (403, PERMISSION_DENIED));
    assert_eq!(refused.header("content-type"), Some("application/problem+json"));
    assert_eq!(refused.header("www-authenticate"), None, "there is nothing to log in for");
    assert_eq!(set_cookies(&refused), [""; 0]);
}

#[tokio::test]
async fn a_refusal_may_look_like_there_is_nothing() {
    let site = Site::new().await;
    let app = refusing(&site.sessions);
    let mut bob = Browser::connected(&app, &site.sessions, "bob").await.unwrap();
    assert_eq!(Browser::new(&app).get("/hidden").await.status(), 404);
    assert_eq!(bob.get("/hidden").await.status(), 404);
}

#[tokio::test]
async fn denials_are_told_to_hooks_and_a_want_of_a_connection_is_none() {
    let site = Site::new().await;
    let app = refusing(&site.sessions);
    Browser::new(&app).get("/me").await;
    assert_eq!(site.log.take(), [""; 0]);
    Browser::new(&app).get("/none").await;
    Browser::connected(&app, &site.sessions, "bob").await.unwrap().get("/none").await;
    assert_eq!(site.log.take(), ["denied None: not connected", "denied bob: permission denied"]);
}

#[connected(deny = "banned", deny_fun = sorry)]
async fn denies_by_itself() -> Error {
    Error::PermissionDenied
}

#[connected(opt)]
async fn misses_somebody_by_itself() -> Error {
    Error::NotConnected
}

#[tokio::test]
async fn an_error_that_a_handler_returns_is_its_answer_and_no_more() {
    let site = Site::with(|builder| builder.deny_fun(sorry_everywhere)).await;
    let app =
        routing::Router::new().route("/denies", get(denies_by_itself)).route("/misses", get(misses_somebody_by_itself));
    let app = app.with_sessions(&site.sessions).unwrap();
    let mut alice = Browser::connected(&app, &site.sessions, "alice").await.unwrap();
    let answer = alice.get("/denies").await;
    assert_eq!((answer.status().as_u16(), answer.text()), (403, PERMISSION_DENIED));
    let answer = Browser::new(&app).get("/misses").await;
    assert_eq!((answer.status().as_u16(), answer.text()), (401, NOT_CONNECTED));
    assert_eq!(site.log.take(), [""; 0], "and no hook hears of it");
}

#[tokio::test]
async fn what_a_client_claims_to_be_has_no_effect() {
    let site = Site::new().await;
    site.join("alice", &["admin"]).await;
    let claims = [
        ("x-user-id", "alice"),
        ("x-forwarded-user", "alice"),
        ("x-groups", "admin"),
        ("remote-user", "alice"),
        ("authorization", "Basic YWxpY2U6"),
        ("x-http-method-override", "GET"),
        ("x-original-url", "/who"),
        ("x-rewrite-url", "/who"),
        ("x-middleware-subrequest", "1"),
    ];
    let claim =
        |browser: Browser| claims.iter().fold(browser, |browser, (name, value)| browser.with_header(name, value));
    assert_eq!(claim(site.browser()).get("/admin").await.status(), 401);
    let mut bob = claim(site.browser_of("bob").await);
    assert_eq!(bob.get("/admin").await.status(), 403);
    assert_eq!(bob.get("/me").await.text(), "bob");
}
