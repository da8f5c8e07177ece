//! Another process on the same store, which tells nobody.

use super::*;

struct TwoNodes {
    here: Site,
    /// On the same store.
    there: Sessions,
}

impl TwoNodes {
    async fn new() -> Self {
        let memory = MemoryStore::default();
        let store = memory.clone();
        // It never answers at once, as a store that has to be asked.
        let here = Site::over(|_| Sessions::builder().store(StagedStore::from(store))).await;
        let there = Sessions::builder().store(StagedStore::from(memory)).build().await.unwrap();
        Self { here, there }
    }
}

#[tokio::test(start_paused = true)]
async fn its_log_out_is_seen_within_a_second() {
    let mut nodes = TwoNodes::new().await;
    let mut alice = nodes.here.browser_of("alice").await;
    let begun = nodes.here.begin(&mut alice, "/anyone").await;
    tokio::time::sleep(Duration::from_mins(1)).await;
    assert_goes_on(&begun).await;
    nodes.there.disconnect_all("alice").await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_over(begun).await;
}

#[tokio::test(start_paused = true)]
async fn its_change_of_groups_is_seen_within_a_second() {
    let mut nodes = TwoNodes::new().await;
    let mut alice = nodes.here.browser_of("alice").await;
    nodes.there.groups().add_user_in_group("alice", "staff").await.unwrap();
    let begun = nodes.here.begin(&mut alice, "/staff").await;
    nodes.there.groups().remove_user_in_group("alice", "staff").await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_over(begun).await;
}

#[tokio::test(start_paused = true)]
async fn its_new_token_ends_nothing() {
    let mut nodes = TwoNodes::new().await;
    let mut alice = nodes.here.browser_of("alice").await;
    let begun = nodes.here.begin(&mut alice, "/anyone").await;
    let there = routing::Router::new().route("/confirm", post(confirm)).with_sessions(&nodes.there).unwrap();
    let mut alice_there = Browser::new(&there);
    alice_there.set_cookie(COOKIE, alice.cookie(COOKIE).unwrap());
    assert_eq!(alice_there.post("/confirm", &[]).await.status(), 200);
    tokio::time::sleep(Duration::from_mins(1)).await;
    assert_goes_on(&begun).await;
    nodes.there.disconnect_all("alice").await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_over(begun).await;
}

const COOKIE: &str = "__Host-os-session";

/// A store that cannot tell is no reason to go on.
#[tokio::test(start_paused = true)]
async fn a_store_that_fails_ends_it() {
    let store = StagedStore::default();
    let staged = store.clone();
    let mut site = Site::over(|_| Sessions::builder().store(staged)).await;
    let mut alice = site.browser_of("alice").await;
    let begun = site.begin(&mut alice, "/anyone").await;
    store.refuse_to_find(true);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_over(begun).await;
}
