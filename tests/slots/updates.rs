//! No change is lost.

use os_session::{SqliteStore, Store};
use os_session_tests::postgres::TestSchema;

use super::*;

const AT_ONCE: u32 = 64;

/// Gives a node its store.
type Attach = Box<dyn FnOnce(SessionsBuilder) -> SessionsBuilder>;

/// On one node, and on two that share the store.
async fn assert_none_is_lost(one: impl Store, other: Option<Attach>) {
    let site = Site::over(|_| Sessions::builder().store(one)).await;
    let mut tab = site.tab();
    tab.post("/login/alice").await;
    tab.post("/count").await;
    let there = match other {
        None => site.app.clone(),
        Some(store) => {
            let sessions = store(Sessions::builder()).build().await.unwrap();
            router().with_sessions(&sessions).unwrap()
        }
    };
    let mut requests = tokio::task::JoinSet::new();
    for number in 0..AT_ONCE {
        let mut tab = tab.clone();
        if number % 2 == 1 {
            tab.browser = tab.browser.at(&there);
        }
        requests.spawn(async move {
            for path in ["/count", "/earn"] {
                assert_eq!(tab.fetch(Method::POST, path, "").await.status(), 200, "{path}");
            }
        });
    }
    requests.join_all().await;
    assert_eq!(tab.fetch(Method::POST, "/count", "").await.text(), (AT_ONCE + 2).to_string());
    assert_eq!(tab.fetch(Method::POST, "/earn", "").await.text(), (100 + AT_ONCE + 1).to_string());
}

#[tokio::test]
async fn in_memory() {
    let memory = MemoryStore::default();
    assert_none_is_lost(memory.clone(), None).await;
    let memory = MemoryStore::default();
    let there = memory.clone();
    assert_none_is_lost(memory, Some(Box::new(|builder| builder.store(there)))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path().join("slots.db")).await.unwrap();
    assert_none_is_lost(store, None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_postgres_on_two_nodes() {
    let schema = TestSchema::new();
    let (here, there) = (schema.store(Clock::new()).await, schema.store(Clock::new()).await);
    assert_none_is_lost(here, Some(Box::new(|builder| builder.store(there)))).await;
}
