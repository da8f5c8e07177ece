//! Configurations that cannot work: each is found before the first request, and told with what to do about it.
//!
//! A hook here waits for a state, which the tests that need working `Sessions` hand over. States count for the whole
//! process, so those tests see to it first that their absence was noticed.

use std::time::Duration;

use axum::extract::State;
use os_session::routing::{self, get};
use os_session::testing::Browser;
use os_session::{Error, GroupName, Sessions, SessionsBuilder, UserId, connected, connected_rpc, on_open_session};
use tokio::sync::OnceCell;

/// Both are handed over together, after their absence was noticed.
#[derive(Clone)]
struct Audit;

#[derive(Clone)]
struct Ledger;

#[on_open_session(state = Audit)]
async fn write_down(_user: UserId, State(_audit): State<Audit>) {}

#[connected_rpc(state = Ledger)]
async fn book(_user: UserId) -> Result<(), Error> {
    Ok(())
}

#[connected(deny = "bannned")]
async fn misspelt() {}

enum Group {
    Librarian,
}

impl GroupName for Group {
    fn group_name(&self) -> &'static str {
        match self {
            Self::Librarian => "librarain",
        }
    }
}

#[connected(allow = Group::Librarian)]
async fn misspelt_by_a_path() {}

#[connected]
async fn login() {}

#[connected(opt, allow = "admin")]
async fn login_for_admins() {}

#[connected(opt)]
async fn call_book() -> Result<(), Error> {
    book().await
}

async fn mistakes(builder: SessionsBuilder) -> Vec<String> {
    match builder.build().await {
        Err(Error::Config(mistakes)) => mistakes,
        Err(other) => panic!("another error: {other}"),
        Ok(_) => panic!("it was built"),
    }
}

/// The message, if the states are missing: asked before anybody hands them over.
async fn missing_states() -> &'static [String] {
    static FOUND: OnceCell<Vec<String>> = OnceCell::const_new();
    FOUND.get_or_init(|| mistakes(Sessions::builder())).await
}

/// A builder that lacks nothing.
async fn complete() -> SessionsBuilder {
    missing_states().await;
    Sessions::builder().state(Audit).state(Ledger)
}

#[tokio::test]
async fn a_hook_and_a_server_function_without_their_state_are_named() {
    let [hook, book] = missing_states().await else { panic!("two: {:?}", missing_states().await) };
    for (line, parts) in [
        (hook, ["#[on_open_session]", "write_down", "configuration.rs:", "state = Audit", ".state(…)"]),
        (book, ["", "book", "configuration.rs:", "state = Ledger", ".state(…)"]),
    ] {
        assert!(parts.iter().all(|part| line.contains(part)), "{line}");
    }
    complete().await.build().await.expect("with their states it can be built");
}

#[tokio::test]
async fn a_function_whose_state_other_sessions_have_is_refused_under_these() {
    complete().await.build().await.expect("somebody has it");
    let sessions = Sessions::builder().build().await.expect("so these need not");
    let app = routing::Router::new().route("/", get(call_book)).with_sessions(&sessions).unwrap();
    let mut alice = Browser::connected(&app, &sessions, "alice").await.unwrap();
    assert_eq!(alice.get("/").await.status(), 500);
}

/// Configures what cannot work, and gives the parts of the one line that has to be reported.
async fn reported(configure: impl FnOnce(SessionsBuilder) -> SessionsBuilder, parts: &[&str]) {
    let mistakes = mistakes(configure(complete().await)).await;
    let found = mistakes.iter().any(|line| parts.iter().all(|part| line.contains(part)));
    assert!(found, "{parts:?} in {mistakes:#?}");
}

const MINUTE: Duration = Duration::from_mins(1);

#[tokio::test]
async fn a_prefix_that_wants_https_cannot_go_over_plain_http() {
    for name in
        ["__Host-sid", "__Secure-sid", "__host-sid", "__Http-sid", "__HTTP-sid", "__Host-Http-sid", "__host-http-sid"]
    {
        let parts = [name, "insecure_plain_http()", "leave out one of the two"];
        reported(|builder| builder.cookie_name(name).insecure_plain_http(), &parts).await;
    }
}

#[tokio::test]
async fn what_cannot_be_a_cookies_name_is_none() {
    for name in ["", "a b", "a=b", "a;b", "caf\u{e9}", "a\r\nb", &"a".repeat(129)] {
        reported(|builder| builder.cookie_name(name), &["cannot be the name of a cookie", "letters"]).await;
    }
}

#[tokio::test]
async fn lifetimes_must_not_contradict_each_other() {
    for (idle, absolute) in [(Duration::ZERO, MINUTE), (MINUTE, Duration::ZERO)] {
        reported(|builder| builder.lifetime(idle, absolute), &["persistent", "zero"]).await;
        reported(|builder| builder.browser_lifetime(idle, absolute), &["browser", "zero"]).await;
    }
    reported(|builder| builder.lifetime(2 * MINUTE, MINUTE), &["persistent", "longer", "make it shorter"]).await;
    reported(|builder| builder.browser_lifetime(2 * MINUTE, MINUTE), &["browser", "longer", "make it shorter"]).await;
    let too_rarely = |builder: SessionsBuilder| builder.lifetime(10 * MINUTE, 20 * MINUTE).touch_interval(6 * MINUTE);
    reported(too_rarely, &["touch interval", "persistent", "make it shorter"]).await;
}

#[tokio::test]
async fn every_duration_works_or_is_a_mistake() {
    const DAY: Duration = Duration::from_hours(24);
    let micro = Duration::from_micros(1);
    for absolute in [401 * DAY, Duration::MAX] {
        reported(|builder| builder.lifetime(DAY, absolute), &["persistent", "400 days", "absolute"]).await;
        reported(|builder| builder.browser_lifetime(DAY, absolute), &["browser", "400 days", "absolute"]).await;
        reported(|builder| builder.browser_idle(absolute), &["browser_idle", "400 days"]).await;
        reported(|builder| builder.new_browser_idle(absolute), &["new_browser_idle", "400 days"]).await;
        reported(|builder| builder.purge_interval(absolute), &["purge interval", "400 days"]).await;
    }
    reported(|builder| builder.lifetime(micro, DAY), &["idle", "persistent", "at least 1ms", "1µs"]).await;
    reported(|builder| builder.browser_lifetime(micro, DAY), &["idle", "browser", "at least 1ms", "1µs"]).await;
    reported(|builder| builder.lifetime(micro, micro), &["absolute", "persistent", "at least 1s"]).await;
    reported(|builder| builder.hook_deadline(micro), &["deadline for hooks", "at least 1ms"]).await;
    reported(|builder| builder.purge_interval(micro), &["purge interval", "at least 1ms"]).await;
    reported(|builder| builder.browser_idle(micro), &["browser_idle", "at least 1ms"]).await;
    reported(|builder| builder.browser_idle(Duration::ZERO), &["browser_idle", "zero"]).await;
    reported(|builder| builder.touch_interval(Duration::MAX), &["touch interval", "make it shorter"]).await;

    let longest = complete()
        .await
        .lifetime(400 * DAY, 400 * DAY)
        .browser_lifetime(400 * DAY, 400 * DAY)
        .touch_interval(200 * DAY)
        .hook_deadline(Duration::MAX)
        .purge_interval(400 * DAY)
        .browser_idle(400 * DAY);
    let ms = Duration::from_millis(1);
    let shortest = complete()
        .await
        .lifetime(Duration::from_secs(1), Duration::from_secs(1))
        .browser_lifetime(ms, ms)
        .touch_interval(Duration::ZERO)
        .hook_deadline(ms)
        .purge_interval(ms)
        .browser_idle(ms);
    for builder in [longest, shortest] {
        let sessions = builder.build().await.expect("the limits themselves work");
        let app = routing::Router::new().route("/", get(login)).with_sessions(&sessions).unwrap();
        let mut alice = Browser::connected(&app, &sessions, "alice").await.expect("a log-in works");
        assert_eq!(alice.get("/").await.status(), 200);
    }
}

#[tokio::test]
async fn zero_is_no_limit_no_deadline_and_no_interval() {
    reported(|builder| builder.max_slot_bytes(0), &["max_slot_bytes(0)", "allow"]).await;
    reported(|builder| builder.max_sessions_per_user(0), &["max_sessions_per_user(0)", "at least one"]).await;
    reported(|builder| builder.hook_deadline(Duration::ZERO), &["deadline for hooks", "zero"]).await;
    reported(|builder| builder.purge_interval(Duration::ZERO), &["purge interval", "zero"]).await;
}

#[tokio::test]
async fn the_log_in_page_is_on_this_site() {
    for url in ["", "login", "https://login.example/", "//login.example", "/\\login.example", "/lo\ngin"] {
        reported(|builder| builder.login_url(url), &["login_url", "starts with a single `/`"]).await;
    }
}

#[tokio::test]
async fn an_address_is_written_as_browsers_ask_for_it() {
    type Configure = fn(SessionsBuilder, &str) -> SessionsBuilder;
    let pages: [(&str, Configure); 2] = [
        ("login_url", |builder, url| builder.login_url(url)),
        ("confirm_url", |builder, url| builder.confirm_url(url)),
    ];
    let client: (&str, Configure) = ("client_url", |builder, url| builder.client_url(url));
    let for_any = [
        ("/login#form", "fragment"),
        ("/login?a=b#form", "fragment"),
        ("/log in", "leads elsewhere"),
        ("/login\\", "leads elsewhere"),
        ("/login\u{7f}", "leads elsewhere"),
        ("//login", "leads elsewhere"),
        ("http://app.example/login", "leads elsewhere"),
        ("/anmelden/\u{fc}ber", "percent-encode"),
        ("/{lang}/login", "percent-encode"),
        ("/a/../login", "segments"),
        ("/a/%2E./login", "segments"),
        ("/./login", "segments"),
    ];
    for (url, why) in for_any {
        for (name, configure) in pages.iter().chain([&client]) {
            reported(|builder| configure(builder, url), &[name, "must be", &format!("{url:?}"), why]).await;
        }
    }
    for url in ["/login?next=/", "/login?lang=en&next", "/login?n%65xt=/"] {
        for (name, configure) in pages {
            reported(|builder| configure(builder, url), &[name, &format!("{url:?}"), "leave out `next`"]).await;
        }
    }
    reported(|builder| builder.client_url("/app?a=b"), &["client_url", "leave out the query"]).await;
    for url in ["/", "/login", "/login?lang=en", "/login?nextpage=2", "/an%20melden/...", "/a;b=c/login?d[0"] {
        let url = url.replace('[', "%5B");
        complete().await.login_url(url.clone()).confirm_url(url).client_url("/app/os-session/").build().await.unwrap();
    }
}

#[tokio::test]
async fn a_trusted_origin_is_written_as_browsers_write_it() {
    for (origin, fix) in [
        ("app.example", "`scheme://`"),
        ("https://app.example/path", "write `https://app.example`"),
        ("https://app.example/", "write `https://app.example`"),
        ("https://shop.example:8443/", "write `https://shop.example:8443`"),
        ("https://app.example?a", "write `https://app.example`"),
        ("https://app.example#a", "write `https://app.example`"),
        ("https://me:secret@shop.example", "write `https://shop.example`"),
        ("https://caf\u{e9}.example", "xn--"),
        ("https://*.app.example", "name each origin"),
        (" https://app.example", "white space"),
        ("https://app.example:", "scheme://host"),
        ("https://app.example:99999", "scheme://host"),
        ("https://127.1", "four decimal numbers"),
        ("https://0x7f000001", "four decimal numbers"),
        ("wss://shop.example", "write `https://shop.example`"),
        ("file:///", "no host"),
        ("null", "`null`"),
        ("*", ""),
        ("", ""),
    ] {
        let given = format!("{origin:?}");
        reported(|builder| builder.trusted_origin(origin), &["trusted_origin", "https://app.example", &given, fix])
            .await;
    }
    let several = mistakes(complete().await.trusted_origin("a.example").trusted_origin("b.example")).await;
    assert_eq!(several.len(), 2, "{several:?}");
    for origin in [
        "https://app.example",
        "https://app.example:443",
        "HTTPS://APP.EXAMPLE",
        "https://xn--caf-dma.example",
        "http://localhost:3000",
        "http://127.0.0.1",
        "http://[::1]:3000",
        "capacitor://localhost",
        "ionic://localhost",
        "tauri://localhost",
        "app://bundle",
        "chrome-extension://abcdefghijklmnop",
    ] {
        complete().await.trusted_origin(origin).build().await.unwrap_or_else(|error| panic!("{origin}: {error}"));
    }
}

async fn no_groups(_: UserId) -> [&'static str; 0] {
    []
}

#[tokio::test]
async fn a_misspelt_group_cannot_start() {
    let groups = |builder: SessionsBuilder| builder.groups(["banned", "admin"], no_groups);
    reported(groups, &["misspelt", "configuration.rs:", "`bannned`", "similar name: `banned`"]).await;
    let groups = |builder: SessionsBuilder| builder.groups(["librarian"], no_groups);
    reported(groups, &["misspelt_by_a_path", "`librarain`", "similar name: `librarian`"]).await;
}

#[tokio::test]
async fn a_misspelt_group_of_the_store_cannot_be_served() {
    let sessions = complete().await.build().await.unwrap();
    for name in ["banned", "librarian"] {
        sessions.groups().create(name).await.unwrap();
    }
    let router: routing::Router = routing::Router::new()
        .route("/", get(misspelt))
        .nest("/inside", routing::Router::new().route("/", get(misspelt_by_a_path)));
    let Err(Error::Config(mistakes)) = router.clone().with_sessions(&sessions) else { panic!("it can") };
    let [first, second] = &mistakes[..] else { panic!("two: {mistakes:?}") };
    assert!(first.contains("::misspelt ") && first.contains("similar name: `banned`"), "{first}");
    assert!(second.contains("::misspelt_by_a_path ") && second.contains("similar name: `librarian`"), "{second}");

    for name in ["bannned", "librarain"] {
        sessions.groups().create(name).await.unwrap();
    }
    let _ = router.with_sessions(&sessions).expect("once they are there, they are no mistakes");
}

#[tokio::test]
async fn a_log_in_page_that_needs_a_connection_cannot_be_served() {
    let sessions = complete().await.login_url("/account/login?lang=en").build().await.unwrap();
    sessions.groups().create("admin").await.unwrap();
    let nested =
        |handlers| routing::Router::<()>::new().nest("/account", routing::Router::new().route("/login", handlers));
    for router in [nested(get(login)), nested(get(login_for_admins)), nested(routing::any(login))] {
        let Err(Error::Config(mistakes)) = router.with_sessions(&sessions) else { panic!("it can") };
        let [mistake] = &mistakes[..] else { panic!("one: {mistakes:?}") };
        for part in ["login_url", "configuration.rs:", "#[connected(opt)]"] {
            assert!(mistake.contains(part), "{mistake}");
        }
    }
    let _ = nested(routing::post(login)).with_sessions(&sessions).expect("browsers are sent there by GET");
}

#[tokio::test]
async fn all_mistakes_are_told_together() {
    let builder = complete()
        .await
        .cookie_name("__Host-a b")
        .insecure_plain_http()
        .lifetime(2 * MINUTE, MINUTE)
        .browser_lifetime(Duration::ZERO, Duration::ZERO)
        .max_sessions_per_user(0)
        .hook_deadline(Duration::ZERO)
        .purge_interval(Duration::ZERO)
        .login_url("https://login.example")
        .trusted_origin("app.example")
        .groups(["banned", "librarian"], no_groups);
    let error = builder.build().await.expect_err("nothing of it can work");
    let text = error.to_string();
    for part in [
        "leave out one of the two",
        "cannot be the name of a cookie",
        "is longer than the absolute one",
        "browser sessions is zero",
        "max_sessions_per_user(0)",
        "deadline for hooks",
        "purge interval",
        "login_url",
        "trusted_origin",
        "`bannned`",
        "`librarain`",
    ] {
        assert_eq!(text.matches(part).count(), 1, "{part} in {text}");
    }
    assert!(text.starts_with("the configuration cannot work:\n  - "), "a line for each: {text}");
}
