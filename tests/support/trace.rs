//! For tests that follow a request step by step: writing down what ran, stopping it at a gate, letting it come to rest.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request, header};
use os_session::UserId;
use tokio::sync::{Semaphore, watch};

/// What ran, in its order. Each `Sessions` of a test has one of its own as state, so tests of one binary do not mix.
#[derive(Debug, Clone, Default)]
pub struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    /// Writes a line.
    pub fn note(&self, line: impl Into<String>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line.into());
    }

    /// The lines since this was last called.
    #[must_use]
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Forgets what ran so far.
    pub fn clear(&self) {
        drop(self.take());
    }
}

/// The user as traces show one: a name, or `None`.
#[must_use]
pub fn name(user: Option<&UserId>) -> &str {
    user.map_or("None", UserId::as_str)
}

/// A place in a hook, a handler or a store where a test can stop what passes. It is open until it is closed.
#[derive(Debug, Clone)]
pub struct Gate {
    arrived: Arc<Semaphore>,
    open: watch::Sender<bool>,
}

impl Default for Gate {
    fn default() -> Self {
        Self { arrived: Arc::new(Semaphore::new(0)), open: watch::Sender::new(true) }
    }
}

impl Gate {
    /// Goes on when the gate is open.
    pub async fn pass(&self) {
        let mut open = self.open.subscribe();
        if !*open.borrow_and_update() {
            self.arrived.add_permits(1);
            let _ = open.wait_for(|open| *open).await;
        }
    }

    /// From now on everything stops here.
    pub fn close(&self) {
        self.open.send_replace(false);
    }

    /// Everything goes on.
    pub fn open(&self) {
        self.open.send_replace(true);
    }

    /// Waits until something has stopped here.
    pub async fn arrived(&self) {
        if let Ok(permit) = self.arrived.acquire().await {
            permit.forget();
        }
    }
}

/// What a script of the page sends: no page is loaded by it, so no process is started.
///
/// # Panics
///
/// If the path is none.
#[must_use]
pub fn fetch(method: Method, path: &str) -> Request<Body> {
    subresource(method, path, "empty")
}

/// What a page loads for itself: `image`, `iframe`, `empty` for its scripts.
///
/// # Panics
///
/// If the path is none.
#[must_use]
pub fn subresource(method: Method, path: &str, destination: &str) -> Request<Body> {
    Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, "app.example")
        .header("sec-fetch-site", "same-origin")
        .header("sec-fetch-dest", destination)
        .body(Body::empty())
        .expect("the path is a path")
}

/// Lets a paused clock go on for so long. It moves only while nothing can run, so what takes no time is done before.
pub async fn pass(time: Duration) {
    tokio::time::sleep(time).await;
}

/// Lets everything run, under a paused clock, until it waits for something.
pub async fn at_rest() {
    pass(Duration::from_millis(1)).await;
}
