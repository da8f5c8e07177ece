//! Running hooks: one after another, under a deadline, a panic being a failure like others.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;

use crate::error::{Error, HookError, HookFailure};
use crate::hook::{EventKind, Hook, HookInput, all};

tokio::task_local! {
    static RUNNING: ();
}

/// Whether this task is inside a hook, where the connection cannot be changed.
pub(crate) fn is_running() -> bool {
    RUNNING.try_with(|()| ()).is_ok()
}

/// Runs the hooks of these events in their order; the first failure ends the run.
pub(crate) async fn run(events: &[EventKind], input: HookInput<'_>) -> Result<(), Error> {
    for hook in of(events, &input) {
        match run_one(hook, &input).await {
            // What ends for want of an account is not kept open by it.
            Err(error) if error.is_account_gone() && hook.event == EventKind::PreCloseSession => {}
            outcome => outcome?,
        }
    }
    Ok(())
}

/// Runs all hooks of an event, whatever becomes of each: failures are logged.
pub(crate) async fn run_all(event: EventKind, input: HookInput<'_>) {
    for hook in of(&[event], &input) {
        if let Err(error) = run_one(hook, &input).await {
            tracing::error!(%error, "a hook failed");
        }
    }
}

/// The hooks of these events that run under these `Sessions`: those whose state they were given.
fn of(events: &[EventKind], input: &HookInput<'_>) -> impl Iterator<Item = &'static Hook> {
    let states = &input.sessions.0.states;
    all()
        .iter()
        .copied()
        .filter(move |hook| events.contains(&hook.event))
        .filter(move |hook| hook.state.is_none_or(|state| states.contains(state.id())))
}

async fn run_one(hook: &Hook, input: &HookInput<'_>) -> Result<(), Error> {
    tracing::debug!(%hook, "running a hook");
    let deadline = input.sessions.0.config.hook_deadline;
    // The runner is called inside the future, so that a panic before its first await is caught as well.
    let run = AssertUnwindSafe(RUNNING.scope((), async { (hook.run)(input).await })).catch_unwind();
    let failure = match tokio::time::timeout(deadline, run).await {
        Ok(Ok(Ok(()))) => return Ok(()),
        Ok(Ok(Err(failure))) => failure,
        Ok(Err(_panic)) => HookFailure::Panicked,
        Err(_elapsed) => HookFailure::TimedOut,
    };
    Err(Error::Hook(HookError { hook: hook.to_string(), failure }))
}
