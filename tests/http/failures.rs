//! What cannot be found out refuses, and is neither a denial nor a log-out.

use axum::http::StatusCode;
use os_session::routing::get;
use os_session::testing::Browser;
use os_session::{UserId, public};

use crate::site::{COOKIE, GROUPS, Site, pages, set_cookies};

#[public(reason = "a test of a store that fails")]
async fn shop_window() -> &'static str {
    "open"
}

#[tokio::test]
async fn a_store_that_fails_refuses_and_public_pages_go_on() {
    let (site, store) = Site::watched(|builder| builder).await;
    let app = pages().route("/", get(shop_window)).with_sessions(&site.sessions).unwrap();
    let mut alice = Browser::connected(&app, &site.sessions, "alice").await.unwrap();
    let cookie = alice.cookie(COOKIE).unwrap().to_owned();

    store.fail("find");
    for path in ["/me", "/who", "/admin"] {
        let answer = alice.get(path).await;
        assert_eq!(answer.status(), 503, "{path}");
        assert!(answer.header("retry-after").is_some());
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
        assert!(!answer.text().contains("db-7"), "no internal text leaves: {}", answer.text());
        assert_eq!(set_cookies(&answer), [""; 0], "an outage is no reason to lose the cookie");
    }
    assert_eq!(alice.get("/").await.text(), "open");
    assert_eq!(Browser::new(&app).get("/who").await.text(), "None", "nobody needs no look-up");
    assert_eq!(Browser::new(&app).get("/me").await.status(), 401);

    store.heal();
    assert_eq!(alice.get("/me").await.text(), "alice", "nothing has to be restarted");
    assert_eq!(alice.cookie(COOKIE), Some(&*cookie));
}

async fn sorry_everywhere() -> StatusCode {
    panic!("nobody was denied anything")
}

#[tokio::test]
async fn a_failing_look_up_of_groups_is_no_denial() {
    let failing = |_: UserId| async { Err::<Vec<String>, _>("ldap-3.internal does not answer") };
    let site = Site::with(|builder| builder.groups(GROUPS, failing).deny_fun(sorry_everywhere)).await;
    let mut alice = site.browser_of("alice").await;
    let answer = alice.get("/admin").await;
    assert_eq!(answer.status(), 503);
    assert!(answer.header("retry-after").is_some());
    assert!(!answer.text().contains("ldap-3"), "no internal text leaves: {}", answer.text());
    assert_eq!(site.log.take(), [""; 0], "nobody was denied");
    assert_eq!(alice.get("/me").await.text(), "alice", "a rule without groups does not ask for any");
}
