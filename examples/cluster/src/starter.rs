//! The process that started this one.

use std::io::Read as _;

use tokio::sync::oneshot;

/// Resolves when it is gone: with it goes the other end of the standard input. On a thread of its own, for which nobody waits at the end.
pub async fn is_gone() {
    let (tell, told) = oneshot::channel();
    std::thread::spawn(move || {
        let _ended = std::io::stdin().read(&mut [0]);
        let _nobody_may_wait = tell.send(());
    });
    let _gone = told.await;
}
