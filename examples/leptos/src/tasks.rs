//! Leptos starts tasks for the resources of a page. A function with a rule is to find the session in them as well.

use any_spawner::{CustomExecutor, Executor, ExecutorError, PinnedFuture, PinnedLocalFuture};

/// tokio, where tasks go on as part of the request that starts them.
struct InRequest;

impl CustomExecutor for InRequest {
    fn spawn(&self, task: PinnedFuture<()>) {
        os_session::spawn(task);
    }

    fn spawn_local(&self, task: PinnedLocalFuture<()>) {
        tokio::task::spawn_local(task);
    }

    fn poll_local(&self) {}
}

/// Once in a process, and before `leptos_axum` could do so.
pub fn init() -> Result<(), ExecutorError> {
    Executor::init_custom_executor(InRequest)
}
