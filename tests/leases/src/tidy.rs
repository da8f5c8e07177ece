//! States that differ in nothing that matters are one, so that there are finitely many however often a node renews.

use crate::protocol::{LEASE, Part};
use crate::state::{Entry, Node, REGISTRATIONS, Request, State};
use crate::steps::Steps;

impl Steps {
    /// Takes away what does not matter.
    pub(crate) fn tidy(&self, state: &mut State) {
        for (number, node) in state.nodes.iter_mut().enumerate() {
            // The drift is counted for each lease.
            if !counts(node) {
                node.steady = 0;
            }
            if node.registration.is_none() {
                node.applied = 0;
            }
            // A read that can be neither kept nor joined only answers the request that sent it.
            if node.read.is_some_and(|read| !read.too_late && !self.may_keep(read) && !self.may_join_ever(read)) {
                node.read = None;
            }
            // A late call about an entry that is gone changes nothing.
            if let Some(Request::Renew { registration, .. } | Request::Leave { registration }) = node.late {
                let gone = !matches!(state.store.list[number][usize::from(registration)], Entry::On { .. });
                if gone && self.protocol.has(Part::RegistrationsDiffer) {
                    node.late = None;
                }
            }
        }
        // Of a number of renewals only matters whether it is still the one that was seen, unless numbers can come back.
        if !self.protocol.has(Part::RegistrationsDiffer) {
            return;
        }
        for (number, entry) in state.store.list.iter_mut().flatten().enumerate() {
            for revoker in &mut state.revokers {
                let seen = &mut revoker.seen[number / REGISTRATIONS][number % REGISTRATIONS];
                *seen = match (*seen, *entry) {
                    (Some(seen), Entry::On { renewals, .. })
                        if seen == renewals || !self.protocol.has(Part::RenewalsCompared) =>
                    {
                        Some(0)
                    }
                    _ => None,
                };
            }
            if let Entry::On { renewals, .. } = entry {
                *renewals = 0;
            }
        }
    }
}

/// Whether a node's clock matters to it.
pub(crate) fn counts(node: &Node) -> bool {
    node.lease > 0 || node.call.as_ref().is_some_and(|call| call.age < LEASE)
}
