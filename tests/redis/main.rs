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
mod tomorrow;
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
pub(crate) fn rights() -> impl Iterator<Item = &'static [u8]> {
    let documentation = include_str!("../../os-session/src/redis.rs");
    let (_, rights) = documentation.split_once("ACL SETUSER app on >secret ").expect("it is documented");
    rights.lines().next().into_iter().flat_map(|line| line.split(' ')).map(str::as_bytes)
}
