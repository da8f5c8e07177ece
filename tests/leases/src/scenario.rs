//! The bounds within which the protocol is searched.

use crate::state::REVOKERS;
use crate::state::Revocation::{self, Never, Other, Session};

/// What may happen, and how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scenario {
    /// What it is about.
    pub name: &'static str,
    /// How many nodes there are.
    pub nodes: usize,
    /// What the revocations take away.
    pub revocations: [Revocation; REVOKERS],
    /// How many registrations a node can send.
    pub registrations: u8,
    /// Whether a call that a node gave up on may reach the store all the same.
    pub late: bool,
    /// Whether nodes die and leave.
    pub ends: bool,
    /// Whether the store has lost its last writes before it begins.
    pub lost: bool,
}

/// Together they have everything; each is small enough to be searched to the end.
pub const SCENARIOS: [Scenario; 4] = [
    Scenario {
        name: "one node, which loses messages, leaves, dies and comes back; the session is revoked after something else",
        nodes: 1,
        revocations: [Other, Session],
        registrations: 2,
        late: true,
        ends: true,
        lost: false,
    },
    Scenario {
        name: "one node; the session is revoked twice",
        nodes: 1,
        revocations: [Session, Session],
        registrations: 2,
        late: true,
        ends: true,
        lost: false,
    },
    Scenario {
        name: "two nodes, one revocation",
        nodes: 2,
        revocations: [Session, Never],
        registrations: 1,
        late: false,
        ends: false,
        lost: false,
    },
    Scenario {
        name: "one node, which has followed the log further than it goes; the session is revoked after something else",
        nodes: 1,
        revocations: [Other, Session],
        registrations: 2,
        late: true,
        ends: true,
        lost: true,
    },
];
