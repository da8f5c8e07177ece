//! The contract of every store.

use std::sync::Mutex;

use os_session::testing::store_laws;
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
