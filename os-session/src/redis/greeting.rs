//! What a server says of itself, and whether sessions can be kept there.

use std::collections::HashMap;

use redis::{FromRedisValue as _, Value, cmd};

use super::failure;
use super::link::Link;
use crate::store::StoreError;

/// The oldest version whose scripts say on which servers they may run.
const OLDEST: u32 = 7;

/// An error if this is no server that can keep sessions.
pub(super) async fn check(link: &mut Link) -> Result<(), StoreError> {
    let said = link.ask_any(&cmd("HELLO")).await.map_err(|error| failure::failed(&error))?;
    let said = HashMap::<String, Value>::from_redis_value(said).map_err(StoreError::new)?;
    let text =
        |name: &str| said.get(name).and_then(|value| String::from_redis_value_ref(value).ok()).unwrap_or_default();

    let (server, version) = (text("server"), text("version"));
    let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
    // Valkey began with 7.2.
    if server == "redis" && major.is_some_and(|major| major < OLDEST) {
        return Err(StoreError::new(format!("sessions need Redis {OLDEST} or newer, and this is {version}")));
    }
    let refused = match (text("mode").as_str(), link) {
        ("sentinel", _) => "this is a Sentinel and no Redis: name the primary, by an address that follows it",
        ("cluster", Link::One(_)) => {
            "this Redis is a node of a cluster: connect with `connect_cluster`, and name several of its nodes"
        }
        (_, Link::One(_)) if text("role") != "master" => {
            "this Redis is a replica, which can revoke nothing and knows what was true a while ago: name the primary"
        }
        _ => return Ok(()),
    };
    Err(StoreError::new(refused))
}

/// One line in the log if the server throws keys away when its memory is full. It may not say.
pub(super) async fn warn_of_eviction(link: &mut Link) {
    let Ok(said) = link.ask_any(cmd("INFO").arg("memory")).await else { return };
    let Ok(said) = String::from_redis_value(said) else { return };
    let field =
        |name: &str| said.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).unwrap_or_default();
    let (policy, most) = (field("maxmemory_policy"), field("maxmemory"));
    if policy.starts_with("allkeys-") && most != "0" {
        tracing::warn!(
            "Redis throws keys away when its memory is full (maxmemory-policy {policy}), sessions and groups among them: \
             users are logged out at random, and whoever is in a group that is denied may not be any more; say `noeviction`"
        );
    }
}
