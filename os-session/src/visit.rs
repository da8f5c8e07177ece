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

/// A request under way. If it is dropped before its response was finished, the sessions that it
/// opened are closed again.
#[derive(Debug)]
pub(crate) struct Visit {
    session: Session,
    /// The context was made here, so its response is finished here. Otherwise an outer layer made
    /// it.
    finishes: bool,
}

impl Visit {
    /// Makes the context of the request with this head, and puts its session there. A context of
    /// the same `Sessions` that was made for this request already is joined.
    pub(crate) fn begin(sessions: &Sessions, parts: &mut Parts) -> Self {
        if let Some(session) = Session::of(parts)
            && session.sessions().is(sessions)
            && session.0.is_of(parts)
        {
            return Self { session: session.clone(), finishes: false };
        }
        let session = Session(Arc::new(Context::new(sessions, parts)));
        parts.extensions.insert(session.clone());
        Self { session, finishes: true }
    }

    /// Runs the future that makes the response, as the current request of this task.
    pub(crate) async fn run(mut self, answer: Pin<&mut (impl Future<Output = Response> + ?Sized)>) -> Response {
        let mut response = in_task_of(Some(&self.session), answer).await;
        if self.finishes {
            self.session.0.finish(&mut response);
            self.finishes = false;
        }
        response
    }
}

/// Runs a future as part of the request that has this session, or of one that has none.
fn in_task_of<F>(session: Option<&Session>, mut future: Pin<&mut F>) -> impl Future<Output = F::Output>
where
    F: Future + ?Sized,
{
    poll_fn(move |cx| CURRENT.sync_scope(session.cloned(), || future.as_mut().poll(cx)))
}

/// Whether this task belongs to another request than the one that has this session, or has none:
/// the other one passed it on.
pub(crate) fn is_task_of_another(session: Option<&Session>) -> bool {
    let is_another = |current: &Option<Session>| match (current, session) {
        (Some(current), Some(own)) => !Arc::ptr_eq(&current.0, &own.0),
        (current, _) => current.is_some(),
    };
    CURRENT.try_with(is_another).unwrap_or_default()
}

/// Runs a future as part of the request that has this session, or has none, in a task of another.
pub(crate) async fn run_apart<F>(session: Option<Session>, future: F) -> F::Output
where
    F: Future,
{
    in_task_of(session.as_ref(), pin!(future)).await
}

impl Drop for Visit {
    fn drop(&mut self) {
        if self.finishes {
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
        let visit = Visit::begin(&self.sessions, &mut parts);
        let answer = self.inner.call(Request::from_parts(parts, body));
        Box::pin(async {
            let answer = pin!(async {
                let Ok(response) = answer.await;
                response
            });
            Ok(visit.run(answer).await)
        })
    }
}
