//! How long a session lives, whatever its cookie says.

use std::time::Duration;

use os_session::public;
use os_session::routing::{self, get};
use os_session::testing::Browser;
use os_session_tests::trace::{at_rest, pass};

use crate::site::{COOKIE, Site, who_is_in};

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

#[tokio::test]
async fn a_session_ends_after_two_weeks_without_activity_though_the_cookie_is_still_there() {
    let site = Site::new().await;
    let mut alice = site.browser_of("alice").await;
    site.clock.advance(13 * DAY + 23 * HOUR);
    assert_eq!(alice.clone().get("/me").await.status(), 200);

    let mut bob = site.browser_of("bob").await;
    site.clock.advance(14 * DAY);
    for browser in [&mut alice, &mut bob] {
        let cookie = browser.cookie(COOKIE).expect("the cookie is still there").to_owned();
        assert_eq!(browser.get("/me").await.status(), 401);
        assert_eq!(browser.cookie(COOKIE), Some(&*cookie), "only a log-out takes it away");
    }
}

#[tokio::test]
async fn reading_is_activity_and_ninety_days_are_the_end_all_the_same() {
    let site = Site::new().await;
    let alice = site.browser_of("alice").await;
    for day in (10..90).step_by(10) {
        site.clock.advance(10 * DAY);
        assert_eq!(who_is_in(&alice).await, "alice", "on day {day}");
    }
    site.clock.advance(10 * DAY);
    assert_eq!(who_is_in(&alice).await, "None");
}

#[tokio::test]
async fn a_session_that_is_gone_with_the_browser_is_shorter_on_the_server_too() {
    let site = Site::new().await;
    let (mut idle, mut active) = (site.browser(), site.browser());
    idle.post("/login-for-now/alice", &[]).await;
    active.post("/login-for-now/bob", &[]).await;
    site.clock.advance(12 * HOUR);
    assert_eq!(who_is_in(&active).await, "bob");
    site.clock.advance(12 * HOUR);
    assert_eq!(who_is_in(&idle).await, "None", "a day without activity");
    for _ in 1..12 {
        assert_eq!(who_is_in(&active).await, "bob");
        site.clock.advance(12 * HOUR);
    }
    site.clock.advance(12 * HOUR);
    assert_eq!(who_is_in(&active).await, "None", "a week in any case");
}

#[tokio::test]
async fn lifetimes_are_what_the_application_says() {
    let site =
        Site::with(|builder| builder.lifetime(10 * MINUTE, 25 * MINUTE).browser_lifetime(2 * MINUTE, 4 * MINUTE)).await;
    let mut longer = site.browser_of("alice").await;
    let mut shorter = site.browser();
    shorter.post("/login-for-now/bob", &[]).await;
    site.clock.advance(2 * MINUTE);
    assert_eq!(shorter.get("/who").await.text(), "None");
    assert_eq!(longer.get("/who").await.text(), "alice");
    for _ in 0..2 {
        site.clock.advance(9 * MINUTE);
        assert_eq!(longer.get("/who").await.text(), "alice");
    }
    site.clock.advance(9 * MINUTE);
    assert_eq!(longer.get("/who").await.text(), "None");
}

#[public(reason = "a health check")]
async fn health() {}

#[tokio::test]
async fn activity_is_written_once_an_interval() {
    let (site, store) = Site::watched(|builder| builder).await;
    let mut alice = site.browser_of("alice").await;
    let opened = site.sessions.of_user("alice").await.unwrap()[0].last_seen;
    let touches = async |browser: &mut Browser| {
        store.calls.clear();
        for path in ["/me", "/who", "/admin"].iter().cycle().take(99) {
            browser.get(path).await;
        }
        store.calls.take().into_iter().filter(|call| call != "find").collect::<Vec<_>>()
    };
    assert_eq!(touches(&mut alice).await, [""; 0], "it was seen when it was opened");
    site.clock.advance(59 * MINUTE);
    assert_eq!(touches(&mut alice).await, [""; 0]);
    site.clock.advance(MINUTE);
    assert_eq!(touches(&mut alice).await, ["touch"]);
    let seen = site.sessions.of_user("alice").await.unwrap()[0].last_seen;
    assert!(seen.duration_since(opened).unwrap() >= HOUR, "and the user sees it in the list");
}

#[tokio::test]
async fn a_page_that_does_not_look_at_the_session_is_no_activity() {
    let (site, store) = Site::watched(|builder| builder).await;
    let router = routing::Router::new().route("/health", get(health)).with_sessions(&site.sessions).unwrap();
    let mut alice = Browser::connected(&router, &site.sessions, "alice").await.unwrap();
    site.clock.advance(2 * HOUR);
    store.calls.clear();
    alice.get("/health").await;
    assert_eq!(store.calls.take(), [""; 0]);
}

#[tokio::test]
async fn activity_that_cannot_be_written_harms_nobody() {
    let (site, store) = Site::watched(|builder| builder).await;
    let mut alice = site.browser_of("alice").await;
    site.clock.advance(2 * HOUR);
    store.fail("touch");
    assert_eq!(alice.get("/me").await.text(), "alice");
    store.heal();
    store.calls.clear();
    assert_eq!(alice.get("/me").await.text(), "alice");
    assert_eq!(store.calls.take(), ["find", "touch"], "the next request makes up for it");
}

#[tokio::test]
async fn what_expired_is_not_extended_by_any_request() {
    let site = Site::with(|builder| builder.login_url("/who")).await;
    let alice = site.browser_of("alice").await;
    site.clock.advance(14 * DAY);
    for path in ["/me", "/who", "/admin", "/nowhere"] {
        alice.clone().get(path).await;
    }
    for path in ["/confirm", "/logout-elsewhere", "/me"] {
        assert_eq!(alice.clone().post(path, &[]).await.header("location"), Some("/who"), "{path}");
    }
    assert_eq!(who_is_in(&alice).await, "None");
}

// What is left of them. The clock of the store is turned, tokio's is paused.

#[tokio::test(start_paused = true)]
async fn expired_sessions_leave_the_store_in_the_background_and_are_told_once() {
    let site = Site::new().await;
    let gone = [site.browser_of("alice").await, site.browser_of("alice").await, site.browser_of("bob").await];
    site.clock.advance(13 * DAY);
    let carol = site.browser_of("carol").await;
    pass(2 * MINUTE).await;
    assert_eq!(site.memory.len(), 4, "nothing has expired yet");

    site.clock.advance(DAY);
    assert_eq!(site.memory.len(), 4);
    pass(MINUTE + Duration::from_secs(1)).await;
    assert_eq!(site.memory.len(), 1);
    let mut told = site.log.take();
    told.sort();
    assert_eq!(told, ["alice: expired", "alice: expired", "bob: expired"]);

    for browser in &gone {
        assert_eq!(who_is_in(browser).await, "None");
    }
    pass(5 * MINUTE).await;
    assert_eq!(site.log.take(), [""; 0], "no second time");
    assert_eq!(who_is_in(&carol).await, "carol");
}

#[tokio::test(start_paused = true)]
async fn what_a_log_in_finds_expired_is_told_once_as_well() {
    let site = Site::new().await;
    site.browser_of("alice").await;
    site.clock.advance(14 * DAY);
    site.browser_of("alice").await;
    assert_eq!(site.log.take(), ["alice: expired"]);
    pass(5 * MINUTE).await;
    assert_eq!(site.log.take(), [""; 0]);
    assert_eq!(site.memory.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_session_whose_time_is_over_was_not_logged_out() {
    let site = Site::new().await;
    let mut alice = site.browser_of("alice").await;
    site.clock.advance(14 * DAY);
    alice.post("/logout", &[]).await;
    site.sessions.disconnect_all("alice").await.unwrap();
    pass(5 * MINUTE).await;
    assert_eq!(site.log.take(), ["alice: expired"]);
}

#[tokio::test(start_paused = true)]
async fn a_purge_that_fails_is_tried_again() {
    let (site, store) = Site::watched(|builder| builder.purge_interval(10 * MINUTE)).await;
    site.browser_of("alice").await;
    site.clock.advance(14 * DAY);
    store.fail("purge");
    pass(11 * MINUTE).await;
    assert_eq!(site.memory.len(), 1);
    store.heal();
    pass(10 * MINUTE).await;
    assert!(site.memory.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_ends_what_runs_in_the_background_and_requests_are_served_as_before() {
    let (site, store) = Site::watched(|builder| builder).await;
    let alice = site.browser_of("alice").await;
    pass(2 * MINUTE).await;
    assert!(store.calls.take().contains(&"purge".to_owned()));
    site.sessions.shutdown().await;
    store.calls.clear();
    pass(10 * MINUTE).await;
    assert_eq!(store.calls.take(), [""; 0]);
    assert_eq!(who_is_in(&alice).await, "alice");
}

#[tokio::test(start_paused = true)]
async fn sessions_that_nobody_holds_are_not_purged_for_ever() {
    let (site, store) = Site::watched(|builder| builder).await;
    let Site { sessions, app, .. } = site;
    drop((sessions, app));
    pass(2 * MINUTE).await;
    at_rest().await;
    store.calls.clear();
    pass(10 * MINUTE).await;
    assert_eq!(store.calls.take(), [""; 0]);
}
