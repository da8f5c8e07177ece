//! The body of a request that is refused: the rule comes first.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::http::{Method, header};
use axum::{Json, Router};
use os_session::routing::{self, post};
use os_session::testing::Browser;
use os_session::{BoxError, connected};

use crate::site::{Site, request};

/// A body that nobody may look at.
struct Untouchable;

impl http_body::Body for Untouchable {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, BoxError>>> {
        panic!("the body of a refused request was read")
    }
}

#[connected(allow = "admin", deny = "banned")]
async fn upload(body: Json<Vec<u8>>) -> String {
    body.0.len().to_string()
}

#[connected]
async fn upload_for_all(body: Bytes) -> String {
    body.len().to_string()
}

#[tokio::test]
async fn the_body_of_a_refused_request_is_never_read() {
    let site = Site::new().await;
    site.join("bob", &["banned"]).await;
    let declared = routing::Router::new().route("/json", post(upload)).route("/bytes", post(upload_for_all));
    let plain = Router::new()
        .route("/json", axum::routing::post(upload))
        .route("/bytes", axum::routing::post(upload_for_all))
        .layer(site.sessions.layer());
    for app in [declared.with_sessions(&site.sessions).unwrap(), plain] {
        let anybody = Browser::new(&app);
        let bob = Browser::connected(&app, &site.sessions, "bob").await.unwrap();
        for (mut browser, path, expected) in
            [(anybody.clone(), "/json", 401), (anybody, "/bytes", 401), (bob, "/json", 403)]
        {
            let mut request = request(Method::POST, path);
            request.headers_mut().insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
            *request.body_mut() = Body::new(Untouchable);
            assert_eq!(browser.send(request).await.status(), expected, "{path}");
        }
    }
}

#[tokio::test]
async fn a_refusal_comes_before_a_complaint_about_the_body() {
    let site = Site::new().await;
    let router = routing::Router::new().route("/", post(upload)).with_sessions(&site.sessions).unwrap();
    let mut bob = Browser::connected(&router, &site.sessions, "bob").await.unwrap();
    let malformed = || {
        let mut request = request(Method::POST, "/");
        *request.body_mut() = Body::from("{ malformed");
        request
    };
    assert_eq!(bob.send(malformed()).await.status(), 403);
    site.join("bob", &["admin"]).await;
    assert_eq!(bob.send(malformed()).await.status(), 415, "who is admitted is told what is wrong");
}
