//! How many sessions a user may have.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use os_session::routing::{self, post};
use os_session::testing::Browser;
use os_session::{Session, SessionsBuilder, connected};
use os_session_tests::store::StagedStore;
use tokio::sync::Barrier;

use crate::site::{COOKIE, Site, who_is_in};
use crate::watched::Watched;

#[tokio::test]
async fn at_one_more_the_least_recently_used_session_is_closed_and_told_so() {
    let site = Site::with(|builder| builder.max_sessions_per_user(3)).await;
    let mut browsers = Vec::new();
    for _ in 0..3 {
        browsers.push(site.browser_of("alice").await);
        site.clock.advance(Duration::from_mins(1));
    }
    site.clock.advance(Duration::from_hours(2));
    assert_eq!(who_is_in(&browsers[0]).await, "alice", "the first is used again");
    site.clock.advance(Duration::from_mins(1));
    browsers.push(site.browser_of("alice").await);

    let mut connected = Vec::new();
    for browser in &browsers {
        connected.push(who_is_in(browser).await);
    }
    assert_eq!(connected, ["alice", "None", "alice", "alice"]);
    assert_eq!(site.log.take(), ["alice: evicted by the limit of sessions"]);
    assert_eq!(site.memory.len(), 3);
}

#[tokio::test]
async fn the_limit_is_a_users_and_not_the_sites() {
    let site = Site::with(|builder| builder.max_sessions_per_user(1)).await;
    let (alice, bob) = (site.browser_of("alice").await, site.browser_of("bob").await);
    assert_eq!(who_is_in(&alice).await, "alice");
    assert_eq!(who_is_in(&bob).await, "bob");
    assert_eq!(site.log.take(), [""; 0]);
}

#[tokio::test]
async fn a_browser_that_logs_in_again_takes_no_room_of_its_own() {
    for refuse in [false, true] {
        let site = Site::with(|builder| {
            let builder = builder.max_sessions_per_user(2);
            if refuse { builder.refuse_when_full() } else { builder }
        })
        .await;
        let (other, mut again) = (site.browser_of("alice").await, site.browser_of("alice").await);
        for _ in 0..3 {
            assert_eq!(again.post("/login/alice", &[]).await.status(), 200);
        }
        assert_eq!(who_is_in(&other).await, "alice");
        assert_eq!(site.log.take(), ["alice: replaced by a new log-in"; 3]);
    }
}

#[tokio::test]
async fn a_log_in_beyond_the_limit_may_be_refused_and_then_nothing_is_closed() {
    let site = Site::with(|builder| builder.max_sessions_per_user(2).refuse_when_full()).await;
    let (mut first, second) = (site.browser_of("alice").await, site.browser_of("alice").await);
    let mut third = site.browser();
    let refused = third.post("/login/alice", &[]).await;
    assert_eq!(refused.status(), 409);
    assert_eq!(refused.header("content-type"), Some("application/problem+json"));
    assert_eq!(third.cookie(COOKIE), None);
    assert_eq!(who_is_in(&first).await, "alice");
    assert_eq!(who_is_in(&second).await, "alice");
    assert_eq!(site.log.take(), [""; 0]);

    first.post("/logout", &[]).await;
    assert_eq!(third.post("/login/alice", &[]).await.status(), 200, "now there is room");
}

#[tokio::test]
async fn a_refused_log_in_leaves_the_session_that_the_browser_had() {
    let site = Site::with(|builder| builder.max_sessions_per_user(1).refuse_when_full()).await;
    site.browser_of("alice").await;
    let mut bob = site.browser_of("bob").await;
    assert_eq!(bob.post("/login/alice", &[]).await.status(), 409);
    assert_eq!(bob.get("/who").await.text(), "bob");
    assert_eq!(site.log.take(), [""; 0]);
}

#[tokio::test]
async fn fifty_are_the_default() {
    let site = Site::new().await;
    for _ in 0..51 {
        site.browser_of("alice").await;
    }
    assert_eq!(site.memory.len(), 50);
    assert_eq!(site.log.take(), ["alice: evicted by the limit of sessions"]);
}

/// Fifty log-ins that begin together; how many of them succeeded.
async fn fifty_log_ins(site: &Site) -> usize {
    let start = Arc::new(Barrier::new(50));
    let log_ins: Vec<_> = (0..50)
        .map(|_| {
            let (start, mut browser) = (start.clone(), site.browser());
            tokio::spawn(async move {
                start.wait().await;
                let status = browser.post("/login/alice", &[]).await.status();
                assert!(status == 200 || status == 409, "{status}");
                browser
            })
        })
        .collect();
    let mut browsers = Vec::new();
    for log_in in log_ins {
        browsers.push(log_in.await.expect("no log-in panics"));
    }
    let mut live = 0;
    for browser in &browsers {
        live += usize::from(who_is_in(browser).await == "alice");
    }
    assert_eq!((live, site.memory.len()), (3, 3), "exactly three are left");
    assert_eq!(site.sessions.of_user("alice").await.unwrap().len(), 3);
    browsers.iter().filter(|browser| browser.cookie(COOKIE).is_some()).count()
}

fn three(builder: SessionsBuilder) -> SessionsBuilder {
    builder.max_sessions_per_user(3)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_parallel_log_ins_leave_exactly_three_and_the_others_are_told() {
    for site in [Site::with(three).await, Site::over(Watched::from, three).await] {
        assert_eq!(fifty_log_ins(&site).await, 50);
        assert_eq!(site.log.take(), ["alice: evicted by the limit of sessions"; 47]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_fifty_parallel_log_ins_exactly_three_are_not_refused() {
    for site in [
        Site::with(|builder| three(builder).refuse_when_full()).await,
        Site::over(Watched::from, |builder| three(builder).refuse_when_full()).await,
    ] {
        assert_eq!(fifty_log_ins(&site).await, 3);
        assert_eq!(site.log.take(), [""; 0]);
    }
}

/// Logs in as `user`, and returns who is connected before, while and after that is done.
#[connected(opt, force_unconnected)]
async fn log_in_unseen(session: Session, Path(user): Path<String>, State(store): State<StagedStore>) -> String {
    let before = session.user().await;
    store.insert.close();
    let meanwhile = async {
        store.insert.arrived().await;
        let user = session.user().await;
        store.insert.open();
        user
    };
    let (logged_in, meanwhile) = tokio::join!(session.connect(user), meanwhile);
    let users = [before, meanwhile, session.user().await].map(|user| user.expect("the store can be read"));
    format!("{} {users:?}", logged_in.is_ok())
}

#[tokio::test]
async fn a_log_in_that_fails_leaves_a_forced_unconnected_request_unconnected() {
    for (cookie, user, expected) in [
        ("alice", "alice", "true [None, None, Some(UserId(\"alice\"))]"),
        ("alice", "bob", "false [None, None, None]"),
        ("nobody", "bob", "false [None, None, None]"),
    ] {
        let mut staged = None;
        let site = Site::over(
            |memory| staged.insert(StagedStore::from(memory)).clone(),
            |builder| builder.max_sessions_per_user(1).refuse_when_full(),
        )
        .await;
        let store = staged.expect("the site is over it");
        let app = routing::Router::new().route("/{user}", post(log_in_unseen)).with_state(store);
        let app = app.with_sessions(&site.sessions).expect("every rule can be decided");
        let _bob = site.browser_of("bob").await;
        let mut browser = Browser::connected(&app, &site.sessions, cookie).await.expect("the log-in succeeds");
        let answer = browser.post(&format!("/{user}"), &[]).await;
        assert_eq!(answer.text(), expected, "{user} in a browser of {cookie}");
        assert_eq!(answer.headers().contains_key("set-cookie"), expected.starts_with("true"));
        assert_eq!(who_is_in(&in_the_site(&site, &browser)).await, cookie, "the session behind it is untouched");
    }
}

/// The same browser at the site's own pages.
fn in_the_site(site: &Site, browser: &Browser) -> Browser {
    let mut same = site.browser();
    same.set_cookie(COOKIE, browser.cookie(COOKIE).expect("logged in"));
    same
}
