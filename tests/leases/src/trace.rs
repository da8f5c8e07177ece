//! What was found, to be read.

use std::fmt::Write as _;

use crate::state::State;
use crate::steps::Step;

/// One line a step, and what is true after it.
#[must_use]
pub fn readable(path: &[(State, Option<Step>)]) -> String {
    let mut text = String::new();
    for (number, ((_, step), (after, _))) in (1..).zip(path.iter().zip(path.iter().skip(1))) {
        let Some(step) = step else { continue };
        let _ = writeln!(text, "{number:>3}. {step:?}");
        for (number, node) in after.nodes.iter().enumerate() {
            let _ = writeln!(
                text,
                "       node {number}: lease {}, memory {}, applied {}",
                node.lease, node.memory, node.applied
            );
        }
    }
    text
}
