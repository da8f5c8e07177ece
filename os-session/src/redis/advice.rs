//! What to change in the settings of a server.

use std::collections::HashMap;

use redis::{FromRedisValue as _, cmd};

use super::link::Link;

/// One line in the log if the server throws keys away when its memory is full. It may not say.
pub(super) async fn warn_of_eviction(link: &mut Link) {
    if let Some(advice) = of_eviction(&said_of(link, "memory").await) {
        tracing::warn!("{advice}");
    }
}

/// What to change in the settings of the server. It need not say them all.
pub(super) async fn of(link: &mut Link) -> Vec<String> {
    let (memory, persistence) = (said_of(link, "memory").await, said_of(link, "persistence").await);
    let replication = said_of(link, "replication").await;
    let fsync = fsync(link).await;
    let persistence = of_persistence(&persistence).or_else(|| of_fsync(fsync.as_deref()));
    [of_eviction(&memory), persistence, of_replication(&replication)].into_iter().flatten().collect()
}

/// A part of what the server says of itself.
async fn said_of(link: &mut Link, part: &str) -> String {
    let said = link.ask_any(cmd("INFO").arg(part)).await;
    said.ok().and_then(|said| String::from_redis_value(said).ok()).unwrap_or_default()
}

/// When the server writes its log to the disk, if the user may ask.
async fn fsync(link: &mut Link) -> Option<String> {
    let said = link.ask_any(cmd("CONFIG").arg("GET").arg("appendfsync")).await.ok()?;
    HashMap::<String, String>::from_redis_value(said).ok()?.remove("appendfsync")
}

fn field<'a>(said: &'a str, name: &str) -> &'a str {
    said.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).unwrap_or_default()
}

/// The policy by which the server throws keys away when its memory is full, if it does.
pub(super) async fn eviction(link: &mut Link) -> Option<String> {
    policy(&said_of(link, "memory").await).map(str::to_owned)
}

fn policy(said: &str) -> Option<&str> {
    let (policy, most) = (field(said, "maxmemory_policy"), field(said, "maxmemory"));
    (policy.starts_with("allkeys-") && most != "0").then_some(policy)
}

fn of_eviction(said: &str) -> Option<String> {
    policy(said).map(|policy| {
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

fn of_fsync(fsync: Option<&str>) -> Option<String> {
    matches!(fsync, Some("everysec" | "no")).then(|| {
        "Redis writes its log to the disk a second after what it has answered, or later (appendfsync): a crash of the machine brings back sessions \
         that were closed in between; say `appendfsync always`, or log everybody out after one"
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
        assert!(of_fsync(Some("everysec")).unwrap().contains("appendfsync always"));
        assert_eq!((of_fsync(Some("always")), of_fsync(None)), (None, None));
        assert_eq!(of_replication("role:master\nconnected_slaves:0\n"), None);
        assert!(of_replication("connected_slaves:2\n").unwrap().contains("promoted"));
        assert_eq!((of_persistence(""), of_replication("")), (None, None), "a server that does not say");
    }
}
