//! What a request costs, beside plain axum and beside a floor written by hand.
//!
//! One table answers four questions for every implementation: how many instructions a request takes,
//! how often and how much it allocates, how long it lasts, and what a stored session weighs.
//!
//! | module | what is in it |
//! |---|---|
//! | [`plain`] | axum alone: what any answer costs before a session enters |
//! | [`floor`] | a protected request written by hand for one application: the least that is possible |
//! | [`mod@os_session`] | the same routes declared with `#[connected]` and `#[public]` |
//! | [`harness`] | the request, the loop, callgrind, the table: the same for all, the peers' package included |
//! | [`allocator`] | the counting allocator |
//!
//! # Why it is fair
//! - Every implementation answers the same request with the same text, in its own router, in process, by the calls
//!   that `axum::serve` makes: the router is cloned, called, and the body read to its end. Network and HTTP parsing are absent.
//! - The request is that of a browser: nine header fields, and a `Cookie` with two strangers before the session's.
//!   What it costs to make the request is measured too (the case `request`) and taken off every other figure.
//! - Instructions are the difference between a run of 2 n and a run of n requests, so that start-up and log-in cancel out.
//!   Valgrind shows a processor without SHA extensions: SHA-256 runs in software there, in the floor as in the rest.
//! - Times are the best of rounds in which the cases take turns, so that a busy machine slows them alike.
//! - Stored sessions are counted by the allocator, and as growth of the resident set, in a process of their own.

pub mod allocator;
pub mod floor;
pub mod harness;
pub mod os_session;
pub mod plain;

use harness::{Case, Shape};

/// Everything that is measured here; the peers' package adds its own.
#[must_use]
pub fn cases() -> Vec<Case> {
    vec![
        Case::new("request", Shape::Nothing, plain::app),
        Case::new("plain", Shape::Protected, plain::app),
        Case::new("floor", Shape::Protected, floor::app).holding(floor::fill),
        Case::new("os-session", Shape::Protected, os_session::app).holding(os_session::fill),
        Case::new("os-session-asked", Shape::Protected, os_session::asked),
        Case::new("os-session-cached", Shape::Protected, os_session::cached),
        Case::new("plain-public", Shape::Public, plain::app),
        Case::new("os-session-public", Shape::Public, os_session::app),
    ]
}
