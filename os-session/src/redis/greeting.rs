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
            "this Redis is a replica, which can revoke nothing and knows what was true a while ago: name the primary"
        }
        _ => return None,
    };
    Some(refused.to_owned())
}

/// One line in the log if the server throws keys away when its memory is full. It may not say.
pub(super) async fn warn_of_eviction(link: &mut Link) {
    if let Some(advice) = of_eviction(&said_of(link, "memory").await) {
        tracing::warn!("{advice}");
    }
}

/// What to change in the settings of the server. It need not say them all.
pub(super) async fn advice(link: &mut Link) -> Vec<String> {
    let (memory, persistence) = (said_of(link, "memory").await, said_of(link, "persistence").await);
    let replication = said_of(link, "replication").await;
    [of_eviction(&memory), of_persistence(&persistence), of_replication(&replication)].into_iter().flatten().collect()
}

/// A part of what the server says of itself.
async fn said_of(link: &mut Link, part: &str) -> String {
    let said = link.ask_any(cmd("INFO").arg(part)).await;
    said.ok().and_then(|said| String::from_redis_value(said).ok()).unwrap_or_default()
}

fn field<'a>(said: &'a str, name: &str) -> &'a str {
    said.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).unwrap_or_default()
}

fn of_eviction(said: &str) -> Option<String> {
    let (policy, most) = (field(said, "maxmemory_policy"), field(said, "maxmemory"));
    (policy.starts_with("allkeys-") && most != "0").then(|| {
        format!(
            "Redis throws keys away when its memory is full (maxmemory-policy {policy}), sessions and groups among them: \
             users are logged out at random, and whoever is in a group that is denied may not be any more; say `noeviction`"
        )
    })
}

fn of_persistence(said: &str) -> Option<String> {
    (field(said, "aof_enabled") == "0").then(|| {
        "Redis keeps no log of its writes (appendonly no): a restart brings back what the last snapshot had, sessions that were closed since among it, or \
         nothing; say `appendonly yes`, and `appendfsync always` if a crash may take no log-out back"
            .to_owned()
    })
}

fn of_replication(said: &str) -> Option<String> {
    matches!(field(said, "connected_slaves"), count if !matches!(count, "" | "0")).then(|| {
        "Redis has replicas, which follow asynchronously: one that is promoted may bring revoked sessions back; start the primary again instead, or log \
         everybody out"
            .to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_be_forgotten_is_told() {
        assert_eq!(of_eviction("maxmemory:0\r\nmaxmemory_policy:allkeys-lru\r\n"), None, "it is never full");
        assert!(of_eviction("maxmemory:9\nmaxmemory_policy:allkeys-lru\n").unwrap().contains("allkeys-lru"));
        assert_eq!(of_persistence("aof_enabled:1\n"), None);
        assert!(of_persistence("aof_enabled:0\n").unwrap().contains("appendonly"));
        assert_eq!(of_replication("role:master\nconnected_slaves:0\n"), None);
        assert!(of_replication("connected_slaves:2\n").unwrap().contains("promoted"));
        assert_eq!((of_persistence(""), of_replication("")), (None, None), "a server that does not say");
    }

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
