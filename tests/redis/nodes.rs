//! Two nodes over one server, at the same moment.

use std::time::Duration;

use os_session::Store as _;
use os_session::testing::Clock;
use os_session_tests::redis::{TestPrefix, ask};

use crate::{LIMIT, key, session};

#[tokio::test]
async fn two_prefixes_know_nothing_of_each_other() {
    let (one, other) = (TestPrefix::new(), TestPrefix::new());
    let (here, there) = (one.store(Clock::new()).await, other.store(Clock::new()).await);
    here.insert(session("alice", 1).await, LIMIT).await.unwrap();
    here.create_group("staff").await.unwrap();
    assert_eq!(there.find(&key(1)).await.unwrap(), None);
    assert_eq!(there.all_groups().await.unwrap(), [""; 0]);
    assert_eq!(there.close_all(&"alice".into(), None).await.unwrap(), []);
    assert!(here.find(&key(1)).await.unwrap().is_some());
}

/// Both nodes were told another time, and it is the server's that counts.
#[tokio::test]
async fn the_time_is_the_servers() {
    let prefix = TestPrefix::new();
    let (one, other) = (prefix.store(Clock::new()).await, prefix.store(Clock::new()).await);
    one.insert(session("alice", 1).await, LIMIT).await.unwrap();
    let mut connection = prefix.connection();
    let mut now = || {
        let (seconds, micros): (u64, u64) = ask(&mut connection, &[b"TIME"]);
        seconds * 1000 + micros / 1000
    };
    let before = now();
    let found = other.find(&key(1)).await.unwrap().unwrap();
    let after = now();
    assert!((before..=after).contains(&found.now.as_millis()));
    assert!(found.opened <= found.now && found.now.since(found.opened) < Duration::from_mins(1));
}
