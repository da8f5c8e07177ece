//! Requests, with the cookie in the caller's hand.

use std::time::Duration;

use axum::body::Bytes;
use axum::http::header::{COOKIE, RETRY_AFTER, SET_COOKIE};
use axum::http::{Method, Request};
use http_body_util::{BodyExt as _, Empty};
use hyper_util::client::legacy::Client as Http;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

/// Asks nodes; it keeps connections, and no cookies.
#[derive(Debug, Clone)]
pub struct Client(Http<HttpConnector, Empty<Bytes>>);

/// What was answered, to its last byte.
#[derive(Debug)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// `name=value` of the cookie that was set.
    pub cookie: Option<String>,
    /// Whether it says when to try again.
    pub retry_after: bool,
    /// The text.
    pub body: String,
}

impl Client {
    /// One without connections.
    #[must_use]
    pub fn new() -> Self {
        // What is sent twice would be counted once.
        Self(Http::builder(TokioExecutor::new()).retry_canceled_requests(false).build_http())
    }

    /// One request. `None` if it was not answered.
    ///
    /// # Panics
    ///
    /// If the path or the cookie cannot stand in a request.
    pub async fn ask(&self, method: Method, address: &str, path: &str, cookie: &str) -> Option<Reply> {
        let mut request = Request::builder().method(method).uri(format!("http://{address}{path}"));
        if !cookie.is_empty() {
            request = request.header(COOKIE, cookie);
        }
        let answer = self.0.request(request.body(Empty::new()).expect("it is well formed")).await.ok()?;
        let (head, body) = answer.into_parts();
        let body = body.collect().await.ok()?.to_bytes();
        let cookie = head.headers.get(SET_COOKIE).and_then(|set| set.to_str().ok());
        Some(Reply {
            status: head.status.as_u16(),
            cookie: cookie.and_then(|set| set.split(';').next()).map(str::to_owned),
            retry_after: head.headers.contains_key(RETRY_AFTER),
            body: String::from_utf8_lossy(&body).into_owned(),
        })
    }

    /// The status of a page; 0 if there was no answer.
    pub async fn status(&self, address: &str, path: &str, cookie: &str) -> u16 {
        self.ask(Method::GET, address, path, cookie).await.map_or(0, |reply| reply.status)
    }

    /// The status of a page once it is decided who may see it: a node whose store is coming back decides nothing.
    ///
    /// # Panics
    ///
    /// If that takes longer than half a minute.
    pub async fn decided(&self, address: &str, path: &str, cookie: &str) -> u16 {
        const PAUSE: Duration = Duration::from_millis(50);
        for _ in 0..600 {
            match self.status(address, path, cookie).await {
                0 | 503 => tokio::time::sleep(PAUSE).await,
                decided => return decided,
            }
        }
        panic!("nothing is decided at {path}");
    }

    /// A change that must succeed.
    ///
    /// # Panics
    ///
    /// If it does not.
    pub async fn change(&self, method: Method, address: &str, path: &str, cookie: &str) {
        let reply = self.ask(method, address, path, cookie).await.expect("the node answers");
        assert_eq!(reply.status, 200, "{path}: {reply:?}");
    }

    /// The cookie of a log-in that must succeed.
    ///
    /// # Panics
    ///
    /// If it does not.
    pub async fn login(&self, address: &str, user: &str) -> String {
        let reply = self.ask(Method::POST, address, &format!("/login?user={user}"), "").await;
        let reply = reply.expect("the node answers");
        reply.cookie.clone().unwrap_or_else(|| panic!("a log-in sets a cookie: {reply:?}"))
    }
}

impl Default for Client {
    fn default() -> Self {
        Self::new()
    }
}
