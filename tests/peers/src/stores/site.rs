//! One application under measurement: a router, and how to talk to it.

use axum::Router;
use axum::http::{Request, header};
use os_session_benches::harness::{post, send};

/// The same four routes everywhere: `/login/{user}`, `/me`, `/logout`, and `/logout-everywhere` where there is one.
pub struct Site {
    pub name: &'static str,
    pub router: Router,
    pub logs_out_everywhere: bool,
}

impl Site {
    /// The cookies of a new session.
    pub async fn log_in(&self, user: &str) -> String {
        let (status, cookies, body) = send(&self.router, post(&format!("/login/{user}"))).await;
        assert!(status.is_success(), "{}: {status} {body}", self.name);
        assert!(!cookies.is_empty(), "{}: a log-in sets a cookie", self.name);
        let pairs: Vec<_> = cookies.iter().filter_map(|cookie| cookie.split(';').next()).collect();
        pairs.join("; ")
    }

    /// A protected page.
    pub async fn read(&self, cookie: &str) {
        let request = Request::get("/me").header(header::COOKIE, cookie).body(()).expect("it is well formed");
        let (status, _, body) = send(&self.router, request).await;
        assert!(status.is_success(), "{}: {status} {body}", self.name);
    }

    pub async fn log_out(&self, cookie: &str) {
        self.change("/logout", cookie).await;
    }

    pub async fn log_out_everywhere(&self, cookie: &str) {
        self.change("/logout-everywhere", cookie).await;
    }

    async fn change(&self, path: &str, cookie: &str) {
        let mut request = post(path);
        request.headers_mut().insert(header::COOKIE, cookie.parse().expect("it is well formed"));
        let (status, _, body) = send(&self.router, request).await;
        assert!(status.is_success(), "{} {path}: {status} {body}", self.name);
    }
}
