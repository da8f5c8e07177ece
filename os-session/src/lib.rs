//! Sessions and access control for axum, declared where they apply.

#![forbid(unsafe_code)]

// The attributes name this crate absolutely, in its own tests as well.
#[allow(unused_extern_crates, reason = "the lint does not see what attributes generate")]
extern crate self as os_session;

// Bottom-up: a file uses those above it. `sessions` and what it is made of know each other.
mod access;
mod account;
mod builder;
mod clock;
mod config;
mod context;
mod cookie;
mod cross_site;
mod declaration;
mod deny;
mod device;
mod error;
mod extract;
mod group;
mod groups;
mod guard;
mod hook;
mod lifecycle;
mod memory;
mod request;
mod respond;
mod return_to;
pub mod routing;
mod rpc;
mod sessions;
mod store;
mod tasks;
pub mod testing;
mod token;
mod user;
mod visit;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

pub use crate::access::{AccessRow, AccessTable, access_table};
pub use crate::account::{FromUser, User};
pub use crate::builder::SessionsBuilder;
pub use crate::context::Session;
pub use crate::error::{Denial, Error, HookFailure};
pub use crate::group::GroupName;
pub use crate::groups::{CachedGroups, GroupNames, Groups};
pub use crate::hook::{CloseReason, Extract, HookInfo, hooks};
pub use crate::lifecycle::{Connect, DisconnectAll, DisconnectAllOf};
pub use crate::memory::MemoryStore;
pub use crate::return_to::ReturnTo;
pub use crate::sessions::{SessionInfo, Sessions, StoredGroups};
pub use crate::store::{
    Authenticated, End, Ended, Found, GroupSet, Inserted, InvalidHandle, Limit, Listed, NewSession, Rotation,
    SessionHandle, SessionKey, Store, StoreError, Timestamp, WhenFull,
};
pub use crate::user::{InvalidUserId, UserId};
pub use crate::visit::{SessionsLayer, SessionsService};
pub use axum::BoxError;

pub use os_session_macros::{
    connected, connected_rpc, connected_wrapper, on_connected_request, on_denied_request, on_open_session,
    on_post_close_session, on_pre_close_session, on_request, on_resume_session, on_start_connected_process,
    on_start_process, on_start_unconnected_process, on_unconnected_request, public,
};
