//! What several tests need. It registers no hook and declares no handler: those would be in every test's binary.

use std::task::{Context, Poll, Waker};

pub mod cluster;
pub mod leash;
pub mod log;
pub mod numbered;
pub mod postgres;
pub mod proxy;
pub mod redis;
pub mod store;
pub mod trace;

/// Returns what a future gives without waiting.
pub fn at_once<T>(future: impl Future<Output = T>) -> Option<T> {
    match std::pin::pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => Some(result),
        Poll::Pending => None,
    }
}
