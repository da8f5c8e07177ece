//! Every state of the protocol behind leased mode, searched for a request that is admitted too late.
//!
//! In leased mode a node admits requests from its memory as long as it holds a lease, and a log-out that has *returned* is known to hold on every node. What makes that true is a handful of rules
//! between a store, nodes and those who revoke ([`protocol`]). Here they are written down as states ([`state`]) and steps ([`steps`]: which are possible is in `possible.rs`, what they do in `after.rs`),
//! without a network or a database, and a search goes through every order in which the steps can happen, within bounds ([`scenario`]): messages are late or lost, processes stop for a while or die anywhere, clocks drift.
//!
//! What is never modelled needs no rule of its own:
//! * a process that is *paused* is one that takes no step while time passes, and everybody may do that between any two steps;
//! * a *nudge* only makes a renewal come sooner, and a renewal may come at any time;
//! * a revoker *on a node* shares that node's clock and its fate: it can do nothing that a revoker of its own could not;
//! * an answer to a *commit* that comes late only makes the revoker wait from a later moment, and return later, which it may do anyway.
//!
//! `cargo run -p os-session-leases` counts the states; `cargo run -p os-session-leases 3` shows what happens without the third of [`Part::ALL`].

pub mod protocol;
pub mod state;
pub mod scenario;
pub mod steps;
mod tidy;
mod possible;
mod after;
mod search;
pub mod trace;

pub use self::protocol::{Look, Part, Protocol};
pub use self::scenario::{SCENARIOS, Scenario};
pub use self::search::{Model, POSSIBLE, Searched};
