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

    let is_one = matches!(link, Link::One(_));
    match refusal(&text("server"), &text("version"), &text("mode"), &text("role"), is_one) {
        Some(refused) => Err(StoreError::new(refused)),
        None => Ok(()),
    }
}

fn refusal(server: &str, version: &str, mode: &str, role: &str, is_one: bool) -> Option<String> {
    let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
    // Valkey began with 7.2.
    if server == "redis" && major.is_some_and(|major| major < OLDEST) {
        return Some(format!("sessions need Redis {OLDEST} or newer, and this is {version}"));
    }
    let refused = match mode {
        "sentinel" => "this is a Sentinel and no Redis: name the primary, by an address that follows it",
        "cluster" if is_one => {
            "this Redis is a node of a cluster: connect with `connect_cluster`, and name several of its nodes"
        }
        _ if is_one && role != "master" => {
            "this Redis is a replica, whose data may be stale and which can revoke nothing: name the primary"
        }
        _ => return None,
    };
    Some(refused.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_server_and_what_is_none_are_refused() {
        let said = |server, version, mode, role| refusal(server, version, mode, role, true).unwrap_or_default();
        assert!(said("redis", "6.2.14", "standalone", "master").contains("Redis 7 or newer, and this is 6.2.14"));
        assert!(said("redis", "7.0.15", "sentinel", "sentinel").contains("Sentinel"));
        assert!(said("redis", "7.0.15", "cluster", "master").contains("connect_cluster"));
        assert!(said("redis", "7.0.15", "standalone", "replica").contains("replica"));
        for (server, version) in [("redis", "7.0.0"), ("redis", "10.1.2"), ("valkey", "8.1.0"), ("valkey", "7.2.4")] {
            assert_eq!(said(server, version, "standalone", "master"), "", "{server} {version}");
        }
        assert_eq!(
            refusal("redis", "7.0.15", "cluster", "replica", false),
            None,
            "of a cluster any node is asked first"
        );
    }
}
