//! The store in Redis, against real servers.

mod cluster;
mod failures;
mod laws;
mod lost_writes;
mod nodes;
mod opening;
mod orphans;
mod records;
mod secrets;
mod values;
mod scripts;
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
pub(crate) use os_session_tests::redis::TestPrefix as Place;

/// What the documentation of the store says that a user of the server needs.
pub(crate) const RIGHTS: &str = "~{os_session}:* &{os_session}:* +evalsha +eval +script|load +time +info +publish +subscribe +incr +@hash +@set +@sortedset +exists +rename +del +get +set";
