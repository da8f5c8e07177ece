//! The end of a server, in good order.

use std::future::pending;

use os_session::Sessions;

/// Once the server was told to stop: resolves when what runs in the background has ended, streams and a lease among it. For axum's
/// `with_graceful_shutdown`, which then waits for requests under way.
pub async fn in_good_order(sessions: Sessions, told: impl Future<Output = ()>) {
    told.await;
    sessions.shutdown().await;
}

/// Ctrl-C, or SIGTERM, which systemd, Docker and Kubernetes send.
pub async fn told() {
    tokio::select! {
        () = interrupted() => {}
        () = terminated() => {}
    }
}

async fn interrupted() {
    if tokio::signal::ctrl_c().await.is_err() {
        pending().await
    }
}

#[cfg(unix)]
async fn terminated() {
    use tokio::signal::unix::{SignalKind, signal};

    match signal(SignalKind::terminate()) {
        Ok(mut signal) => drop(signal.recv().await),
        Err(_) => pending().await,
    }
}

#[cfg(not(unix))]
async fn terminated() {
    pending().await
}
