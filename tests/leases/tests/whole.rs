//! The protocol is safe in every state, and the search has seen what it is for.

use std::collections::BTreeSet;

use os_session_leases::{Look, Model, POSSIBLE, Protocol, SCENARIOS, trace};

/// Searches one of the scenarios, and says what came about in it.
fn safe(look: Look, scenario: usize) -> BTreeSet<&'static str> {
    let found = Model::new(Protocol::whole(look), SCENARIOS[scenario]).search();
    if let Some(path) = found.counterexample {
        panic!("{look:?}, {}\n{}", SCENARIOS[scenario].name, trace::readable(&path));
    }
    found.possible
}

#[test]
fn one_node_with_every_fault() {
    assert_eq!(safe(Look::InTransaction, 0), POSSIBLE.map(|(name, _)| name).into());
}

#[test]
fn one_node_with_every_fault_and_a_look_after_the_commit() {
    assert_eq!(safe(Look::AfterCommit, 0), POSSIBLE.map(|(name, _)| name).into());
}

#[test]
fn the_session_is_revoked_twice() {
    assert!(safe(Look::InTransaction, 1).contains("a revocation returns because every node has applied it"));
    assert!(safe(Look::AfterCommit, 1).contains("a revocation returns because every node has applied it"));
}

#[test]
fn two_nodes() {
    assert!(safe(Look::InTransaction, 2).contains("a revocation returns because every node has applied it"));
}

#[test]
fn a_store_that_has_lost_its_last_writes() {
    for look in [Look::InTransaction, Look::AfterCommit] {
        let possible = safe(look, 3);
        for name in ["a revocation returns because the time passed", "a request is admitted from memory"] {
            assert!(possible.contains(name), "{look:?}: {name}");
        }
    }
}
