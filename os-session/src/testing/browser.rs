//! A browser as far as sessions see one: it keeps cookies, and says where its requests come from.

use std::pin::pin;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use cookie::{Cookie, CookieJar};
use serde::de::DeserializeOwned;
use tower::ServiceExt as _;

use crate::context::Session;
use crate::error::Error;
use crate::sessions::Sessions;
use crate::user::UserId;
use crate::visit::Visit;

/// A browser against a router in this process.
///
/// Clones have the same cookies and then go their own ways, like a stolen cookie.
#[derive(Debug, Clone)]
pub struct Browser {
    app: Router,
    cookies: CookieJar,
    headers: HeaderMap,
}

impl Browser {
    /// A browser without cookies.
    #[must_use]
    pub fn new(app: &Router) -> Self {
        Self { app: app.clone(), cookies: CookieJar::new(), headers: HeaderMap::new() }
    }

    /// The same browser, with the same cookies, against another router: another node of the application.
    #[must_use]
    pub fn at(self, app: &Router) -> Self {
        Self { app: app.clone(), ..self }
    }

    /// A browser in which this user is logged in.
    ///
    /// # Errors
    ///
    /// As [`connect`](Browser::connect).
    pub async fn connected(app: &Router, sessions: &Sessions, user: impl Into<UserId>) -> Result<Self, Error> {
        let mut browser = Self::new(app);
        browser.connect(sessions, user).await?;
        Ok(browser)
    }

    /// Logs this user in, as a log-in page would by [`Session::connect`], hooks included.
    ///
    /// # Errors
    ///
    /// As [`Session::connect`].
    pub async fn connect(&mut self, sessions: &Sessions, user: impl Into<UserId>) -> Result<(), Error> {
        let (mut parts, ()) = self.with_cookies(Request::new(())).into_parts();
        let mut outcome = Ok(());
        let answer = Visit::begin(sessions, &mut parts)
            .run(pin!(async {
                outcome = async { Session::current()?.connect(user).await }.await;
                Response::new(Body::empty())
            }))
            .await;
        self.keep_cookies(answer.headers());
        outcome
    }

    /// Sends this header with every request from now on.
    ///
    /// # Panics
    ///
    /// If it cannot be a header.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.insert(name, HeaderValue::from_str(value).expect("a header value"));
        self
    }

    /// Goes to a page, as by a link or the address bar.
    ///
    /// # Panics
    ///
    /// If the path is none.
    pub async fn get(&mut self, path: &str) -> Answer {
        self.send(navigation(Method::GET, path, Body::empty())).await
    }

    /// Submits a form of this site.
    ///
    /// # Panics
    ///
    /// If the path is none.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let form = serde_urlencoded::to_string(fields).expect("pairs of text are a form");
        let mut request = navigation(Method::POST, path, Body::from(form));
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        request.headers_mut().insert(header::CONTENT_TYPE, form);
        request.headers_mut().insert(header::ORIGIN, HeaderValue::from_static("https://app.example"));
        self.send(request).await
    }

    /// Sends a request as it is, with the cookies and the headers of [`with_header`](Browser::with_header) added.
    ///
    /// # Panics
    ///
    /// If the answer's body cannot be read.
    pub async fn send(&mut self, request: Request<Body>) -> Answer {
        let (parts, body) = self.open(request).await.into_parts();
        let body = to_bytes(body, usize::MAX).await.expect("the body of the answer is readable");
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// The same for an answer that goes on, a stream of events for example: it is handed over as it begins.
    pub async fn open(&mut self, request: Request<Body>) -> Response<Body> {
        let Ok(response) = self.app.clone().oneshot(self.with_cookies(request)).await;
        self.keep_cookies(response.headers());
        response
    }

    /// The value of a cookie, if the browser has it.
    #[must_use]
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.get(name).map(Cookie::value)
    }

    /// Puts a cookie into the browser, whoever made it up.
    pub fn set_cookie(&mut self, name: &str, value: &str) {
        self.cookies.add(Cookie::new(name.to_owned(), value.to_owned()));
    }

    fn with_cookies<B>(&self, mut request: Request<B>) -> Request<B> {
        let headers = request.headers_mut();
        for (name, value) in &self.headers {
            headers.insert(name, value.clone());
        }
        let cookies: Vec<_> = self.cookies.iter().map(|cookie| cookie.stripped().to_string()).collect();
        if !cookies.is_empty() {
            let value = HeaderValue::try_from(cookies.join("; ")).expect("cookies are header values");
            headers.insert(header::COOKIE, value);
        }
        request
    }

    fn keep_cookies(&mut self, headers: &HeaderMap) {
        for set in headers.get_all(header::SET_COOKIE) {
            let Some(cookie) = set.to_str().ok().and_then(|text| Cookie::parse(text.to_owned()).ok()) else {
                continue;
            };
            if cookie.max_age().is_some_and(cookie::time::Duration::is_zero) {
                self.cookies.force_remove(cookie.name());
            } else {
                self.cookies.add(cookie);
            }
        }
    }
}

fn navigation(method: Method, path: &str, body: Body) -> Request<Body> {
    Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, "app.example")
        .header(header::ACCEPT, "text/html")
        .header("sec-fetch-site", "same-origin")
        .header("sec-fetch-mode", "navigate")
        .header("sec-fetch-dest", "document")
        .body(body)
        .expect("the path is a path")
}

/// What a [`Browser`] was answered, read to its end.
#[derive(Debug, Clone)]
pub struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    /// The status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The headers.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// A header as text, if it is there once and is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        match (values.next(), values.next()) {
            (Some(value), None) => value.to_str().ok(),
            _ => None,
        }
    }

    /// The body as text.
    ///
    /// # Panics
    ///
    /// If it is no UTF-8.
    #[must_use]
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("the body is text")
    }

    /// The body as JSON.
    ///
    /// # Panics
    ///
    /// If it is none, or not of this shape.
    #[must_use]
    pub fn json<T: DeserializeOwned>(&self) -> T {
        serde_json::from_slice(&self.body).expect("the body is JSON of this shape")
    }
}
