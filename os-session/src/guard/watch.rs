//! What a test helper learns of the decisions that are made for its requests, see [`Tour`](crate::testing::Tour).

use std::sync::{Arc, Mutex, PoisonError};

use crate::declaration::Declaration;
use crate::error::Denial;
use crate::expression::Answers;
use crate::guard::Refusal;

tokio::task_local! {
    static WATCH: Watch;
}

/// Notes the decision on a request, and keeps its handler from running.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watch(Arc<Mutex<Seen>>);

#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) answers: Answers,
    pub(crate) decision: Option<(&'static Declaration, Outcome)>,
}

/// How a request fared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Admitted,
    Denied(Denial),
    /// This policy answered the request itself.
    Answered(&'static str),
    /// The store failed, or a hook: nobody said no, and nobody got in.
    Failed,
}

impl Watch {
    pub(crate) async fn over<T>(&self, requested: impl Future<Output = T>) -> T {
        WATCH.scope(self.clone(), requested).await
    }

    pub(crate) fn seen(&self) -> Seen {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn note(change: impl FnOnce(&mut Seen)) {
    // Nobody watches: the normal case.
    let _ = WATCH.try_with(|watch| change(&mut watch.0.lock().unwrap_or_else(PoisonError::into_inner)));
}

pub(super) fn note_answers(answers: Answers) {
    note(|seen| seen.answers = answers);
}

pub(super) fn note_decision(rule: &'static Declaration, decision: &Result<(), Refusal>) {
    let outcome = match decision {
        Ok(()) => Outcome::Admitted,
        Err(Refusal::NotConnected(_)) => Outcome::Denied(Denial::NotConnected),
        Err(Refusal::Denied { denial, .. }) => Outcome::Denied(*denial),
        Err(Refusal::Answered { policy, .. }) => Outcome::Answered(policy),
        Err(Refusal::Failed(_)) => Outcome::Failed,
    };
    note(|seen| seen.decision = Some((rule, outcome)));
}

pub(super) fn is_watched() -> bool {
    WATCH.try_with(|_| ()).is_ok()
}
