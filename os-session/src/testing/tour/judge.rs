//! What the server did, against what the rule says by the book: a reading of its own, since the guard's is on trial.

use std::collections::BTreeSet;

use axum::http::StatusCode;

use crate::declaration::{Connection, Declaration};
use crate::error::Denial;
use crate::expression::Expression;
use crate::guard::{Outcome, Seen};
use crate::testing::tour::Caller;

/// Says what is wrong with a decision.
pub(super) fn judge(
    rule: &'static Declaration,
    caller: &Caller,
    seen: &Seen,
    status: StatusCode,
    policies_may_answer: bool,
) -> Result<(), String> {
    let Some((decided, outcome)) = seen.decision else {
        return Err(format!("it never came to the rule, but was answered {status}"));
    };
    if !std::ptr::eq(decided, rule) {
        return Err(format!("it came to {}, whose rule is another", decided.place()));
    }
    let promised = promise(rule, caller, seen);
    match (outcome, promised) {
        (Outcome::Answered(_), _) if policies_may_answer => Ok(()),
        (Outcome::Answered(policy), _) => Err(format!(
            "the policy `{policy}` answered {status} instead of yes or no; `.param(…)` gives it something to find, or `.policies_may_answer()` \
             lets it"
        )),
        (Outcome::Failed, _) => Err(format!("there was no decision, but an error: {status}")),
        (_, None) => Err("it was decided though a policy had to be asked".to_owned()),
        (outcome, Some(promised)) if outcome != promised => {
            Err(format!("{} by the table, {} by the server", words(promised), words(outcome)))
        }
        (Outcome::Denied(_), _) if status.is_success() => Err(format!("refused, and answered {status}")),
        _ => Ok(()),
    }
}

fn words(outcome: Outcome) -> String {
    match outcome {
        Outcome::Admitted => "admitted".to_owned(),
        Outcome::Denied(denial) => format!("refused ({denial})"),
        Outcome::Answered(_) | Outcome::Failed => "undecided".to_owned(),
    }
}

/// `None` as long as a policy has to say more than it did.
fn promise(rule: &Declaration, caller: &Caller, seen: &Seen) -> Option<Outcome> {
    let (groups, stale) = match caller {
        Caller::User { groups, stale, .. } if rule.connection() != Connection::Ignored => (groups, *stale),
        _ if rule.requires_connection() => return Some(Outcome::Denied(Denial::NotConnected)),
        _ => return Some(Outcome::Admitted),
    };
    let denied = rule.denied().map_or(Some(false), |deny| holds(deny, groups, seen));
    let allowed = rule.allowed().map_or(Some(true), |allow| holds(allow, groups, seen));
    match (denied, allowed) {
        (Some(true), _) | (_, Some(false)) => Some(Outcome::Denied(Denial::PermissionDenied)),
        (Some(false), Some(true)) if stale => Some(Outcome::Denied(Denial::NotFresh)),
        (Some(false), Some(true)) => Some(Outcome::Admitted),
        _ => None,
    }
}

fn holds(expression: &Expression, groups: &BTreeSet<&'static str>, seen: &Seen) -> Option<bool> {
    let values = |parts: &[Expression]| parts.iter().map(|part| holds(part, groups, seen)).collect::<Vec<_>>();
    match expression {
        Expression::Group(group) => Some(groups.contains(group.name())),
        Expression::Policy(_, number) => seen.answers.of(*number),
        Expression::Not(inner) => holds(inner, groups, seen).map(|value| !value),
        Expression::All(parts) => match values(parts) {
            values if values.contains(&Some(false)) => Some(false),
            values => values.iter().all(Option::is_some).then_some(true),
        },
        Expression::Any(parts) => match values(parts) {
            values if values.contains(&Some(true)) => Some(true),
            values => values.iter().all(Option::is_some).then_some(false),
        },
    }
}
