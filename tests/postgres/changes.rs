//! Changes that this store does not tell, or not take.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use os_session::routing::{Router, get};
use os_session::testing::{Browser, Clock};
use os_session::{Groups as _, LeasedStore, Sessions, UserId};
use os_session_tests::postgres::TestSchema;
use tokio::sync::mpsc::unbounded_channel;
use tokio::time::timeout;

use crate::shared_changes::watch;
use crate::site::node;

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_is_heard_open_streams_ask_every_second() {
    let schema = TestSchema::new();
    let (one, _) = node(&schema.store(Clock::new()).await, |builder| builder).await;
    let store = schema.builder().max_connections(2).connect(&schema.url).await.unwrap();
    let other = Sessions::builder().store(store).build().await.unwrap();
    let (told, mut tells) = unbounded_channel::<()>();
    let router = Router::new().route("/watch", get(watch)).layer(axum::Extension(told));
    let app = router.with_sessions(&other).unwrap();
    let mut alice = Browser::connected(&app, &other, "alice").await.unwrap();
    alice.get("/watch").await;
    tells.recv().await.unwrap();
    // Whoever listens is thrown out, and nobody may listen any more.
    let client = schema.client().await;
    let gone = format!(
        "alter function {0}.channel_1() rename to channel_0;
         select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_notify(\"{0}\"%' and pid <> pg_backend_pid()",
        schema.name
    );
    // Without the channel's name nothing can be told either, so what happens is done by hand.
    client.batch_execute(&gone).await.unwrap();
    client.batch_execute("alter table session disable trigger all; delete from session").await.unwrap();
    timeout(Duration::from_secs(5), tells.recv()).await.expect("it is found by asking").unwrap();
    drop(one);
}

/// Whoever remembers under a lease would otherwise never learn it.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_groups_that_the_store_did_not_take_is_told_again() {
    let schema = TestSchema::new();
    let leased = LeasedStore::new(schema.store(Clock::new()).await).unwrap();
    while !leased.holds_lease() {
        tokio::task::yield_now().await;
    }
    let is_admin = Arc::new(AtomicBool::new(true));
    let says = is_admin.clone();
    let groups = move |_: UserId| {
        let admin = says.load(Ordering::SeqCst);
        async move { admin.then_some("admin") }
    };
    let (other, there) = node(&leased, |builder| builder.groups(["admin", "banned"], groups.cached())).await;
    let (one, _) = node(&schema.store(Clock::new()).await, |builder| builder).await;
    let mut alice = Browser::connected(&there, &other, "alice").await.unwrap();
    assert_eq!(alice.get("/admin").await.status(), 200);

    let client = schema.client().await;
    client.batch_execute("alter table revocation_position rename to away").await.unwrap();
    is_admin.store(false, Ordering::SeqCst);
    one.groups_changed("alice").await.expect_err("whoever waits is told that it did not work");
    assert_eq!(alice.get("/admin").await.status(), 200, "and the other node has not heard of it");
    client.batch_execute("alter table away rename to revocation_position").await.unwrap();
    let forgotten = async {
        while alice.get("/admin").await.status() != 403 {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(20), forgotten).await.expect("it is told once the store takes it");
}
