//! What was found, to be read.

use std::fmt::Write as _;

use crate::state::State;
use crate::steps::Step;

/// One line a step, and what it changed at the nodes.
#[must_use]
pub fn readable(path: &[(State, Option<Step>)]) -> String {
    let mut text = String::new();
    for (number, ((before, step), (after, _))) in (1..).zip(path.iter().zip(path.iter().skip(1))) {
        let Some(step) = step else { continue };
        let _ = writeln!(text, "{number:>3}. {step}");
        for ((before, node), name) in before.nodes.iter().zip(&after.nodes).zip(0..) {
            if (before.lease, before.memory, before.applied) != (node.lease, node.memory, node.applied) {
                let memory = if node.memory { "holds the session" } else { "is empty" };
                let _ = writeln!(
                    text,
                    "       node {name}: {} ticks of lease left, memory {memory}, applied {}",
                    node.lease, node.applied
                );
            }
        }
    }
    if let Some((last, _)) = path.last()
        && last.is_unsafe()
    {
        let _ = writeln!(text, "     A request that begins now, or began after the revocation returned, is admitted.");
    }
    text
}
