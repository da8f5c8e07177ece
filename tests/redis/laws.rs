//! The contract of every store, and of stores that processes share.

use std::sync::Mutex;
use std::time::Duration;

use os_session::LeasedStore;
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
async fn every_law_of_news_holds() {
    let prefixes = Mutex::new(Vec::new());
    news_laws(async |clock: Clock| {
        let prefix = TestPrefix::new();
        let stores = (prefix.store(clock.clone()).await, prefix.store(clock).await);
        prefixes.lock().unwrap().push(prefix);
        stores
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_law_of_leases_holds() {
    let prefixes = Mutex::new(Vec::new());
    lease_laws(async |clock: Clock| {
        let prefix = TestPrefix::new();
        let stores = (prefix.store(clock.clone()).await, prefix.store(clock).await);
        prefixes.lock().unwrap().push(prefix);
        stores
    })
    .await;
}

/// Short, since nobody listens here: a revocation waits for the next renewal.
const LEASE: Duration = Duration::from_millis(100);

/// What is true of the store is true of it under a lease.
#[tokio::test(flavor = "multi_thread")]
async fn every_law_holds_under_a_lease() {
    let prefixes = Mutex::new(Vec::new());
    store_laws(async |clock: Clock| {
        let prefix = TestPrefix::new();
        let store = LeasedStore::builder(prefix.store(clock.clone()).await).lease(LEASE).clock(clock).start().unwrap();
        while !store.holds_lease() {
            tokio::task::yield_now().await;
        }
        prefixes.lock().unwrap().push(prefix);
        store
    })
    .await;
}
