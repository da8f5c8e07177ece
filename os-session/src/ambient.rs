//! The current request from inside any function, and in tasks that go on as part of it.

use std::future::Future;

use tokio::task::JoinHandle;

use crate::context::{CURRENT, ELSEWHERE, Session};
use crate::error::Error;
use crate::user::UserId;

impl UserId {
    /// Who is connected in the request that this task handles, from inside any function that a handler calls; see also
    /// [`Session::current`].
    ///
    /// ```
    /// use os_session::{Error, UserId, connected};
    ///
    /// async fn greeting() -> Result<String, Error> {
    ///     Ok(format!("hello {}", UserId::current().await?))
    /// }
    ///
    /// #[connected]
    /// async fn hello() -> Result<String, Error> {
    ///     greeting().await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::NotConnected`] if nobody is, [`Error::OutsideRequest`] where no request is handled, [`Error::Store`] if the store fails.
    pub async fn current() -> Result<Self, Error> {
        Session::current()?.user().await?.ok_or(Error::NotConnected)
    }
}

impl Session {
    /// Tells [`Session::current`], and with it functions that have a rule, where to look in a task that is not the request's own.
    ///
    /// Some frameworks run server functions in tasks of theirs, and keep the head of the request, or a context, where those find it. Say
    /// where before the first request; the first call in a process counts.
    ///
    /// ```
    /// use axum::http::request::Parts;
    /// use os_session::Session;
    ///
    /// // The framework's.
    /// tokio::task_local! {
    ///     static HEAD: Parts;
    /// }
    ///
    /// // `sessions.layer()` has put the session into it.
    /// Session::find_current_by(|| HEAD.try_with(|head| head.extensions.get().cloned()).ok()?);
    /// ```
    ///
    /// What `find` answers decides who may call what, so it has to be of the request that the task works for: in a task-local it is, while
    /// in a thread-local another request may have left its own.
    pub fn find_current_by(find: fn() -> Option<Self>) {
        ELSEWHERE.get_or_init(|| find);
    }
}

/// [`tokio::spawn`] for a task that goes on as part of the current request: [`Session::current`], [`UserId::current`] and functions
/// with a rule work in it. Outside a request it is `tokio::spawn`.
///
/// The task may outlive the request. Then it cannot log in, since no cookie can be sent. Functions
/// with a rule look at the session again if the last look is more than a second old. Such a look
/// finds the session although its token was exchanged, and is no activity that keeps it alive.
/// Everything else stays what the request knew.
///
/// A request that the task, or a handler, sends to the application is another request: it is judged
/// by its own head.
///
/// ```
/// use os_session::{Error, UserId, connected};
///
/// #[connected]
/// async fn import() -> &'static str {
///     os_session::spawn(async {
///         let user = UserId::current().await?;
///         println!("importing for {user}");
///         Ok::<_, Error>(())
///     });
///     "begun"
/// }
/// ```
///
/// # Panics
///
/// Outside a tokio runtime, as `tokio::spawn`.
pub fn spawn<F>(task: F) -> JoinHandle<F::Output>
where
    F: Future<Output: Send + 'static> + Send + 'static,
{
    match Session::current() {
        Ok(session) => tokio::spawn(CURRENT.scope(Some(session), task)),
        Err(_) => tokio::spawn(task),
    }
}
