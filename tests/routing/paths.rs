//! Spellings of a path that have led past a guard elsewhere.

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request};
use os_session::routing::{self, get, post};
use os_session::testing::Browser;

use crate::{for_admins, guarded, served, sessions, shop_window};

const TRICKS: &[&str] = &[
    "//admin",
    "/admin/",
    "//admin//",
    "/./admin",
    "/../admin",
    "/x/../admin",
    "/%61dmin",
    "/%41dmin",
    "/ADMIN",
    "/Admin",
    "/admin;x=1",
    "/admin%00",
    "/admin%20",
    "/admin%2f",
    "/%2fadmin",
    "/%2e%2e/admin",
    "/admin?x=/public",
    "/public/../admin",
    "/public/%2e%2e/admin",
    "/public//admin",
    "https://app.example/admin",
    "https://evil.example/admin",
];

async fn never_reached(app: &Router, method: &Method, path: &str) {
    let mut request = Request::builder().method(method).uri(path).body(Body::empty()).expect("the path is a path");
    for (name, value) in [
        ("x-original-url", "/public"),
        ("x-rewrite-url", "/public"),
        ("x-forwarded-prefix", "/public"),
        ("x-http-method-override", "OPTIONS"),
        ("x-middleware-subrequest", "middleware:middleware"),
    ] {
        request.headers_mut().insert(name, value.parse().expect("a header value"));
    }
    let answer = Browser::new(app).send(request).await;
    assert!(matches!(answer.status().as_u16(), 401 | 404 | 405), "{method} {path}: {answer:?}");
}

#[tokio::test]
async fn no_spelling_of_a_path_leads_past_its_guard() {
    let sessions = sessions().await;
    let declared = routing::Router::new()
        .route("/admin", get(for_admins).post(for_admins))
        .nest("/admin/", routing::Router::new().fallback(guarded))
        .route("/public", get(shop_window));
    let plain = Router::new()
        .route("/admin", axum::routing::get(for_admins).post(for_admins))
        .route("/public", axum::routing::get(shop_window))
        .layer(sessions.layer());
    for app in [served(declared, &sessions), plain] {
        for path in TRICKS.iter().copied().chain(["/admin"]) {
            for method in ["GET", "HEAD", "POST", "OPTIONS", "TRACE", "get", "GETX"] {
                never_reached(&app, &method.parse().expect("a method"), path).await;
            }
        }
        assert_eq!(Browser::new(&app).get("/public").await.text(), "shop window");
    }
}

/// A wildcard takes every spelling, and its one rule decides on all of them.
#[tokio::test]
async fn a_wildcard_guards_whatever_it_takes() {
    let sessions = sessions().await;
    let router = routing::Router::new().route("/{*rest}", get(guarded).post(guarded)).route("/", post(guarded));
    let app = served(router, &sessions);
    for path in TRICKS {
        never_reached(&app, &Method::GET, path).await;
        never_reached(&app, &Method::POST, path).await;
    }
}
