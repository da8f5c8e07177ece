//! Work that goes on although the request that began it is dropped.

use std::future::Future;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinHandle;
use tracing::Instrument as _;

/// Counts what is under way, so that a shutdown can wait for it.
pub(crate) struct Tasks {
    under_way: Arc<Semaphore>,
    stopping: watch::Sender<bool>,
}

const MANY: u32 = 1 << 20;

impl Tasks {
    pub(crate) fn new() -> Self {
        Self { under_way: Arc::new(Semaphore::new(MANY as usize)), stopping: watch::Sender::new(false) }
    }

    /// Runs to the end, whether anybody waits for it or not.
    pub(crate) fn spawn<F>(&self, work: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        // From here on a shutdown waits for it; there is none to be had while one does, and then it does not.
        let under_way: Option<OwnedSemaphorePermit> = self.under_way.clone().try_acquire_owned().ok();
        tokio::spawn(
            async move {
                let _under_way = under_way;
                work.await
            }
            .in_current_span(),
        )
    }

    /// The outcome of what [`spawn`](Tasks::spawn) began; a panic goes on here.
    pub(crate) async fn outcome<T>(task: JoinHandle<T>) -> T {
        match task.await {
            Ok(outcome) => outcome,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => resume_unwind(panic),
                Err(_) => std::future::pending().await, // Cancelled: the runtime is shutting down, and us with it.
            },
        }
    }

    /// Resolves with `true` after that time, or with `false` when it is time to stop.
    pub(crate) async fn pause(stopping: &mut watch::Receiver<bool>, time: Duration) -> bool {
        tokio::time::timeout(time, stopping.wait_for(|stop| *stop)).await.is_err()
    }

    pub(crate) fn stopping(&self) -> watch::Receiver<bool> {
        self.stopping.subscribe()
    }

    /// Stops what runs in the background and waits for what was begun.
    pub(crate) async fn shutdown(&self) {
        self.stopping.send_replace(true);
        let _ = self.under_way.acquire_many(MANY).await;
    }
}
