//! The contract of every store, and of stores that processes share.

use std::sync::Mutex;

use os_session::testing::{Clock, lease_laws, news_laws, shared_store_laws, store_laws};
use os_session_tests::redis::TestPrefix;

#[tokio::test(flavor = "multi_thread")]
async fn every_law_holds() {
    let prefixes = Mutex::new(Vec::new());
    store_laws(async |clock| {
        let prefix = TestPrefix::new();
        let store = prefix.store(clock).await;
        prefixes.lock().unwrap().push(prefix);
        store
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_law_of_shared_stores_holds() {
    let prefixes = Mutex::new(Vec::new());
    shared_store_laws(async |clock: Clock| {
        let prefix = TestPrefix::new();
        let stores = (prefix.store(clock.clone()).await, prefix.store(clock).await);
        prefixes.lock().unwrap().push(prefix);
        stores
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_node_changes_is_told_to_the_other() {
    let prefix = TestPrefix::new();
    news_laws(prefix.store(Clock::new()).await, prefix.store(Clock::new()).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_law_of_leases_holds() {
    let prefix = TestPrefix::new();
    lease_laws(prefix.store(Clock::new()).await, prefix.store(Clock::new()).await).await;
}
