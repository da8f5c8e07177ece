//! What belongs to whom.

use super::*;

/// Each scope, volatile and persistent, and who else sees what was set in it: another tab, another browser of the user, another user.
const SEEN_BY: [(&str, [bool; 3]); 5] = [
    ("session", [true, false, false]),
    ("process", [false, false, false]),
    ("user", [true, true, false]),
    ("browser", [true, false, false]),
    ("tab", [false, false, false]),
];

/// … and what becomes of it at log-out, and when the same user logs in again.
const AFTER: [(&str, [bool; 2]); 5] = [
    ("session", [false, false]),
    ("process", [false, false]),
    ("user", [false, true]),
    ("browser", [true, true]),
    ("tab", [true, true]),
];

#[tokio::test]
async fn a_value_is_seen_where_its_scope_reaches() {
    for prefix in ["", "volatile-"] {
        let site = Site::new().await;
        let mut alice = site.tab();
        alice.post("/login/alice").await;
        alice.load().await;
        let mut tab = alice.clone();
        for (scope, _) in SEEN_BY {
            alice.set(&format!("{prefix}{scope}"), scope).await;
        }
        // The cookies of a browser are one for all its tabs.
        tab.browser = alice.browser.clone();
        tab.load().await;
        let (mut elsewhere, mut bob) = (site.tab(), site.tab());
        for (tab, user) in [(&mut elsewhere, "alice"), (&mut bob, "bob")] {
            tab.post(&format!("/login/{user}")).await;
            tab.load().await;
        }
        for (scope, seen_by) in SEEN_BY {
            let scope = format!("{prefix}{scope}");
            assert!(alice.get(&scope).await.is_some(), "{scope}");
            for (other, seen) in [&mut tab, &mut elsewhere, &mut bob].into_iter().zip(seen_by) {
                assert_eq!(other.get(&scope).await.is_some(), seen, "{scope}");
            }
        }
    }
}

#[tokio::test]
async fn a_value_ends_with_its_scope() {
    for prefix in ["", "volatile-"] {
        let site = Site::new().await;
        let mut alice = site.tab();
        alice.post("/login/alice").await;
        alice.load().await;
        for (scope, _) in AFTER {
            alice.set(&format!("{prefix}{scope}"), scope).await;
        }
        alice.post("/confirm").await;
        for (scope, _) in AFTER {
            assert!(alice.get(&format!("{prefix}{scope}")).await.is_some(), "{prefix}{scope} survives a new token");
        }
        alice.post("/logout").await;
        for (scope, [after_log_out, _]) in AFTER {
            assert_eq!(alice.get(&format!("{prefix}{scope}")).await.is_some(), after_log_out, "{prefix}{scope}");
        }
        alice.post("/login/alice").await;
        for (scope, [_, after_log_in]) in AFTER {
            assert_eq!(alice.get(&format!("{prefix}{scope}")).await.is_some(), after_log_in, "{prefix}{scope}");
        }
    }
}

#[tokio::test]
async fn a_log_in_over_another_session_ends_what_was_that_sessions() {
    let site = Site::new().await;
    let mut tab = site.tab();
    tab.post("/login/alice").await;
    tab.load().await;
    for (scope, _) in AFTER {
        tab.set(scope, "alice's").await;
    }
    tab.post("/login/bob").await;
    let mut left = Vec::new();
    for (scope, _) in AFTER {
        left.extend(tab.get(scope).await.map(|_| scope));
    }
    assert_eq!(left, ["browser", "tab"]);
}

#[tokio::test]
async fn however_a_session_ends_its_values_do() {
    let site = Site::new().await;
    let mut alice = site.tab();
    for prefix in ["", "volatile-"] {
        let scope = format!("{prefix}session");
        alice.post("/login/alice").await;
        alice.set(&scope, "kept").await;
        site.sessions.disconnect_all("alice").await.unwrap();
        alice.post("/login/alice").await;
        assert_eq!(alice.get(&scope).await, None);
    }
    alice.set("session", "kept").await;
    site.clock.advance(std::time::Duration::from_hours(15 * 24));
    assert_eq!(alice.get("session").await, None);
}

#[tokio::test]
async fn where_nobody_is_connected_there_is_nothing_to_read_and_nowhere_to_write() {
    let site = Site::new().await;
    let mut nobody = site.tab();
    nobody.load().await;
    for scope in ["session", "process", "user"] {
        for prefix in ["", "volatile-"] {
            let scope = format!("{prefix}{scope}");
            assert_eq!(nobody.get(&scope).await, None);
            assert_eq!(nobody.fetch(Method::POST, &format!("/slot/{scope}"), "x").await.status(), 401, "{scope}");
        }
    }
}

/// Crawlers leave no trace, and find none.
#[tokio::test]
async fn reading_creates_nothing() {
    let store = os_session_tests::store::StagedStore::default();
    let staged = store.clone();
    let site = Site::over(|_| Sessions::builder().store(staged)).await;
    for _ in 0..10_000 {
        let mut crawler = site.tab();
        let answer = crawler.browser.get("/slot/browser").await;
        assert_eq!(answer.headers().get_all("set-cookie").iter().count(), 0);
        assert_eq!(answer.text(), "null");
    }
    assert_eq!(store.slot_writes(), 0);
    let mut crawler = site.tab();
    for path in ["/slot/tab", "/slot/session", "/slot/volatile-browser", "/slot/volatile-tab", "/page"] {
        assert!(crawler.browser.get(path).await.header("set-cookie").is_none(), "{path}");
    }
    assert_eq!(crawler.fetch(Method::POST, "/take", "").await.text(), "null");
    assert_eq!(store.slot_writes(), 0);
}

#[tokio::test]
async fn a_value_can_be_taken_once() {
    let site = Site::new().await;
    let mut tab = site.tab();
    tab.set("browser", "here").await;
    assert_eq!(tab.fetch(Method::POST, "/take", "").await.text(), "\"here\"");
    assert_eq!(tab.fetch(Method::POST, "/take", "").await.text(), "null");
    assert_eq!(tab.get("browser").await, None);
    tab.set("browser", "again").await;
    assert_eq!(tab.get("browser").await.as_deref(), Some("again"));
}

/// The volatile slot of a request: what one function of it puts there, another finds.
#[tokio::test]
async fn a_request_has_slots_of_its_own() {
    static SEEN: Slot<u32, scope::Request> = Slot::volatile();

    async fn see() -> Result<u32, Error> {
        let session = Session::current()?;
        SEEN.update(&session, |seen| {
            *seen += 1;
            *seen
        })
        .await
    }

    #[connected(opt)]
    async fn handler(session: Session) -> Result<String, Error> {
        see().await?;
        let twice = see().await?;
        session.connect("alice").await?;
        let after_log_in = SEEN.get(&session).await?;
        see().await?;
        session.disconnect().await?;
        Ok(format!("{twice} {after_log_in:?} {:?}", SEEN.take(&session).await?))
    }

    let site = Site::new().await;
    let app = routing::Router::new().route("/", post(handler)).with_sessions(&site.sessions).unwrap();
    for _ in 0..2 {
        assert_eq!(Browser::new(&app).post("/", &[]).await.text(), "2 None None");
    }
}
