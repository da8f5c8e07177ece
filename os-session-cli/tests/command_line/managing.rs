//! Sessions and groups, of any store, and nodes that remember them.

use std::time::Duration;

use os_session::testing::Clock;
use os_session::{GroupSet, LeaseStore, LeasedStore, Store as _};
use os_session_tests::postgres::TestSchema;
use os_session_tests::redis::TestPrefix;

use crate::copying::copy;
use crate::filled::{MANY, filled, key, session};
use crate::run::{Named, run};

/// What is said of sessions and groups, of any store that has [`fill`]'s.
async fn assert_manages(store: &impl Named) {
    let listed = run(store, &["--json", "sessions", "list", "ann"]).await.json();
    let handles: Vec<_> =
        listed["sessions"].as_array().unwrap().iter().map(|session| session["handle"].clone()).collect();
    assert_eq!(handles, ["01000000000000ab", "02000000000000ab"]);
    assert_eq!(listed["sessions"][0]["device"], "Firefox on Linux");
    let ran = run(store, &["sessions", "list", "ann"]).await;
    assert!(
        ran.out.starts_with("01000000000000ab  opened 20") && ran.out.contains("Firefox on Linux\n"),
        "{}",
        ran.out
    );

    let close = ["--json", "sessions", "close", "ann", "01000000000000ab"];
    assert_eq!(run(store, &close).await.json()["closed"], 1);
    let again = run(store, &close).await;
    assert!(again.code == 3 && again.json()["closed"] == 0);
    assert_eq!(run(store, &["--json", "sessions", "close", "ann", "--all"]).await.json()["closed"], 1);
    assert_eq!(
        run(store, &["sessions", "close-everybody"]).await.out,
        "closed 0 sessions\n",
        "who is over is told of by a purge"
    );
    assert_eq!(run(store, &["--json", "sessions", "purge"]).await.json()["purged"], 1);

    assert_eq!(run(store, &["groups", "list"]).await.out, "nobody is in it\nstaff\n");
    assert_eq!(run(store, &["groups", "create", "new"]).await.code, 0);
    assert_eq!(run(store, &["groups", "add", "bob", "new"]).await.code, 0);
    assert_eq!(run(store, &["--json", "groups", "of", "bob"]).await.json()["groups"], serde_json::json!(["new"]));
    assert_eq!(run(store, &["groups", "remove", "bob", "new"]).await.code, 0);
    assert_eq!(run(store, &["groups", "of", "bob"]).await.out, "no group\n");
    let ran = run(store, &["groups", "add", "bob", "misspelt"]).await;
    assert!(ran.code == 3 && ran.out.contains("groups create"), "{:?}", ran.said());
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_and_groups_in_a_file() {
    let (file, _) = filled().await;
    assert_manages(&file).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_and_groups_in_postgresql() {
    let (file, _) = filled().await;
    let schema = TestSchema::new();
    copy(&file.path(), &schema).await;
    assert_manages(&schema).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_and_groups_in_redis() {
    let (file, _) = filled().await;
    let prefix = TestPrefix::new();
    copy(&file.path(), &prefix).await;
    assert_manages(&prefix).await;
}

/// A node that remembers admits nobody any more when the command has returned.
async fn assert_obeys_leases<S: LeaseStore>(store: S, named: &impl Named) {
    store.create_group("staff").await.unwrap();
    store.add_to_group(&"ann".into(), "staff").await.unwrap();
    store.insert(session(1, "ann"), MANY).await.unwrap();
    let node = LeasedStore::builder(store).lease(Duration::from_secs(5)).start().unwrap();
    while !node.holds_lease() {
        tokio::task::yield_now().await;
    }
    let admitted = node.find(&key(1)).await.unwrap().expect("a live session");
    assert_eq!(admitted.groups, ["staff"].iter().collect());
    assert!(node.find_now(&key(1)).is_some(), "it is remembered");

    assert_eq!(run(named, &["groups", "remove", "ann", "staff"]).await.code, 0);
    let admitted = node.find(&key(1)).await.unwrap().expect("still a live session");
    assert_eq!(admitted.groups, GroupSet::default());
    assert_eq!(run(named, &["sessions", "close", "ann", "--all"]).await.code, 0);
    assert_eq!(node.find(&key(1)).await.unwrap(), None);

    for number in 2..=4 {
        node.insert(session(number, "bob"), MANY).await.unwrap();
        assert!(node.find(&key(number)).await.unwrap().is_some() && node.find_now(&key(number)).is_some());
    }
    assert_eq!(run(named, &["--json", "sessions", "close-everybody"]).await.json()["closed"], 3);
    for number in 2..=4 {
        assert_eq!(node.find(&key(number)).await.unwrap(), None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_with_a_lease_on_postgresql_obeys() {
    let schema = TestSchema::new();
    assert_obeys_leases(schema.store(Clock::new()).await, &schema).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_with_a_lease_on_redis_obeys() {
    let prefix = TestPrefix::new();
    assert_obeys_leases(prefix.store(Clock::new()).await, &prefix).await;
}
