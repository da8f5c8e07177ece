//! What is written of refused requests, and at which level.

use axum::extract::Path;
use axum::http::{HeaderValue, Method, StatusCode};
use os_session::routing::{self, get, post};
use os_session::testing::{Answer, Browser};
use os_session::{Error, Session, UserId, connected, connected_rpc, policy};
use os_session_tests::log::caught;

use crate::site::{Site, admin, login, me, request, who};

/// Sends a request with these headers, and returns the lines that were written meanwhile.
async fn lines_of(
    browser: &mut Browser,
    method: Method,
    path: &str,
    headers: &[(&'static str, &[u8])],
) -> (Answer, Vec<String>) {
    let mut request = request(method, path);
    for (name, value) in headers {
        request.headers_mut().insert(*name, HeaderValue::from_bytes(value).expect("a header value"));
    }
    let (log, guard) = caught();
    let answer = browser.send(request).await;
    drop(guard);
    (answer, log.take())
}

#[connected_rpc]
async fn rename(_user: UserId) -> Result<(), Error> {
    Ok(())
}

async fn plain_rename() -> Result<(), Error> {
    rename().await
}

async fn plain(_: Session) {}

#[tokio::test]
async fn a_refused_cross_site_request_leaves_one_line_with_handler_and_what_was_compared() {
    let site = Site::new().await;
    let router = routing::Router::new()
        .route("/me", post(me))
        .route("/admin", post(admin))
        .route("/who", get(who).post(who))
        .route("/login/{user}", get(login));
    let declared = router.with_sessions(&site.sessions).unwrap();
    let under_the_layer = axum::Router::new()
        .route("/rename", axum::routing::post(plain_rename))
        .route("/plain", axum::routing::post(plain))
        .layer(site.sessions.layer());
    let app = declared.merge(under_the_layer);
    let headers: &[(&str, &[u8])] = &[("sec-fetch-site", b"cross-site"), ("origin", b"https://evil.example")];
    let opening: &[(&str, &[u8])] = &[("upgrade", b"websocket"), ("origin", b"null")];
    for (method, path, headers, handler) in [
        (Method::POST, "/me", headers, "::me"),
        (Method::POST, "/admin", headers, "::admin"),
        (Method::POST, "/who", headers, "::who"),
        (Method::GET, "/who", opening, "::who"),
        (Method::GET, "/login/mallory", headers, "::login"),
        (Method::POST, "/rename", headers, "::rename"),
        (Method::POST, "/plain", headers, ""),
    ] {
        let (answer, lines) = lines_of(&mut Browser::new(&app), method.clone(), path, headers).await;
        assert_eq!(answer.status(), 403, "{method} {path}");
        let refusals: Vec<_> = lines.iter().filter(|line| line.contains("cross-site request refused")).collect();
        let [line] = refusals[..] else { panic!("{method} {path}: {lines:?}") };
        assert!(line.starts_with("DEBUG ") && line.contains(handler), "{line}");
        assert!(line.contains("host=\"app.example\"") && line.contains(&format!("method=\"{method}\"")), "{line}");
        for (name, value) in headers.iter().filter(|(name, _)| *name != "upgrade") {
            let value = str::from_utf8(value).unwrap();
            assert!(line.contains(&format!("{}=\"{value}\"", name.replace('-', "_"))), "{line}");
        }
    }
}

#[tokio::test]
async fn no_client_writes_lines_of_its_own_by_a_cross_site_request() {
    let site = Site::new().await;
    let long = "x".repeat(5000);
    let forged = b"https://evil\" user=\"alice\" \xc2\x9b31m\ttab\xff";
    for (name, value) in
        [("origin", &forged[..]), ("sec-fetch-site", forged), ("origin", long.as_bytes()), ("host", forged)]
    {
        let headers: &[(&str, &[u8])] = &[("origin", b"https://evil.example"), (name, value)];
        let (answer, lines) = lines_of(&mut site.browser(), Method::POST, "/me", headers).await;
        assert_eq!(answer.status(), 403);
        let lines = lines.join("\n");
        assert!(lines.is_ascii() || lines.contains('…'), "{lines}");
        assert!(!lines.contains('\t') && !lines.contains(" user=\"alice\""), "{lines}");
        assert!(lines.len() < 1000, "{lines}");
    }
}

#[policy]
async fn owns_document(Path(id): Path<u64>) -> Result<bool, StatusCode> {
    if id == 0 { Err(StatusCode::INTERNAL_SERVER_ERROR) } else { Ok(false) }
}

#[connected(allow = owns_document)]
async fn document() {}

#[tokio::test]
async fn only_a_policy_that_fails_by_itself_is_a_warning() {
    let site = Site::new().await;
    let app = routing::Router::new().route("/documents/{id}", get(document)).with_sessions(&site.sessions).unwrap();
    let mut alice = Browser::connected(&app, &site.sessions, "alice").await.unwrap();
    for (path, status, level) in [("/documents/abc", 400, "INFO"), ("/documents/0", 500, "WARN")] {
        let (answer, lines) = lines_of(&mut alice, Method::GET, path, &[]).await;
        assert_eq!(answer.status(), status, "{path}");
        let of_the_policy: Vec<_> = lines.iter().filter(|line| line.contains("policy=\"owns_document\"")).collect();
        let [line] = of_the_policy[..] else { panic!("{path}: {lines:?}") };
        assert!(line.starts_with(level) && line.contains("session="), "{line}");
        let loud = lines.iter().filter(|line| line.starts_with("WARN") || line.starts_with("ERROR")).count();
        assert_eq!(loud, usize::from(status == 500), "{lines:?}");
    }
}

#[tokio::test]
async fn the_line_of_a_denial_names_the_session() {
    let site = Site::new().await;
    let mut bob = site.browser_of("bob").await;
    let handle = site.sessions.of_user("bob").await.unwrap()[0].handle.to_string();
    let (answer, lines) = lines_of(&mut bob, Method::GET, "/admin", &[]).await;
    assert_eq!(answer.status(), 403);
    let denials: Vec<_> = lines.iter().filter(|line| line.contains("request denied")).collect();
    let [line] = denials[..] else { panic!("{lines:?}") };
    assert!(line.contains(&format!("session={handle}")), "{line}");
    let (_, lines) = lines_of(&mut site.browser(), Method::GET, "/admin", &[]).await;
    assert!(!lines.join("").contains("session="), "nobody is logged in: {lines:?}");
}
