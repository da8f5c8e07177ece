#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

// The attributes name this crate absolutely, in its own tests as well.
#[allow(unused_extern_crates, reason = "the lint does not see what attributes generate")]
extern crate self as os_session;

// The reading order. A file uses those above it; only `context`, `sessions` and `hook`, which are parts of one thing, know each other.
mod attributes;
mod user;
mod token;
mod clock;
mod expression;
mod declaration;
mod group;
mod one_line;
mod error;
mod application;
mod handle;
mod slots;
mod change;
mod store;
#[cfg(any(feature = "postgres", feature = "sqlite-unbundled"))]
mod schema_state;
#[cfg(any(feature = "postgres", feature = "redis", feature = "sqlite-unbundled"))]
mod transfer;
mod lease_clock;
mod lease;
mod leased;
mod memory;
#[cfg(any(feature = "postgres", feature = "redis"))]
mod heartbeat;
#[cfg(any(feature = "postgres", feature = "redis", feature = "sqlite-unbundled"))]
mod log_once;
#[cfg(feature = "sqlite-unbundled")]
mod sqlite;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "redis")]
mod redis;
mod groups;
mod cookie;
mod device;
mod web_origin;
mod request;
mod return_to;
mod cross_site;
mod config;
mod tasks;
pub mod scope;
mod lately;
mod renewed;
mod slot;
mod process;
mod awaited;
mod shown;
mod sessions;
mod context;
mod account;
mod hook;
mod deny;
mod policy;
mod respond;
mod lifecycle;
mod guard;
mod rpc;
mod look;
mod heard;
mod groups_changed;
mod closed;
mod ambient;
mod extract;
mod visit;
mod access;
mod builder;
pub mod routing;
mod live;
mod explain;
pub mod testing;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

pub use crate::attributes::*;

pub use crate::access::{AccessRow, AccessTable, HandlerKind, access_table};
pub use crate::account::{FromUser, User};
pub use crate::ambient::spawn;
pub use crate::builder::SessionsBuilder;
pub use crate::context::Session;
pub use crate::deny::{DenyFn, DenyParam, WantsHtml};
pub use crate::error::{Denial, Error, FunctionError, HookError, HookFailure, NoSuchGroup, SlotError, SlotFailure};
pub use crate::explain::{ByName, Explanation, NamesHandler};
pub use crate::group::GroupName;
pub use crate::groups::{CachedGroups, GroupNames, Groups};
pub use crate::groups_changed::GroupsChanged;
pub use crate::hook::{CloseReason, Extract, HookInfo, HookOutcome, HookParam, event, hooks};
pub use crate::lease::{LeaseStore, NodeBehind, Renewal, until_applied};
pub use crate::leased::{LeasedBuilder, LeasedStore};
pub use crate::lifecycle::{Connect, DisconnectAll, DisconnectAllOf};
pub use crate::memory::MemoryStore;
#[cfg(feature = "postgres")]
pub use crate::postgres::{PostgresBuilder, PostgresStore};
pub use crate::process::{Process, ProcessId};
#[cfg(feature = "redis")]
pub use crate::redis::{RedisBuilder, RedisStore};
pub use crate::return_to::ReturnTo;
pub use crate::rpc::FromRefusal;
#[cfg(any(feature = "postgres", feature = "sqlite-unbundled"))]
pub use crate::schema_state::SchemaState;
pub use crate::sessions::{SessionInfo, Sessions, StoredGroups};
pub use crate::slot::{Slot, Storable};
#[cfg(feature = "sqlite-unbundled")]
pub use crate::sqlite::{Export, SqliteBuilder, SqliteStore};
pub use crate::store::{
    Authenticated, BrowserKey, Change, End, Ended, Expected, Found, GroupSet, Inserted, InvalidHandle, Limit, Listed,
    Listener, NewBrowser, NewSession, News, Rotation, SessionHandle, SessionKey, SlotKey, SlotLimits, SlotOwner,
    SlotValue, SlotWrite, SlotWritten, Store, StoreError, TabKey, Timestamp, WhenFull,
};
#[cfg(any(feature = "postgres", feature = "redis", feature = "sqlite-unbundled"))]
pub use crate::transfer::{Record, RecordCounts, SessionRecord};
pub use crate::user::{InvalidUserId, UserId};
pub use crate::visit::{SessionsLayer, SessionsService};
pub use axum::BoxError;
