//! What the client module asks for besides its stream.

use super::*;

#[tokio::test]
async fn the_module_is_kept_by_its_version_and_found_without() {
    let site = Site::new().await;
    let mut browser = site.tab().browser;
    let latest = browser.get("/os-session/client.js").await;
    assert_eq!(latest.header("cache-control"), Some("no-cache"));
    assert_eq!(latest.header("content-type"), Some("text/javascript; charset=utf-8"));
    let address = latest.text().strip_prefix("export * from \"./").unwrap().strip_suffix("\";\n").unwrap();

    let module = browser.get(&format!("/os-session/{address}")).await;
    assert_eq!(module.header("cache-control"), Some("public, max-age=31536000, immutable"));
    assert_eq!(module.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(module.header("set-cookie"), None);
    assert!(module.text().contains("export function onConnectionChange"));

    // A page of another release than this server's: it must not keep this one under that address.
    let other = browser.get("/os-session/client.js?v=0123456789abcdef").await;
    assert_eq!((other.header("cache-control"), other.text()), (Some("no-cache"), latest.text()));

    let tag = latest.header("etag").unwrap();
    let fresh = browser.with_header("if-none-match", tag).get("/os-session/client.js").await;
    assert_eq!((fresh.status(), fresh.text()), (StatusCode::NOT_MODIFIED, ""));
}

#[tokio::test]
async fn scripts_log_out() {
    let site = Site::new().await;
    let (mut alice, mut phone) = (site.tab_of("alice").await, site.tab_of("alice").await);
    assert_eq!(alice.post("/os-session/disconnect").await.status(), StatusCode::NO_CONTENT);
    assert_eq!(alice.browser.cookie("__Host-os-session"), None);
    assert_eq!(site.sessions.of_user("alice").await.unwrap().len(), 1);
    assert_eq!(alice.post("/os-session/disconnect").await.status(), StatusCode::NO_CONTENT, "twice is no mistake");

    alice.browser.connect(&site.sessions, "alice").await.unwrap();
    assert_eq!(phone.post("/os-session/disconnect-all?user_indep=false").await.status(), StatusCode::NO_CONTENT);
    assert_eq!(site.sessions.of_user("alice").await.unwrap(), []);
}

#[tokio::test]
async fn a_safe_method_logs_out_no_user() {
    let site = Site::new().await;
    let alice = site.tab_of("alice").await;
    for path in ["/os-session/disconnect", "/os-session/disconnect-all"] {
        for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
            let request = alice.request(method.clone(), path);
            let status = alice.browser.clone().send(request).await.status();
            assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
        }
    }
    assert_eq!(site.sessions.of_user("alice").await.unwrap().len(), 1);
}

#[tokio::test]
async fn another_site_logs_nobody_out() {
    let site = Site::new().await;
    let mut alice = site.tab_of("alice").await;
    let mut forged = alice.clone();
    forged.browser = forged.browser.with_header("sec-fetch-site", "cross-site");
    for path in ["/os-session/disconnect", "/os-session/disconnect-all"] {
        let request = forged.request(Method::POST, path);
        assert_eq!(forged.browser.send(request).await.status(), StatusCode::FORBIDDEN, "{path}");
    }
    let (_, state) = alice.hear().await;
    assert_ne!(state, "-");
}

#[tokio::test]
async fn what_cannot_be_read_is_a_mistake_of_the_sender() {
    let site = Site::new().await;
    let mut alice = site.tab_of("alice").await;
    let request = alice.request(Method::POST, "/os-session/disconnect-all?user_indep=perhaps");
    assert_eq!(alice.browser.send(request).await.status(), StatusCode::BAD_REQUEST);
    assert_eq!(site.sessions.of_user("alice").await.unwrap().len(), 1);
}
