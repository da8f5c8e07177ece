//! The contract of every store, and of stores that processes share.

use std::sync::Mutex;
use std::time::Duration;

use os_session::LeasedStore;
use os_session::testing::{Clock, lease_laws, news_laws, shared_store_laws, store_laws};
use os_session_tests::postgres::TestSchema;

#[tokio::test(flavor = "multi_thread")]
async fn every_law_holds() {
    let schemas = Mutex::new(Vec::new());
    store_laws(async |clock| {
        let schema = TestSchema::new();
        let store = schema.store(clock).await;
        schemas.lock().unwrap().push(schema);
        store
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_law_of_shared_stores_holds() {
    let schemas = Mutex::new(Vec::new());
    shared_store_laws(async |clock: Clock| {
        let schema = TestSchema::new();
        let stores = (schema.store(clock.clone()).await, schema.store(clock).await);
        schemas.lock().unwrap().push(schema);
        stores
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_law_of_news_holds() {
    let schemas = Mutex::new(Vec::new());
    news_laws(async |clock: Clock| {
        let schema = TestSchema::new();
        let stores = (schema.store(clock.clone()).await, schema.store(clock).await);
        schemas.lock().unwrap().push(schema);
        stores
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_law_of_leases_holds() {
    let schemas = Mutex::new(Vec::new());
    lease_laws(async |clock: Clock| {
        let schema = TestSchema::new();
        let stores = (schema.store(clock.clone()).await, schema.store(clock).await);
        schemas.lock().unwrap().push(schema);
        stores
    })
    .await;
}

/// Short, since nobody listens here: a revocation waits for the next renewal.
const LEASE: Duration = Duration::from_millis(100);

/// What is true of the store is true of it under a lease.
#[tokio::test(flavor = "multi_thread")]
async fn every_law_holds_under_a_lease() {
    let schemas = Mutex::new(Vec::new());
    store_laws(async |clock: Clock| {
        let schema = TestSchema::new();
        let store = LeasedStore::builder(schema.store(clock.clone()).await).lease(LEASE).clock(clock).start().unwrap();
        while !store.holds_lease() {
            tokio::task::yield_now().await;
        }
        schemas.lock().unwrap().push(schema);
        store
    })
    .await;
}
