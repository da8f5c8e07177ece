//! Calls of functions of the application: one that panics, or never ends, is an error of its
//! request.

use std::fmt;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::time::timeout;

use crate::error::{Error, FunctionError};

/// A function of the application that decides about a request, or loads what decides.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Function {
    Policy(&'static str),
    DenyFun(&'static str),
    FromUser(&'static str),
    Groups,
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Policy(name) => write!(f, "the policy `{name}`"),
            Self::DenyFun(name) => write!(f, "the `deny_fun` `{name}`"),
            Self::FromUser(name) => write!(f, "`FromUser` of `{name}`"),
            Self::Groups => f.write_str("the group provider"),
        }
    }
}

impl Function {
    /// Waits for a call, at most that long.
    pub(crate) async fn outcome<T>(self, deadline: Duration, call: impl Future<Output = T>) -> Result<T, Error> {
        let mut call = pin!(AssertUnwindSafe(call).catch_unwind());
        // Most calls are ready at once, and need no timer.
        let outcome = match poll_fn(|context| Poll::Ready(call.as_mut().poll(context))).await {
            Poll::Ready(outcome) => Ok(outcome),
            Poll::Pending => timeout(deadline, call).await,
        };
        match outcome {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(_panic)) => Err(self.failed(false)),
            Err(_elapsed) => Err(self.failed(true)),
        }
    }

    /// Returns what the call returns.
    pub(crate) fn call<T>(self, call: impl FnOnce() -> T) -> Result<T, Error> {
        catch_unwind(AssertUnwindSafe(call)).map_err(|_panic| self.failed(false))
    }

    fn failed(self, timed_out: bool) -> Error {
        Error::Function(FunctionError { function: self.to_string(), timed_out })
    }
}
