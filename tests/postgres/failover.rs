//! The primary is gone, and its standby takes over: what was revoked stays so.

use std::time::Duration;

use os_session::testing::Clock;
use os_session::{Found, LeaseStore, LeasedStore, Store};
use os_session_tests::cluster::Cluster;
use os_session_tests::postgres::TestSchema;

use crate::{LIMIT, key, session};

/// A primary whose commits wait for its standby, as the documentation asks.
fn pair() -> (Cluster, Cluster, String) {
    let primary = Cluster::start();
    let standby = primary.standby();
    let hosts = format!("127.0.0.1:{},127.0.0.1:{}", primary.port(), standby.port());
    (primary, standby, format!("postgres://postgres@{hosts}/postgres"))
}

/// The answer once there is one: an error is none, and admits nobody.
async fn found(store: &impl Store, number: u8) -> Option<Found> {
    for _ in 0..600 {
        if let Ok(found) = store.find(&key(number)).await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the standby that was promoted does not answer");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_that_is_promoted_brings_nobody_back() {
    let (primary, standby, url) = pair();
    let schema = TestSchema::at(standby.url());
    let strict = schema.builder().deadline(Duration::from_secs(1)).connect(&url).await.unwrap();
    let lease = Duration::from_secs(1);
    let leased = LeasedStore::builder(strict.clone()).lease(lease).start().unwrap();

    let refused = schema.builder().connect(&standby.url()).await.unwrap_err().to_string();
    assert!(refused.contains("name the primary"), "{refused}");

    for number in 1..=3 {
        strict.insert(session("alice", number).await, LIMIT).await.unwrap();
        assert!(found(&leased, number).await.is_some());
    }
    strict.close(&key(1)).await.unwrap().expect("it was there");
    primary.kill();
    standby.promote();

    assert_eq!(found(&strict, 1).await, None, "the log-out had returned");
    assert!(found(&strict, 2).await.is_some(), "and nobody else is logged out");
    assert_eq!(found(&leased, 1).await, None);
    while !leased.holds_lease() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(found(&leased, 2).await.is_some() && leased.find_now(&key(2)).is_some(), "it is remembered again");
    strict.close(&key(2)).await.unwrap().expect("it was there");
    assert_eq!(found(&leased, 2).await, None, "the log went over with the sessions");
    assert!(strict.nodes_behind(0).await.is_ok());
}

/// What a release did that knew of no log: it deleted the row.
#[tokio::test]
async fn a_log_out_by_an_older_release_reaches_nodes_that_remember() {
    let schema = TestSchema::new();
    let store = schema.store(Clock::new()).await;
    let leased = LeasedStore::builder(store.clone()).lease(Duration::from_millis(300)).start().unwrap();
    store.insert(session("alice", 1).await, LIMIT).await.unwrap();
    while !leased.holds_lease() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert!(found(&leased, 1).await.is_some() && leased.find_now(&key(1)).is_some());

    schema.client().await.execute("delete from session", &[]).await.unwrap();
    // That release waited for nobody. The node learns of it when it next renews its lease.
    let renewals = leased.renewals();
    while leased.renewals() < renewals + 2 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(found(&leased, 1).await, None);
}

/// A release that waits for no node may not start where nodes remember.
#[tokio::test]
async fn the_first_node_that_remembers_shuts_older_releases_out() {
    let schema = TestSchema::new();
    let store = schema.store(Clock::new()).await;
    let client = schema.client().await;
    let oldest = "select compatible_from from migration order by version desc limit 1";
    let oldest = async || client.query_one(oldest, &[]).await.unwrap().get::<_, i32>(0);
    assert_eq!(oldest().await, 1);
    store.join_leases("a", Duration::from_secs(1)).await.unwrap();
    assert_eq!(oldest().await, 4, "the version that brought the log");
    store.leave_leases("a").await.unwrap();
    schema.store(Clock::new()).await;
}
