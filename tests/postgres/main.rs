//! The store in PostgreSQL, against a real server.

mod addresses;
mod changes;
mod failover;
mod failures;
mod laws;
mod locks;
mod lost_writes;
mod migrating;
mod nodes;
mod rows;
mod secrets;
mod values;
#[path = "../shared/changes.rs"]
mod shared_changes;
#[path = "../shared/leases.rs"]
mod shared_leases;
#[path = "../shared/nodes.rs"]
mod shared_nodes;
#[path = "../shared/wire.rs"]
mod shared_wire;
#[path = "../shared/site.rs"]
mod site;

pub(crate) use os_session_tests::numbered::*;
/// What is the same over each shared store makes places of this kind.
pub(crate) use os_session_tests::postgres::TestSchema as Place;
