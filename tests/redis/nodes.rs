//! Two nodes over one server, at the same moment.

use os_session::testing::Clock;
use os_session::{Authenticated, Rotation, Store as _};
use os_session_tests::redis::{TestPrefix, ask};

use crate::tomorrow::{DAY, Tomorrow};
use crate::{LIMIT, key, rotation, session, slot, value};

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

/// Here the clocks of node and server are one. So the answers are changed on their way, and what is asked is looked at.
#[tokio::test]
async fn the_time_is_the_servers() {
    let prefix = TestPrefix::new();
    let tomorrow = Tomorrow::before(&prefix.url).await;
    let (store, there) = (prefix.store(Clock::new()).await, prefix.store_at(&tomorrow.url(), Clock::new()).await);
    store.insert(session("alice", 1).await, LIMIT).await.unwrap();
    let mut connection = prefix.connection();
    let mut now = || {
        let (seconds, micros): (u64, u64) = ask(&mut connection, &[b"TIME"]);
        seconds * 1000 + micros / 1000
    };
    let before = now();
    let (today, found) = (store.find(&key(1)).await.unwrap().unwrap(), there.find(&key(1)).await.unwrap().unwrap());
    let after = now();
    assert!((before..=after).contains(&today.now.as_millis()));
    assert!((before + DAY..=after + DAY).contains(&found.now.as_millis()), "what the server says counts");
    for (today, found) in [
        (today.opened, found.opened),
        (today.seen, found.seen),
        (today.authenticated, found.authenticated),
        (today.ends, found.ends),
        (today.expires, found.expires),
    ] {
        assert_eq!(found.as_millis() - today.as_millis(), DAY);
    }
    let listed = there.list(&"alice".into()).await.unwrap();
    assert_eq!((listed[0].opened, listed[0].seen), (found.opened, found.seen));

    assert!(there.touch(&key(1)).await.unwrap());
    let rotation = Rotation { authenticated: Authenticated::Now, ..rotation(1, 2) };
    assert!(there.rotate(rotation).await.unwrap());
    there.write_slot(&slot(&key(2)), value("a value")).await.unwrap();
    there.slot(&slot(&key(2))).await.unwrap();
    there.purge(10).await.unwrap();
    there.close(&key(2)).await.unwrap();
    assert_eq!(tomorrow.moments_asked(), [0; 0], "no node says what time it is");
    // But how late a log-in may be, by what the server said when they met.
    there.insert(session("alice", 3).await, LIMIT).await.unwrap();
    assert_eq!(tomorrow.moments_asked().len(), 1);
}
