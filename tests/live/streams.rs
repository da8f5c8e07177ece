//! The stream itself: what it begins with, what it costs its session, and how it ends.

use super::*;

use os_session_tests::store::StagedStore;

#[tokio::test]
async fn a_visitor_gets_a_name_that_is_gone_with_the_browser() {
    let site = Site::new().await;
    let mut visitor = site.tab();
    let events = visitor.listen().await;
    let header = |name| events.headers.get(name).map(|value| value.to_str().unwrap());
    assert_eq!(header("content-type"), Some("text/event-stream"));
    assert_eq!(header("cache-control"), Some("no-store"));
    assert_eq!(header("x-accel-buffering"), Some("no"));
    assert_eq!(header("vary"), Some("Cookie"));
    let cookie = header("set-cookie").unwrap();
    assert!(cookie.starts_with("__Host-os-browser=") && cookie.contains("; HttpOnly"), "{cookie}");
    assert!(!cookie.contains("Max-Age") && !cookie.contains("Expires"), "{cookie}");

    let again = visitor.listen().await;
    assert_eq!(again.headers.get("set-cookie"), None, "it has one");
    let alice = site.tab_of("alice").await.listen().await;
    assert_eq!(alice.headers.get("set-cookie"), None, "her session is name enough");
}

#[tokio::test(start_paused = true)]
async fn it_says_every_fifteen_seconds_that_it_is_there() {
    let site = Site::new().await;
    let (mut events, _) = site.tab_of("alice").await.hear().await;
    let begun = tokio::time::Instant::now();
    for beat in 1..=3 {
        assert_eq!(events.next().await.unwrap().0, "heartbeat");
        assert_eq!(begun.elapsed().as_secs(), beat * 15);
    }
}

#[tokio::test(start_paused = true)]
async fn an_open_page_keeps_nobody_connected() {
    let site = Site::new().await;
    let mut alice = site.tab_of("alice").await;
    let before = site.sessions.of_user("alice").await.unwrap();
    for _ in 0..3 {
        // Long past the touch interval: a page that is asked for would be written down as activity.
        site.clock.advance(Duration::from_hours(2));
        let (mut events, state) = alice.hear().await;
        assert_ne!(state, "-");
        assert_eq!(events.next().await.unwrap().0, "heartbeat");
    }
    assert_eq!(site.sessions.of_user("alice").await.unwrap(), before);
    assert_eq!(WRAPPED_STREAMS.load(Ordering::Relaxed), 0, "and is no request to the hooks");
    alice.browser.get("/page").await;
    assert_ne!(site.sessions.of_user("alice").await.unwrap()[0].last_seen, before[0].last_seen);
}

#[tokio::test(start_paused = true)]
async fn every_stream_is_authorised_afresh() {
    let site = Site::new().await;
    let mut alice = site.tab_of("alice").await;
    let (events, connected) = alice.hear().await;
    drop(events);
    site.sessions.disconnect_all("alice").await.unwrap();
    let (_, state) = alice.hear().await;
    assert_eq!(state, "-");
    assert_ne!(connected, state);
}

#[tokio::test]
async fn another_site_hears_nothing() {
    let site = Site::new().await;
    let mut alice = site.tab_of("alice").await;
    for site in ["cross-site", "same-site"] {
        alice.browser = alice.browser.with_header("sec-fetch-site", site);
        let events = alice.listen().await;
        assert_eq!(events.status, StatusCode::FORBIDDEN, "{site}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_is_no_change() {
    let store = StagedStore::default();
    let site = Site::over(|_| Sessions::builder().store(store.clone())).await;
    let mut alice = site.tab_of("alice").await;
    let (mut events, before) = alice.hear().await;

    store.refuse_to_find(true);
    assert_eq!(events.next().await, None, "it ends, and its page asks again");
    let refused = alice.listen().await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(refused.headers.contains_key("retry-after"));
    assert_eq!(refused.headers.get("set-cookie"), None);

    store.refuse_to_find(false);
    let (_, after) = alice.hear().await;
    assert_eq!(before, after);
}

/// Another process changes the store and tells nobody.
#[tokio::test(start_paused = true)]
async fn what_another_process_does_is_seen_within_a_second() {
    let memory = MemoryStore::default();
    let store = StagedStore::from(memory.clone());
    let site = Site::over(|_| Sessions::builder().store(store)).await;
    let there = Sessions::builder().store(StagedStore::from(memory)).build().await.unwrap();

    let mut alice = site.tab_of("alice").await;
    let (mut events, _) = alice.hear().await;
    there.groups().add_user_in_group("alice", "staff").await.unwrap();
    events.assert_unchanged().await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    events.assert_changed(None).await;

    let (mut events, _) = alice.hear().await;
    there.disconnect_all("alice").await.unwrap();
    events.assert_unchanged().await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    events.assert_changed(None).await;
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_ends_it_without_a_word() {
    let site = Site::new().await;
    let (mut alices, _) = site.tab_of("alice").await.hear().await;
    let (mut visitors, _) = site.tab().hear().await;
    site.sessions.shutdown().await;
    assert_eq!(alices.next().await, None);
    assert_eq!(visitors.next().await, None);
}
