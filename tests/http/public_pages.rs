//! A page that is open to all costs nobody a session: no look-up, no cookie, nothing said to caches.

use axum::Router;
use axum::http::{Request, Response, header};
use os_session::routing::{self, MethodRouter, get};
use os_session::testing::Browser;
use os_session::{connected, public};
use std::convert::Infallible;

use crate::site::{COOKIE, Site, set_cookies};

#[public(reason = "the shop window")]
async fn home() -> &'static str {
    "welcome"
}

#[connected]
async fn account() {}

async fn file(_: Request<axum::body::Body>) -> Result<Response<String>, Infallible> {
    Ok(Response::new("body {}".to_owned()))
}

fn declared(site: &Site) -> Router {
    let elsewhere = Router::new().route("/health", axum::routing::get(|| async { "ok" }));
    routing::Router::new()
        .route("/", get(home).post(home))
        .route("/account", get(account))
        .route("/closure", MethodRouter::from_axum(axum::routing::get(|| async { "ok" }), "a test"))
        .route_service("/style.css", tower::service_fn(file), "the same for everybody")
        .nest_service("/files", tower::service_fn(file), "the same for everybody")
        .merge(routing::Router::from_axum(elsewhere, "for the load balancer"))
        .with_sessions(&site.sessions)
        .expect("every rule can be decided")
}

fn plain(site: &Site) -> Router {
    Router::new()
        .route("/", axum::routing::get(home).post(home))
        .route("/closure", axum::routing::get(|| async { "ok" }))
        .layer(site.sessions.layer())
}

#[tokio::test]
async fn public_pages_know_nothing_of_sessions() {
    let (site, store) = Site::watched(|builder| builder).await;
    for (app, paths) in [
        (declared(&site), &["/", "/closure", "/style.css", "/files/a/b", "/health", "/nowhere"][..]),
        (plain(&site), &["/", "/closure", "/nowhere"]),
    ] {
        let alice = Browser::connected(&app, &site.sessions, "alice").await.unwrap();
        let mut forged = Browser::new(&app);
        forged.set_cookie(COOKIE, &"A".repeat(43));
        let stored = site.memory.len();
        store.calls.clear();
        for browser in [Browser::new(&app), alice, forged] {
            for path in paths {
                let answer = browser.clone().get(path).await;
                assert_eq!(answer.status(), if *path == "/nowhere" { 404 } else { 200 }, "{path}");
                assert_eq!(set_cookies(&answer), [""; 0], "{path}");
                for header in [header::VARY, header::CACHE_CONTROL] {
                    assert!(!answer.headers().contains_key(&header), "{path} says {header}");
                }
            }
            assert_eq!(browser.clone().post("/", &[]).await.text(), "welcome");
        }
        assert_eq!(store.calls.take(), [""; 0]);
        assert_eq!(site.memory.len(), stored);
    }
}

#[tokio::test]
async fn an_anonymous_visitor_leaves_nothing_behind() {
    let site = Site::new().await;
    let mut anybody = site.browser();
    for path in ["/who", "/me", "/admin", "/nowhere"] {
        assert_eq!(set_cookies(&anybody.get(path).await), [""; 0], "{path}");
    }
    assert!(site.memory.is_empty());
}
