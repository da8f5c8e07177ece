//! The time that a request spends with us: its context is made, found by whoever asks, and written into the answer.

use std::convert::Infallible;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};

use axum::extract::Request;
use axum::http::request::Parts;
use axum::response::Response;
use tower::{Layer, Service};

use crate::context::{CURRENT, Context, Session};
use crate::lifecycle;
use crate::sessions::Sessions;

/// A request under way. If it is dropped before its answer was finished, what it opened is closed again.
#[derive(Debug)]
pub(crate) struct Visit {
    session: Session,
    finished: bool,
}

impl Visit {
    /// Makes the request's context. `None`: there is one already, of the same `Sessions`.
    pub(crate) fn begin(sessions: &Sessions, parts: &Parts) -> Option<Self> {
        if Session::with(parts, |session| session.is_some_and(|session| session.sessions().is(sessions))) {
            return None;
        }
        Some(Self { session: Session(Arc::new(Context::new(sessions, parts))), finished: false })
    }

    /// Runs what answers the request, as the current request of this task.
    pub(crate) async fn run(mut self, mut answer: Pin<&mut (impl Future<Output = Response> + ?Sized)>) -> Response {
        let session = &self.session;
        let mut response = poll_fn(|cx| CURRENT.sync_scope(session.clone(), || answer.as_mut().poll(cx))).await;
        self.session.0.finish(&mut response);
        self.finished = true;
        response
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        if !self.finished {
            lifecycle::abandon(&self.session);
        }
    }
}

impl Sessions {
    /// A layer for a plain axum router, where handlers are routed by axum's own functions.
    ///
    /// Every request that passes it has a [`Session`]; `#[connected]` handlers and the extractors work under it, and outside it
    /// they refuse with [`Error::NoLayer`](crate::Error::NoLayer). With [`routing::Router`](crate::routing::Router) it is not needed,
    /// unless a middleware wants the session: then it goes outside that middleware.
    ///
    /// ```
    /// use axum::{Router, routing::get};
    /// use os_session::{Sessions, UserId, connected};
    ///
    /// #[connected]
    /// async fn me(user: UserId) -> String {
    ///     user.to_string()
    /// }
    ///
    /// # async fn app() -> Result<(), os_session::Error> {
    /// let sessions = Sessions::builder().build().await?;
    /// let app: Router = Router::new().route("/me", get(me)).layer(sessions.layer());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn layer(&self) -> SessionsLayer {
        SessionsLayer { sessions: self.clone() }
    }
}

/// What [`Sessions::layer`] returns.
#[derive(Debug, Clone)]
pub struct SessionsLayer {
    sessions: Sessions,
}

impl<S> Layer<S> for SessionsLayer {
    type Service = SessionsService<S>;

    fn layer(&self, inner: S) -> SessionsService<S> {
        SessionsService { inner, sessions: self.sessions.clone() }
    }
}

/// A service whose requests have a session: what [`SessionsLayer`] makes.
#[derive(Clone)]
pub struct SessionsService<S> {
    inner: S,
    sessions: Sessions,
}

impl<S> fmt::Debug for SessionsService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionsService")
    }
}

impl<S> Service<Request> for SessionsService<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, cx: &mut TaskContext<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let (mut parts, body) = request.into_parts();
        let visit = Visit::begin(&self.sessions, &parts);
        if let Some(visit) = &visit {
            // Middleware may look for it before the task is this request's, or from another task.
            parts.extensions.insert(visit.session.clone());
        }
        let answer = self.inner.call(Request::from_parts(parts, body));
        match visit {
            Some(visit) => Box::pin(async {
                let answer = pin!(async {
                    let Ok(response) = answer.await;
                    response
                });
                Ok(visit.run(answer).await)
            }),
            None => Box::pin(answer),
        }
    }
}
