//! Requests that another site made a browser send.

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::http::{Method, Request};
use os_session::routing::{self, get, post};
use os_session::testing::Browser;
use os_session::{Error, Session, UserId, connected, connected_rpc};
use os_session_tests::log::caught;

use crate::site::{COOKIE, Site, login, me, request, set_cookies, who, who_is_in};

type Headers = &'static [(&'static str, &'static str)];

fn sent(method: Method, path: &str, headers: Headers) -> Request<Body> {
    let mut request = request(method, path);
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().expect("a header value"));
    }
    request
}

/// Go's table for `CrossOriginProtection`: what a request for `https://app.example` says, and whether it may pass.
const TABLE: &[(Headers, bool)] = &[
    (&[("sec-fetch-site", "same-origin")], true),
    (&[("sec-fetch-site", "none")], true),
    (&[("sec-fetch-site", "same-site")], false),
    (&[("sec-fetch-site", "cross-site")], false),
    (&[("sec-fetch-site", "Same-Origin")], false),
    (&[("sec-fetch-site", "anything else")], false),
    (&[], true),
    (&[("origin", "https://app.example")], true),
    (&[("origin", "https://evil.example")], false),
    (&[("origin", "https://app.example.evil.example")], false),
    (&[("origin", "https://app.example:8443")], false),
    (&[("origin", "https://sub.app.example")], false),
    (&[("origin", "null")], false),
    (&[("origin", "garbage")], false),
    (&[("origin", "https://app.example:8443"), ("host", "app.example:8443")], true),
    (&[("origin", "https://app.example"), ("host", "app.example:8443")], false),
    // The default port may be written, and a host in capital letters: to a browser it is the same
    // origin.
    (&[("origin", "https://app.example"), ("host", "app.example:443")], true),
    (&[("origin", "https://app.example:443"), ("host", "app.example")], true),
    (&[("origin", "https://app.example"), ("host", "APP.Example")], true),
    (&[("origin", "https://app.example"), ("host", "app.example:80")], false),
    (&[("origin", "https://[::1]:8443"), ("host", "[::1]:8443")], true),
    (&[("origin", "capacitor://app.example")], false),
    (&[("origin", "https://me@app.example")], false),
    (&[("origin", "https://app.example/")], false),
    (&[("origin", "https://app.example https://app.example")], false),
    // Where the browser says which site it was, that decides.
    (&[("sec-fetch-site", "same-origin"), ("origin", "https://evil.example")], true),
    (&[("sec-fetch-site", "cross-site"), ("origin", "https://app.example")], false),
    (&[("sec-fetch-site", "same-site"), ("origin", "https://app.example")], false),
    (&[("referer", "https://evil.example/")], true),
];

fn every_method(sessions: &os_session::Sessions) -> [Router; 2] {
    let declared = routing::Router::new().route("/", routing::any(who)).with_sessions(sessions).unwrap();
    let plain = Router::new().route("/", axum::routing::any(who)).layer(sessions.layer());
    [declared, plain]
}

#[tokio::test]
async fn what_changes_something_comes_from_this_site() {
    let site = Site::new().await;
    for app in every_method(&site.sessions) {
        let alice = Browser::connected(&app, &site.sessions, "alice").await.unwrap();
        for (headers, passes) in TABLE {
            for method in ["POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "PROPFIND"] {
                let method: Method = method.parse().unwrap();
                let answer = alice.clone().send(sent(method.clone(), "/", headers)).await;
                assert_eq!(answer.status(), if *passes { 200 } else { 403 }, "{method} {headers:?}");
            }
            for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
                let answer = alice.clone().send(sent(method.clone(), "/", headers)).await;
                assert_eq!(answer.status(), 200, "{method} {headers:?}");
            }
        }
    }
}

#[connected(opt)]
async fn never() -> &'static str {
    panic!("the handler was reached")
}

async fn plain_never(_: Option<UserId>) -> &'static str {
    panic!("the handler was reached")
}

async fn plain_never_with_session(_: Session) -> &'static str {
    panic!("the handler was reached")
}

#[tokio::test]
async fn a_request_from_another_site_is_refused_before_the_session_is_touched() {
    let (site, store) = Site::watched(|builder| builder).await;
    let declared = routing::Router::new().route("/", post(never)).with_sessions(&site.sessions).unwrap();
    let plain = Router::new()
        .route("/", axum::routing::post(never))
        .route("/user", axum::routing::post(plain_never))
        .route("/session", axum::routing::post(plain_never_with_session))
        .layer(site.sessions.layer());
    for (app, paths) in [(declared, &["/"][..]), (plain, &["/", "/user", "/session"])] {
        let alice = Browser::connected(&app, &site.sessions, "alice").await.unwrap();
        store.calls.clear();
        for path in paths {
            let answer = alice.clone().send(sent(Method::POST, path, &[("sec-fetch-site", "cross-site")])).await;
            assert_eq!(answer.status(), 403, "{path}");
            assert_eq!(set_cookies(&answer), [""; 0]);
        }
        assert_eq!(store.calls.take(), [""; 0]);
        assert_eq!(site.log.take(), [""; 0], "and no hook hears of it");
    }
}

#[tokio::test]
async fn the_refusal_names_both_exceptions() {
    let site = Site::new().await;
    let answer = site.browser().send(sent(Method::POST, "/me", &[("sec-fetch-site", "cross-site")])).await;
    assert_eq!((answer.status().as_u16(), answer.header("content-type")), (403, Some("application/problem+json")));
    assert!(answer.text().contains("trusted_origin"), "{}", answer.text());
    assert!(answer.text().contains("cross_site = "), "{}", answer.text());
}

#[tokio::test]
async fn a_log_in_and_a_log_out_are_refused_as_well() {
    let site = Site::new().await;
    let alice = site.browser_of("alice").await;
    for (headers, _) in TABLE.iter().filter(|(_, passes)| !passes) {
        let mut victim = site.browser();
        let answer = victim.send(sent(Method::POST, "/login/mallory", headers)).await;
        assert_eq!(answer.status(), 403, "{headers:?}");
        assert_eq!(victim.cookie(COOKIE), None, "{headers:?}");
        let answer = alice.clone().send(sent(Method::POST, "/logout", headers)).await;
        assert_eq!(answer.status(), 403, "{headers:?}");
    }
    assert_eq!(site.memory.len(), 1);
    assert_eq!(who_is_in(&alice).await, "alice");
}

#[tokio::test]
async fn a_trusted_origin_is_one_origin_and_no_other() {
    let site = Site::with(|builder| builder.trusted_origin("https://partner.example")).await;
    let alice = site.browser_of("alice").await;
    for (headers, passes) in [
        (&[("sec-fetch-site", "cross-site"), ("origin", "https://partner.example")][..], true),
        (&[("sec-fetch-site", "same-site"), ("origin", "https://partner.example")], true),
        (&[("origin", "https://partner.example")], true),
        (&[("origin", "http://partner.example")], false),
        (&[("origin", "https://partner.example:8443")], false),
        (&[("origin", "https://partner.example.evil.example")], false),
        (&[("origin", "https://www.partner.example")], false),
        (&[("origin", "https://evil.example/https://partner.example")], false),
        (&[("sec-fetch-site", "cross-site")], false),
        (&[("sec-fetch-site", "cross-site"), ("referer", "https://partner.example")], false),
    ] {
        let answer = alice.clone().send(sent(Method::POST, "/me", headers)).await;
        assert_eq!(answer.status(), if passes { 200 } else { 403 }, "{headers:?}");
    }
}

#[tokio::test]
async fn a_trusted_origin_is_compared_as_an_origin() {
    for (trusted, origin, passes) in [
        ("https://partner.example:443", "https://partner.example", true),
        ("HTTPS://Partner.Example", "https://partner.example", true),
        ("http://partner.example:80", "http://partner.example", true),
        ("http://[0:0::1]:3000", "http://[::1]:3000", true),
        ("capacitor://localhost", "capacitor://localhost", true),
        ("ionic://localhost", "ionic://localhost", true),
        ("tauri://localhost", "tauri://localhost", true),
        ("capacitor://localhost", "ionic://localhost", false),
        ("capacitor://localhost", "https://localhost", false),
        ("https://partner.example:80", "https://partner.example", false),
    ] {
        let site = Site::with(|builder| builder.trusted_origin(trusted)).await;
        let mut alice = site.browser_of("alice").await;
        let mut request = sent(Method::POST, "/me", &[("sec-fetch-site", "cross-site")]);
        request.headers_mut().insert("origin", origin.parse().unwrap());
        let answer = alice.send(request).await;
        assert_eq!(answer.status(), if passes { 200 } else { 403 }, "{trusted} {origin}");
    }
}

/// Over HTTP/2 the host is in the request's target.
#[tokio::test]
async fn the_host_of_the_target_counts_where_there_is_one() {
    let site = Site::new().await;
    let alice = site.browser_of("alice").await;
    for (origin, passes) in [("https://app.example", true), ("https://evil.example", false)] {
        let mut request = request(Method::POST, "https://app.example:443/me");
        request.headers_mut().remove("host");
        request.headers_mut().insert("origin", origin.parse().unwrap());
        assert_eq!(alice.clone().send(request).await.status(), if passes { 200 } else { 403 }, "{origin}");
    }
}

/// An attacker on the network can write a page of this host over plain HTTP. Browsers of today send
/// that it is another site; older ones send `Origin` alone.
#[tokio::test]
async fn a_page_over_plain_http_is_another_site_where_the_cookie_is_secure() {
    let plain: Headers = &[("origin", "http://app.example")];
    let site = Site::new().await;
    let alice = site.browser_of("alice").await;
    for path in ["/me", "/logout", "/login/mallory"] {
        assert_eq!(alice.clone().send(sent(Method::POST, path, plain)).await.status(), 403, "{path}");
    }
    assert_eq!(who_is_in(&alice).await, "alice");

    let site = Site::with(os_session::SessionsBuilder::insecure_plain_http).await;
    let alice = site.browser_of("alice").await;
    for headers in [plain, &[("origin", "http://app.example"), ("host", "app.example:80")]] {
        assert_eq!(alice.clone().send(sent(Method::POST, "/me", headers)).await.status(), 200, "{headers:?}");
    }
    let over_https: Headers = &[("origin", "https://app.example")];
    assert_eq!(
        alice.clone().send(sent(Method::POST, "/me", over_https)).await.status(),
        200,
        "a proxy has the certificate"
    );
}

/// A page of another site may have come over plain HTTP, from inside an app for example.
#[tokio::test]
async fn the_scheme_of_a_trusted_page_elsewhere_is_not_ours() {
    let site =
        Site::with(|builder| builder.trusted_origin("http://localhost").trusted_origin("http://app.example")).await;
    for headers in [
        &[("origin", "http://localhost"), ("sec-fetch-site", "cross-site")][..],
        &[("origin", "http://localhost")],
        &[("origin", "http://app.example"), ("sec-fetch-site", "cross-site")],
    ] {
        let mut browser = site.browser();
        let answer = browser.send(sent(Method::POST, "/login/alice", headers)).await;
        assert_eq!(answer.status(), 200, "{headers:?}: {}", answer.text());
        assert!(browser.cookie(COOKIE).is_some());
    }
}

#[tokio::test]
async fn where_an_origin_is_required_a_cookie_without_one_changes_nothing() {
    let site = Site::with(os_session::SessionsBuilder::require_origin).await;
    for app in every_method(&site.sessions) {
        let alice = Browser::connected(&app, &site.sessions, "alice").await.unwrap();
        for (headers, passes) in [
            (&[][..], false),
            (&[("origin", "")], false),
            (&[("sec-fetch-site", "")], false),
            (&[("referer", "https://app.example/")], false),
            (&[("origin", "https://app.example")], true),
            (&[("sec-fetch-site", "same-origin")], true),
        ] {
            for method in [Method::POST, Method::DELETE] {
                let answer = alice.clone().send(sent(method.clone(), "/", headers)).await;
                assert_eq!(answer.status(), if passes { 200 } else { 403 }, "{method} {headers:?}");
            }
            assert_eq!(alice.clone().send(sent(Method::GET, "/", headers)).await.status(), 200, "{headers:?}");
        }
        let stream: Headers = &[("accept", "text/event-stream")];
        assert_eq!(alice.clone().send(sent(Method::GET, "/", stream)).await.status(), 403, "a channel is no page");
        let without_a_cookie = Browser::new(&app).send(sent(Method::POST, "/", &[])).await;
        assert_eq!(without_a_cookie.status(), 200, "there is nothing that another site could use");
    }
}

#[connected(opt, cross_site = "the payment provider posts here")]
async fn payment(user: Option<UserId>) -> String {
    who(os_session::testing::admitted(), user).await
}

#[connected(allow = "admin", cross_site = "the payment provider posts here")]
async fn refund() {}

#[connected(opt, cross_site = "other shops log their customers in")]
async fn partner_login(session: Session) -> Result<(), Error> {
    session.connect("bob").await
}

#[tokio::test]
async fn a_handler_may_say_that_other_sites_send_it_requests_and_why() {
    let site = Site::new().await;
    let router = routing::Router::new()
        .route("/payment", post(payment))
        .route("/refund", post(refund))
        .route("/partner-login", get(partner_login).post(partner_login))
        .route("/me", post(me));
    let table = router.access_table().to_string();
    assert!(table.contains("cross-site: the payment provider posts here"), "{table}");
    let app = router.with_sessions(&site.sessions).unwrap();
    let cross_site =
        |method, path| sent(method, path, &[("sec-fetch-site", "cross-site"), ("origin", "https://bank.example")]);

    let mut alice = Browser::connected(&app, &site.sessions, "alice").await.unwrap();
    assert_eq!(alice.send(cross_site(Method::POST, "/payment")).await.text(), "alice");
    assert_eq!(alice.send(cross_site(Method::POST, "/refund")).await.status(), 403, "its rule holds all the same");
    assert_eq!(alice.send(cross_site(Method::POST, "/me")).await.status(), 403, "and the others are as before");
    for method in [Method::GET, Method::POST] {
        let mut customer = Browser::new(&app);
        assert_eq!(customer.send(cross_site(method.clone(), "/partner-login")).await.status(), 200, "{method}");
        assert!(customer.cookie(COOKIE).is_some());
    }
}

#[tokio::test]
async fn the_handshake_of_a_channel_is_judged_like_what_changes_something() {
    let site = Site::new().await;
    for app in every_method(&site.sessions) {
        let alice = Browser::connected(&app, &site.sessions, "alice").await.unwrap();
        for (headers, expected) in [
            (&[("upgrade", "websocket"), ("connection", "upgrade"), ("origin", "https://app.example")][..], 200),
            (&[("upgrade", "websocket"), ("connection", "upgrade"), ("origin", "https://evil.example")], 403),
            (&[("upgrade", "websocket"), ("origin", "null")], 403),
            (&[("upgrade", "WebSocket"), ("sec-fetch-site", "cross-site")], 403),
            (&[("upgrade", "websocket"), ("sec-fetch-site", "same-origin")], 200),
            (&[("accept", "text/event-stream"), ("sec-fetch-site", "same-origin")], 200),
            (&[("accept", "text/event-stream"), ("sec-fetch-site", "cross-site")], 403),
            (&[("accept", "text/event-stream"), ("sec-fetch-site", "same-site")], 403),
            (&[("accept", "text/event-stream"), ("origin", "https://evil.example")], 403),
            (&[("accept", "text/event-stream")], 200),
        ] {
            let answer = alice.clone().send(sent(Method::GET, "/", headers)).await;
            assert_eq!(answer.status(), expected, "{headers:?}");
        }
    }
}

#[tokio::test]
async fn no_link_of_another_site_logs_anybody_in() {
    let site = Site::new().await;
    let router = routing::Router::new().route("/login/{user}", get(login)).route("/who", get(who));
    let app = router.with_sessions(&site.sessions).unwrap();
    for (headers, expected) in [
        (&[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")][..], 403),
        (&[("sec-fetch-site", "same-site")], 403),
        (&[("sec-fetch-site", "same-origin")], 200),
        (&[("sec-fetch-site", "none")], 200),
        (&[], 200),
    ] {
        let stored = site.memory.len();
        let mut browser = Browser::new(&app);
        let answer = browser.send(sent(Method::GET, "/login/mallory", headers)).await;
        assert_eq!(answer.status(), expected, "{headers:?}");
        assert_eq!(browser.cookie(COOKIE).is_some(), expected == 200, "{headers:?}");
        assert_eq!(site.memory.len() - stored, usize::from(expected == 200), "{headers:?}");
    }
    let linked = Browser::new(&app).send(sent(Method::GET, "/who", &[("sec-fetch-site", "cross-site")])).await;
    assert_eq!(linked.status(), 200, "a link from elsewhere works");
}

#[connected(opt)]
async fn leave(session: Session, Path(how): Path<String>) -> Result<(), Error> {
    change(&session, &how).await
}

#[connected(opt, cross_site = "the identity provider's front-channel log-out")]
async fn front_channel(session: Session, Path(how): Path<String>) -> Result<(), Error> {
    change(&session, &how).await
}

/// Each change of the login state but a log-in.
async fn change(session: &Session, how: &str) -> Result<(), Error> {
    let sessions = session.sessions();
    let own = async || sessions.of_user("alice").await.map(|sessions| sessions[0].handle);
    match how {
        "disconnect" => session.disconnect().await,
        "disconnect-all" => session.disconnect_all().await,
        "disconnect-others" => session.disconnect_others().await,
        "close" => session.close(own().await?).await,
        "confirm" => session.confirm().await,
        "disconnect-all-of" => sessions.disconnect_all("alice").await,
        "close-of" => sessions.close("alice", own().await?).await,
        "disconnect-all-of-bob" => sessions.disconnect_all("bob").await,
        other => panic!("{other} is no change"),
    }
}

const CHANGES: [&str; 7] =
    ["disconnect", "disconnect-all", "disconnect-others", "close", "confirm", "disconnect-all-of", "close-of"];

#[tokio::test]
async fn no_link_of_another_site_changes_the_login_state() {
    for how in CHANGES {
        let site = Site::new().await;
        let router = routing::Router::new().route("/leave/{how}", get(leave)).route("/who", get(who));
        let app = router.with_sessions(&site.sessions).unwrap();
        let path = format!("/leave/{how}");
        let alice = Browser::connected(&app, &site.sessions, "alice").await.unwrap();
        for headers in [
            &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")][..],
            &[("sec-fetch-site", "same-site"), ("sec-fetch-dest", "image")],
            &[("origin", "https://evil.example")],
        ] {
            for method in [Method::GET, Method::HEAD] {
                let answer = alice.clone().send(sent(method, &path, headers)).await;
                assert_eq!(answer.status(), 403, "{how} {headers:?}");
                assert_eq!(set_cookies(&answer), [""; 0], "{how} {headers:?}");
            }
        }
        assert_eq!(site.log.take(), [""; 0], "{how}: no session ended");
        assert_eq!(who_is_in(&alice).await, "alice", "{how}: with the token from before");
        let answer = alice.clone().send(sent(Method::GET, &path, &[("sec-fetch-site", "same-origin")])).await;
        assert_eq!(answer.status(), 200, "{how}");
    }
}

#[tokio::test]
async fn a_handler_that_admits_other_sites_may_change_the_login_state() {
    for how in CHANGES {
        let site = Site::new().await;
        let router = routing::Router::new().route("/front-channel/{how}", get(front_channel));
        let app = router.with_sessions(&site.sessions).unwrap();
        let mut alice = Browser::connected(&app, &site.sessions, "alice").await.unwrap();
        let linked = sent(Method::GET, &format!("/front-channel/{how}"), &[("sec-fetch-site", "cross-site")]);
        assert_eq!(alice.send(linked).await.status(), 200, "{how}");
    }
}

#[tokio::test]
async fn a_link_of_another_site_may_end_the_sessions_of_another_user() {
    let site = Site::new().await;
    let app = routing::Router::new().route("/leave/{how}", get(leave)).with_sessions(&site.sessions).unwrap();
    let _bob = site.browser_of("bob").await;
    let mut alice = Browser::connected(&app, &site.sessions, "alice").await.unwrap();
    let linked = sent(Method::GET, "/leave/disconnect-all-of-bob", &[("sec-fetch-site", "cross-site")]);
    assert_eq!(alice.send(linked).await.status(), 200);
    assert_eq!(site.log.take(), ["bob: disconnected everywhere"]);
}

/// Browsers without fetch metadata say where a script's request comes from in `Origin` alone.
#[tokio::test]
async fn no_script_of_another_site_logs_anybody_in_by_an_older_browser() {
    let site = Site::new().await;
    let app = routing::Router::new().route("/login/{user}", get(login)).with_sessions(&site.sessions).unwrap();
    let by_a_script = sent(Method::GET, "/login/mallory", &[("origin", "https://evil.example")]);
    assert_eq!(Browser::new(&app).send(by_a_script).await.status(), 403);
    assert!(site.memory.is_empty());
    let by_our_own = sent(Method::GET, "/login/alice", &[("origin", "https://app.example")]);
    assert_eq!(Browser::new(&app).send(by_our_own).await.status(), 200);
}

#[tokio::test]
async fn a_log_in_over_plain_http_says_what_to_do_instead_of_losing_its_cookie() {
    let plain: Headers = &[("origin", "http://app.example")];
    let site = Site::new().await;
    let (lines, guard) = caught();
    let answer = site.browser().send(sent(Method::POST, "/login/alice", plain)).await;
    drop(guard);
    assert_eq!(answer.status(), 500);
    assert_eq!(set_cookies(&answer), [""; 0]);
    assert!(site.memory.is_empty());
    let lines = lines.take().join("\n");
    assert!(lines.contains("insecure_plain_http()"), "{lines}");

    let site = Site::with(os_session::SessionsBuilder::insecure_plain_http).await;
    let answer = site.browser().send(sent(Method::POST, "/login/alice", plain)).await;
    assert_eq!((answer.status().as_u16(), set_cookies(&answer).len()), (200, 1));
}

#[connected_rpc]
async fn rename(_user: UserId) -> Result<(), Error> {
    Ok(())
}

/// Not declared, so that the server function is the first to look at the session.
async fn plain_rename() -> Result<(), Error> {
    rename().await
}

#[tokio::test]
async fn server_functions_are_no_way_around() {
    let site = Site::new().await;
    let app = Router::new().route("/", axum::routing::post(plain_rename)).layer(site.sessions.layer());
    let mut alice = Browser::connected(&app, &site.sessions, "alice").await.unwrap();
    assert_eq!(alice.send(sent(Method::POST, "/", &[("sec-fetch-site", "cross-site")])).await.status(), 403);
    assert_eq!(alice.send(sent(Method::POST, "/", &[("sec-fetch-site", "same-origin")])).await.status(), 200);
}
