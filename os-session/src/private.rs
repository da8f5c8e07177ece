//! What generated code needs and nobody else: no part of the API.

pub use inventory;

pub use crate::declaration::{Declaration, Place, Registered, StateType};
pub use crate::deny::{BoxFuture, Denied, DenyFun, deny};
pub use crate::expression::{Expression, Group};
pub use crate::guard::{Admitted, Declared, Refusal, Rule};
pub use crate::hook::{EventKind, Hook, HookFuture, HookInput, HookOutcome, HookParam, RunHook, event};
pub use crate::policy::{AskPolicy, Policy, PolicyAnswer, PolicyOutcome, PolicyParameter, Taker, asked, take, taker};
pub use crate::rpc::{FromRefusal, caller, caller_opt, refuse, refuse_with, wrapper};
pub use crate::slot::registry::RegisteredSlot;
pub use axum::http::request::Parts;
pub use axum::response::Response;

pub use crate::group::GroupName;
pub use std::string::String;

/// What a path in a rule leads to.
pub fn group_name<G: GroupName>(group: &G) -> &'static str {
    group.group_name()
}
