//! The cookie of a browser, whoever is connected in it.

use std::time::Duration;

use axum::extract::State;
use os_session_tests::store::StagedStore;
use os_session_tests::trace::Gate;
use tokio::sync::mpsc;

use super::*;

#[tokio::test]
async fn the_first_value_brings_a_cookie_and_no_other_answer_does() {
    let site = Site::new().await;
    let mut tab = site.tab();
    let answer = tab.fetch(Method::POST, "/slot/browser", "a cart").await;
    let cookie = answer.header("set-cookie").unwrap();
    let token = tab.browser.cookie(BROWSER_COOKIE).unwrap();
    assert_eq!(cookie, format!("{BROWSER_COOKIE}={token}; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=34560000"));
    let vary = "Cookie, Sec-Fetch-Site, Origin";
    assert_eq!((answer.header("cache-control"), answer.header("vary")), (Some("no-store"), Some(vary)));

    let answer = tab.fetch(Method::GET, "/slot/browser", "").await;
    assert_eq!(answer.text(), "\"a cart\"");
    assert_eq!((answer.header("cache-control"), answer.header("vary")), (Some("no-store"), Some("Cookie")));
    assert!(answer.header("set-cookie").is_none());
    assert!(tab.fetch(Method::POST, "/slot/browser", "another").await.header("set-cookie").is_none());
}

#[tokio::test]
async fn a_log_in_gives_it_another_token() {
    let site = Site::new().await;
    let mut tab = site.tab();
    tab.set("browser", "a cart").await;
    let planted = tab.clone();
    tab.post("/login/alice").await;
    assert_eq!(tab.get("browser").await.as_deref(), Some("a cart"));
    tab.set("browser", "alice's cart").await;

    // A planted token sees nothing of what comes after.
    let mut thief = planted;
    assert_eq!(thief.get("browser").await, None);
}

#[tokio::test]
async fn what_arrives_with_the_old_token_after_a_log_in_reads_and_writes_nothing() {
    let site = Site::new().await;
    let mut tab = site.tab();
    tab.load().await;
    for scope in ["browser", "tab", "volatile-browser", "volatile-tab"] {
        tab.set(scope, "a cart").await;
    }
    let mut planted = tab.clone();
    tab.post("/login/alice").await;
    let token = tab.browser.cookie(BROWSER_COOKIE).unwrap().to_owned();
    for scope in ["browser", "tab", "volatile-browser", "volatile-tab"] {
        let path = format!("/slot/{scope}");
        assert_eq!(planted.get(scope).await, None, "{scope}");
        let answer = planted.fetch(Method::POST, &path, "overwritten").await;
        assert_eq!(answer.status(), 409, "{scope}: {}", answer.text());
        assert!(answer.header("set-cookie").is_none(), "{scope}: no cookie takes the place of the renewed one");
        assert_eq!(tab.get(scope).await.as_deref(), Some("a cart"), "{scope}");
    }
    assert_eq!(planted.fetch(Method::POST, "/take", "").await.text(), "null");
    let answer = planted.fetch(Method::POST, "/login/mallory", "").await;
    assert!(!answer.headers().get_all("set-cookie").iter().any(|line| line.to_str().unwrap().contains("os-browser")));
    assert_eq!(tab.browser.cookie(BROWSER_COOKIE), Some(&*token));
    assert_eq!(tab.get("browser").await.as_deref(), Some("a cart"));
}

static SLOW_VOLATILE: Slot<u32, scope::UserIndepSession> = Slot::volatile();

/// Looks at the slots, if the request asks for it, goes through the gate, and writes.
#[connected(opt)]
async fn slow(
    session: Session,
    Path((slot, looks)): Path<(String, bool)>,
    State(gate): State<Gate>,
) -> Result<String, Error> {
    if looks {
        COUNTER.get(&session).await?;
        SLOW_VOLATILE.get(&session).await?;
    }
    gate.pass().await;
    let add = |count: &mut u32| {
        *count += 1;
        *count
    };
    Ok(match &*slot {
        "persistent" => COUNTER.update(&session, add).await?.to_string(),
        "volatile" => SLOW_VOLATILE.update(&session, add).await?.to_string(),
        "get" => format!("{:?} {:?}", COUNTER.get(&session).await?, SLOW_VOLATILE.get(&session).await?),
        "take" => format!("{:?} {:?}", COUNTER.take(&session).await?, SLOW_VOLATILE.take(&session).await?),
        other => panic!("{other} is no slot"),
    })
}

#[tokio::test]
async fn a_request_that_began_before_a_log_in_works_on_the_renewed_browser() {
    // One log-in or two, and long after as well.
    for (log_ins, pause) in [(1, 0), (2, 0), (1, 3_600)] {
        for (slot, looks) in
            ["persistent", "volatile", "get", "take"].into_iter().flat_map(|slot| [(slot, true), (slot, false)])
        {
            if pause > 0 && !looks {
                continue; // Documented: what has not looked follows for a minute.
            }
            let (site, gate) = (Site::new().await, Gate::default());
            let app = router::<Gate>().route("/slow/{slot}/{looks}", post(slow)).with_state(gate.clone());
            let app = app.with_sessions(&site.sessions).unwrap();
            let mut tab = Tab { browser: Browser::new(&app), process: None };
            for first in ["persistent", "volatile"] {
                assert_eq!(tab.fetch(Method::POST, &format!("/slow/{first}/true"), "").await.text(), "1");
            }
            gate.close();
            let mut other_tab = tab.clone();
            let request = tokio::spawn(async move {
                let answer = other_tab.fetch(Method::POST, &format!("/slow/{slot}/{looks}"), "").await;
                assert!(answer.header("set-cookie").is_none(), "{slot}: a late response takes no cookie away");
                answer.text().to_owned()
            });
            gate.arrived().await;
            for _ in 0..log_ins {
                tab.post("/login/alice").await;
            }
            if pause > 0 {
                tokio::time::pause();
                tokio::time::advance(Duration::from_secs(pause)).await;
                tokio::time::resume();
            }
            gate.open();
            let (during, after) = match slot {
                "persistent" => ("2", "Some(2) Some(1)"),
                "volatile" => ("2", "Some(1) Some(2)"),
                "get" => ("Some(1) Some(1)", "Some(1) Some(1)"),
                _ => ("Some(1) Some(1)", "None None"),
            };
            let case = format!("{slot}, looks before: {looks}, {log_ins} log-ins, {pause} s");
            assert_eq!(request.await.unwrap(), during, "{case}");
            assert_eq!(tab.fetch(Method::POST, "/slow/get/false", "").await.text(), after, "{case}: nothing is lost");
        }
    }
}

/// Another process on the same store: this one cannot know under which token the browser is found
/// now.
#[tokio::test]
async fn a_request_that_met_a_browser_which_another_node_renews_is_an_error_and_sends_no_cookie() {
    let store = MemoryStore::new();
    let (site, gate) = (Site::over(|_| Sessions::builder().store(store.clone())).await, Gate::default());
    let other_node = Site::over(|_| Sessions::builder().store(store.clone())).await;
    let app = router::<Gate>().route("/slow/{slot}/{looks}", post(slow)).with_state(gate.clone());
    let app = app.with_sessions(&site.sessions).unwrap();
    let mut tab = Tab { browser: Browser::new(&app), process: None };
    tab.post("/count").await;
    gate.close();
    let mut other_tab = tab.clone();
    let request = tokio::spawn(async move { other_tab.fetch(Method::POST, "/slow/persistent/true", "").await });
    gate.arrived().await;
    let mut there = other_node.tab();
    there.browser.set_cookie(BROWSER_COOKIE, tab.browser.cookie(BROWSER_COOKIE).unwrap());
    there.post("/login/alice").await;
    gate.open();
    let answer = request.await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.header("set-cookie")), (409, None));
    assert_eq!(there.fetch(Method::POST, "/count", "").await.text(), "2", "nothing is lost");
}

/// A log-in in a request that is dropped before its response left.
#[tokio::test]
async fn a_renewed_token_is_forgotten_when_it_is_taken_back() {
    #[connected(opt)]
    async fn login_and_hang(session: Session, State(gate): State<Gate>) -> Result<(), Error> {
        session.connect("alice").await?;
        session.connect("bob").await?;
        gate.pass().await;
        std::future::pending().await
    }

    let (site, gate) = (Site::new().await, Gate::default());
    let app = router::<Gate>().route("/hang", post(login_and_hang)).with_state(gate.clone());
    let app = app.with_sessions(&site.sessions).unwrap();
    let mut tab = Tab { browser: Browser::new(&app), process: None };
    for scope in ["browser", "volatile-browser"] {
        tab.set(scope, "a cart").await;
    }
    gate.close();
    let mut hanging = tab.clone();
    let request = tokio::spawn(async move { hanging.fetch(Method::POST, "/hang", "").await });
    gate.arrived().await;
    assert_eq!(tab.get("browser").await, None, "the token is exchanged");
    request.abort();
    let _ = request.await;
    site.sessions.shutdown().await;
    for scope in ["browser", "volatile-browser"] {
        assert_eq!(tab.get(scope).await.as_deref(), Some("a cart"), "{scope}: as if there had been no log-in");
        tab.set(scope, "more").await;
        assert_eq!(tab.get(scope).await.as_deref(), Some("more"), "{scope}");
    }
}

#[tokio::test]
async fn a_log_out_everywhere_clears_the_browsers_unless_it_is_told_not_to() {
    for (user_indep, left) in [("true", None), ("false", Some("a cart"))] {
        let site = Site::new().await;
        let (mut alice, mut phone, mut bob) = (site.tab(), site.tab(), site.tab());
        // One had a cart before the log-in, the other got it afterwards.
        alice.set("browser", "a cart").await;
        alice.post("/login/alice").await;
        phone.post("/login/alice").await;
        phone.set("browser", "a cart").await;
        bob.post("/login/bob").await;
        bob.set("browser", "a cart").await;
        alice.post(&format!("/logout-everywhere/{user_indep}")).await;
        assert_eq!(alice.get("browser").await.as_deref(), left);
        assert_eq!(phone.get("browser").await.as_deref(), left);
        assert_eq!(bob.get("browser").await.as_deref(), Some("a cart"));
        alice.set("browser", "a new cart").await;
        assert_eq!(alice.get("browser").await.as_deref(), Some("a new cart"));
    }
}

#[tokio::test]
async fn from_anywhere_likewise() {
    for (user_indep, left) in [(true, None), (false, Some("a cart"))] {
        let site = Site::new().await;
        let mut alice = site.tab();
        alice.post("/login/alice").await;
        alice.set("browser", "a cart").await;
        site.sessions.disconnect_all("alice").user_indep(user_indep).await.unwrap();
        assert_eq!(alice.get("browser").await.as_deref(), left);
    }
}

#[tokio::test]
async fn what_nobody_handed_out_is_not_adopted() {
    let site = Site::new().await;
    let mut tab = site.tab();
    let planted = "A".repeat(42) + "w";
    tab.browser.set_cookie(BROWSER_COOKIE, &planted);
    assert_eq!(tab.get("browser").await, None);
    tab.set("browser", "mine").await;
    assert_ne!(tab.browser.cookie(BROWSER_COOKIE), Some(&*planted));
    for garbage in ["", "x", &"A".repeat(43), &"A".repeat(5_000)] {
        let mut tab = site.tab();
        tab.browser.set_cookie(BROWSER_COOKIE, garbage);
        assert_eq!(tab.get("browser").await, None, "{garbage}");
        tab.post("/count").await;
    }
}

#[tokio::test]
async fn it_lives_as_long_as_it_is_seen() {
    let site = Site::new().await;
    let mut tab = site.tab();
    tab.set("browser", "a cart").await;
    assert_eq!(tab.get("browser").await.as_deref(), Some("a cart"), "its cookie has come back");
    for _ in 0..4 {
        site.clock.advance(Duration::from_hours(80 * 24));
        let answer = tab.fetch(Method::GET, "/slot/browser", "").await;
        assert_eq!(answer.text(), "\"a cart\"");
        assert!(
            answer.header("set-cookie").is_some_and(|cookie| cookie.contains("Max-Age=34560000")),
            "for as long again"
        );
    }
    site.clock.advance(Duration::from_hours(91 * 24));
    assert_eq!(tab.get("browser").await, None);
    tab.set("browser", "a new cart").await;
    assert_eq!(tab.get("browser").await.as_deref(), Some("a new cart"));
}

/// A browser whose cookie never left would be a row that nobody can reach.
#[tokio::test]
async fn what_an_answer_never_told_is_taken_back() {
    let store = StagedStore::default();
    let staged = store.clone();
    let site = Site::over(|_| Sessions::builder().store(staged)).await;

    #[connected(opt)]
    async fn hangs(session: Session) -> Result<(), Error> {
        BROWSER.set(&session, "a cart".to_owned()).await?;
        std::future::pending().await
    }

    let app = routing::Router::new().route("/", post(hangs)).with_sessions(&site.sessions).unwrap();
    let request = tokio::spawn(async move { Browser::new(&app).post("/", &[]).await });
    while store.slot_writes() == 0 {
        tokio::task::yield_now().await;
    }
    request.abort();
    let _ = request.await;
    site.sessions.shutdown().await;
    assert_eq!(store.browsers_forgotten(), 1);
}

#[tokio::test]
async fn what_outlives_its_response_makes_no_browser() {
    static LATE: Slot<u32, scope::UserIndepSession> = Slot::persistent("late");

    /// Writes after the response has left, or while it leaves.
    #[connected(opt)]
    async fn late(session: Session, State(late): State<Late>) {
        let Late { leaves_first, store, gate, result } = late;
        os_session::spawn(async move {
            gate.pass().await;
            result.send(LATE.set(&session, 1).await).unwrap();
        });
        if !leaves_first {
            store.write_slot.arrived().await;
        }
    }

    #[derive(Clone)]
    struct Late {
        leaves_first: bool,
        store: StagedStore,
        gate: Gate,
        result: mpsc::UnboundedSender<Result<(), Error>>,
    }

    for leaves_first in [true, false] {
        let (store, gate) = (StagedStore::default(), Gate::default());
        let staged = store.clone();
        let site = Site::over(|_| Sessions::builder().store(staged)).await;
        let (result, mut results) = mpsc::unbounded_channel();
        let app = routing::Router::new().route("/", post(late)).with_state(Late {
            leaves_first,
            store: store.clone(),
            gate: gate.clone(),
            result,
        });
        let app = app.with_sessions(&site.sessions).unwrap();
        store.write_slot.close();
        if leaves_first {
            gate.close();
        }
        let answer = Browser::new(&app).post("/", &[]).await;
        assert!(answer.header("set-cookie").is_none());
        gate.open();
        store.write_slot.open();
        let error = results.recv().await.unwrap().expect_err("the response has left");
        assert!(matches!(error, Error::AnswerSent), "{error}");
        let made = u32::from(!leaves_first);
        assert_eq!((store.slot_writes(), store.browsers_forgotten()), (made, made), "none stays that nobody can reach");
    }
}

#[tokio::test]
async fn what_outlives_its_answer_cannot_begin_one() {
    static LATE: Slot<u32, scope::UserIndepSession> = Slot::persistent("late");

    #[connected(opt)]
    async fn late(session: Session) {
        os_session::spawn(async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let error = LATE.set(&session, 1).await.unwrap_err();
            assert!(matches!(error, Error::AnswerSent), "{error}");
            OVER.notify_one();
        });
    }
    static OVER: tokio::sync::Notify = tokio::sync::Notify::const_new();

    let site = Site::new().await;
    let app = routing::Router::new().route("/", post(late)).with_sessions(&site.sessions).unwrap();
    tokio::time::pause();
    Browser::new(&app).post("/", &[]).await;
    OVER.notified().await;
}

/// Returns the cookies that clients without cookies were given, each for a value of that many
/// bytes.
async fn visitors(site: &Site, number: usize, scope: &str, bytes: usize) -> Vec<String> {
    let value = "x".repeat(bytes);
    let mut cookies = Vec::new();
    for _ in 0..number {
        let mut visitor = site.tab();
        visitor.set(scope, &value).await;
        cookies.push(visitor.browser.cookie(BROWSER_COOKIE).unwrap().to_owned());
    }
    cookies
}

/// Returns how many of these cookies lead to a value.
async fn kept(site: &Site, cookies: &[String], scope: &str) -> usize {
    let mut kept = 0;
    for cookie in cookies {
        let mut visitor = site.tab();
        visitor.browser.set_cookie(BROWSER_COOKIE, cookie);
        kept += usize::from(visitor.get(scope).await.is_some());
    }
    kept
}

fn of_a_hundred(clock: Clock) -> SessionsBuilder {
    Sessions::builder().store(MemoryStore::with_clock(clock)).max_browsers(100)
}

#[tokio::test]
async fn clients_without_cookies_take_nothing_from_one_that_came_back() {
    let site = Site::over(of_a_hundred).await;
    let (mut customer, mut user) = (site.tab(), site.tab());
    customer.set("browser", "a cart").await;
    assert_eq!(customer.get("browser").await.as_deref(), Some("a cart"));
    user.post("/login/alice").await;
    user.set("browser", "alice's cart").await;

    let cookies = visitors(&site, 3_000, "browser", 60_000).await;
    assert_eq!(kept(&site, &cookies[2_950..], "browser").await, 50, "those that came last have room");
    assert_eq!(kept(&site, &cookies, "browser").await, 98, "and as many as there is room for");
    assert_eq!(customer.get("browser").await.as_deref(), Some("a cart"));
    assert_eq!(user.get("browser").await.as_deref(), Some("alice's cart"));
}

#[tokio::test]
async fn what_a_browser_never_came_back_for_lives_an_hour() {
    let site = Site::over(of_a_hundred).await;
    let mut customer = site.tab();
    customer.set("browser", "a cart").await;
    site.clock.advance(Duration::from_mins(59));
    assert_eq!(customer.get("browser").await.as_deref(), Some("a cart"));
    let cookies = visitors(&site, 5, "browser", 10).await;
    site.clock.advance(Duration::from_hours(1));
    assert_eq!(kept(&site, &cookies, "browser").await, 0);
    site.clock.advance(Duration::from_hours(24 * 89));
    assert_eq!(
        customer.get("browser").await.as_deref(),
        Some("a cart"),
        "one that came back lives as long as it is seen"
    );
}

#[tokio::test]
async fn what_the_first_request_does_is_no_return_of_its_cookie() {
    #[connected(opt)]
    async fn several(session: Session) -> Result<(), Error> {
        BROWSER.set(&session, "a cart".to_owned()).await?;
        COUNTER.update(&session, |count| *count += 1).await?;
        volatile::BROWSER.set(&session, "a cart".to_owned()).await?;
        assert!(BROWSER.get(&session).await?.is_some());
        COUNTER.take(&session).await?;
        Ok(())
    }

    let site = Site::over(of_a_hundred).await;
    let app = routing::Router::new().route("/", post(several)).with_sessions(&site.sessions).unwrap();
    let mut bot = Browser::new(&app);
    assert_eq!(bot.post("/", &[]).await.status(), 200);
    let cookies = [bot.cookie(BROWSER_COOKIE).unwrap().to_owned()];
    site.clock.advance(Duration::from_mins(61));
    assert_eq!(kept(&site, &cookies, "browser").await, 0);
}

#[tokio::test(start_paused = true)]
async fn volatile_values_of_browsers_are_bounded_likewise() {
    let site = Site::over(of_a_hundred).await;
    let mut customer = site.tab();
    customer.set("volatile-browser", "a cart").await;
    assert_eq!(customer.get("volatile-browser").await.as_deref(), Some("a cart"));
    let cookies = visitors(&site, 300, "volatile-browser", 10).await;
    assert_eq!(kept(&site, &cookies, "volatile-browser").await, 99, "as many as there is room for");
    tokio::time::advance(Duration::from_millis(1)).await;
    assert_eq!(customer.get("volatile-browser").await.as_deref(), Some("a cart"));

    let cookies = visitors(&site, 1, "volatile-browser", 10).await;
    tokio::time::sleep(Duration::from_mins(62)).await;
    assert_eq!(kept(&site, &cookies, "volatile-browser").await, 0);
    assert_eq!(customer.get("volatile-browser").await.as_deref(), Some("a cart"));
}
