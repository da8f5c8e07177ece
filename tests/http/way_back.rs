//! To the log-in page and back.

use std::time::Duration;

use axum::Router;
use axum::http::{Method, Request, StatusCode, header};
use axum::response::Redirect;
use os_session::routing::{self, get};
use os_session::testing::Browser;
use os_session::{Error, ReturnTo, Session, UserId, connected, connected_rpc};

use crate::site::{Site, me, request};

#[connected(opt)]
async fn login_form() -> &'static str {
    "who are you?"
}

#[connected(opt)]
async fn login(session: Session, next: ReturnTo) -> Result<Redirect, Error> {
    session.connect("alice").await?;
    Ok(next.or("/home"))
}

/// By another name than the attribute knows: a handler with `opt` that takes `UserId` does not
/// compile.
type Visitor = UserId;

/// It looks for the user by an extractor alone.
#[connected(opt)]
async fn profile(user: Visitor) -> String {
    user.to_string()
}

async fn site() -> (Site, Router) {
    let site = Site::with(|builder| builder.login_url("/login")).await;
    let inside = routing::Router::new().route("/me", get(me).post(me)).route("/profile", get(profile));
    let inside = inside.route("/anything", routing::any(anything));
    let router = routing::Router::new().route("/login", get(login_form).post(login)).nest("/members/area", inside);
    let app = router.with_sessions(&site.sessions).expect("every rule can be decided");
    (site, app)
}

#[tokio::test]
async fn a_navigation_is_sent_to_the_log_in_page_and_back() {
    let (_site, app) = site().await;
    let mut alice = Browser::new(&app);
    for wanted in ["/members/area/me", "/members/area/me?tab=2&x=%2F%26", "/members/area/profile"] {
        let to_login = alice.get(wanted).await;
        assert_eq!(to_login.status(), 303, "{wanted}");
        let address = to_login.header("location").unwrap().to_owned();
        assert!(address.starts_with("/login?next=/members/area/"), "the whole path, not the nested one: {address}");
        assert_eq!(alice.get(&address).await.text(), "who are you?");
        let back = alice.post(&address, &[]).await;
        assert_eq!((back.status(), back.header("location")), (StatusCode::SEE_OTHER, Some(wanted)));
        assert_eq!(alice.get(wanted).await.text(), "alice");
        alice = Browser::new(&app);
    }
}

fn from(method: Method, headers: &[(&'static str, &'static str)]) -> Request<axum::body::Body> {
    let mut request = request(method, "/members/area/me");
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().expect("a header value"));
    }
    request
}

#[tokio::test]
async fn only_who_waits_for_a_page_is_sent_to_the_log_in_page() {
    let (_site, app) = site().await;
    for (method, headers, expected) in [
        (Method::GET, &[("sec-fetch-mode", "navigate"), ("sec-fetch-site", "none")][..], 303),
        (Method::GET, &[("accept", "text/html,application/xhtml+xml")], 303),
        (Method::GET, &[("accept", "*/*")], 401),
        (Method::GET, &[], 401),
        (Method::GET, &[("sec-fetch-mode", "cors"), ("accept", "text/html")], 401),
        (Method::GET, &[("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "image")], 401),
        (Method::GET, &[("accept", "application/json, text/html;q=0.9")], 401),
        (Method::GET, &[("accept", "text/html;q=0")], 401),
        (Method::HEAD, &[("accept", "text/html")], 303),
        (Method::HEAD, &[("sec-fetch-mode", "navigate"), ("sec-fetch-site", "none")], 303),
        (Method::HEAD, &[("accept", "*/*")], 401),
        (Method::POST, &[("sec-fetch-mode", "navigate"), ("sec-fetch-site", "same-origin")], 303),
        (Method::POST, &[("accept", "text/html")], 303),
        (Method::POST, &[("accept", "application/json")], 401),
        (Method::POST, &[("sec-fetch-mode", "cors"), ("accept", "text/html")], 401),
        (Method::POST, &[("sec-fetch-mode", "same-origin"), ("accept", "*/*")], 401),
    ] {
        let answer = Browser::new(&app).send(from(method.clone(), headers)).await;
        assert_eq!(answer.status(), expected, "{method} {headers:?}");
        assert_eq!(answer.headers().contains_key(header::LOCATION), expected == 303, "{method} {headers:?}");
    }
    let mut options = request(Method::OPTIONS, "/members/area/anything");
    options.headers_mut().insert(header::ACCEPT, "text/html".parse().unwrap());
    assert_eq!(Browser::new(&app).send(options).await.status(), 401);
}

#[tokio::test]
async fn head_is_answered_as_get_is() {
    let (_site, app) = site().await;
    for path in ["/members/area/me", "/members/area/profile", "/login"] {
        let mut browser = Browser::new(&app);
        let page = browser.get(path).await;
        let head = browser.send(from_page(Method::HEAD, path, None)).await;
        assert_eq!((head.status(), head.header("location")), (page.status(), page.header("location")), "{path}");
    }
}

/// A request as a browser sends it for its tab, from a page of that address.
fn from_page(method: Method, path: &str, referer: Option<&str>) -> Request<axum::body::Body> {
    let mut request = request(method, path);
    let headers = request.headers_mut();
    headers.insert("accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8".parse().unwrap());
    headers.insert("sec-fetch-site", "same-origin".parse().unwrap());
    headers.insert("sec-fetch-mode", "navigate".parse().unwrap());
    if let Some(referer) = referer {
        headers.insert("referer", referer.parse().expect("a header value"));
    }
    request
}

/// The page that had the form, for each `Referer`, and where a form leads that was sent too late.
const FORMS: [(Option<&str>, &str); 19] = [
    (Some("https://app.example/write?draft=2"), "?next=/write%3Fdraft%3D2"),
    (Some("http://app.example/write"), "?next=/write"),
    (Some("https://APP.example:443/write"), "?next=/write"),
    (Some("https://app.example/write#form"), "?next=/write"),
    (Some("https://app.example"), "?next=/"),
    (None, ""),
    (Some(""), ""),
    (Some("/write"), ""),
    (Some("app.example"), ""),
    (Some("https://app.example:8443/write"), ""),
    (Some("https://sub.app.example/write"), ""),
    (Some("https://app.example.evil.example/write"), ""),
    (Some("https://evil.example/write"), ""),
    (Some("https://app.example@evil.example/write"), ""),
    (Some("https://app.example//evil.example/"), ""),
    (Some("ftp://app.example/write"), ""),
    (Some("https://app.example/login?next=/write"), ""),
    (Some("https://app.example/confirm"), ""),
    (Some("https://app.example/\u{fe}"), ""),
];

#[tokio::test]
async fn a_late_form_leads_to_the_log_in_page_and_back_to_the_page_that_had_it() {
    let site = Site::with(|builder| builder.login_url("/login").confirm_url("/confirm")).await;
    for (referer, way_back) in FORMS {
        let late = site.browser().send(from_page(Method::POST, "/me", referer)).await;
        let expected = format!("/login{way_back}");
        assert_eq!((late.status().as_u16(), late.header("location")), (303, Some(&*expected)), "{referer:?}");
    }
}

#[connected(fresh = "10s")]
async fn delete() {}

#[tokio::test]
async fn a_form_that_requires_a_fresh_login_leads_to_the_page_for_that_and_back() {
    let site = Site::with(|builder| builder.login_url("/login").confirm_url("/confirm")).await;
    let router = routing::Router::new().route("/delete", get(delete).post(delete));
    let app = router.with_sessions(&site.sessions).expect("every rule can be decided");
    let mut alice = Browser::connected(&app, &site.sessions, "alice").await.unwrap();
    site.clock.advance(Duration::from_mins(1));
    for (referer, way_back) in FORMS {
        let late = alice.send(from_page(Method::POST, "/delete", referer)).await;
        let expected = format!("/confirm{way_back}");
        assert_eq!((late.status().as_u16(), late.header("location")), (303, Some(&*expected)), "{referer:?}");
    }
    let by_get = alice.send(from_page(Method::GET, "/delete", Some("https://app.example/write"))).await;
    assert_eq!(by_get.header("location"), Some("/confirm?next=/delete"));
    let by_a_script = alice.send(request(Method::POST, "/delete")).await;
    assert_eq!((by_a_script.status().as_u16(), by_a_script.header("location")), (401, None));
}

#[connected(opt)]
async fn refuses_visitors() -> Result<(), Error> {
    Err(Error::NotConnected)
}

#[connected_rpc]
async fn rename(_user: UserId) -> Result<(), Error> {
    Ok(())
}

#[connected(opt)]
async fn calls_rename() -> Result<(), Error> {
    rename().await
}

#[tokio::test]
async fn a_visitor_whom_the_handler_refuses_is_sent_to_the_log_in_page_as_well() {
    let site = Site::with(|builder| builder.login_url("/login")).await;
    let declared = routing::Router::new()
        .route("/refuses", get(refuses_visitors).post(refuses_visitors))
        .route("/calls", get(calls_rename).post(calls_rename))
        .route("/login", get(refuses_visitors));
    let declared = declared.with_sessions(&site.sessions).expect("every rule can be decided");
    let plain = Router::new()
        .route("/refuses", axum::routing::get(refuses_visitors).post(refuses_visitors))
        .route("/calls", axum::routing::get(calls_rename).post(calls_rename))
        .route("/login", axum::routing::get(refuses_visitors))
        .layer(site.sessions.layer());
    for app in [declared, plain] {
        let mut visitor = Browser::new(&app);
        for path in ["/refuses", "/calls"] {
            let page = visitor.get(path).await;
            let expected = format!("/login?next={path}");
            assert_eq!((page.status().as_u16(), page.header("location")), (303, Some(&*expected)), "{path}");
            let form = visitor.send(from_page(Method::POST, path, Some("https://app.example/write"))).await;
            assert_eq!((form.status().as_u16(), form.header("location")), (303, Some("/login?next=/write")), "{path}");
            assert_eq!(visitor.send(request(Method::GET, path)).await.status(), 401, "{path} by a program");
        }
        assert_eq!(visitor.get("/login").await.status(), 401, "not round and round");
    }
}

#[tokio::test]
async fn a_way_back_is_at_most_two_kilobytes_long() {
    let (_site, app) = site().await;
    let query = |bytes: usize| "?".to_owned() + &"x".repeat(bytes);
    let dashes = |bytes: usize| "?".to_owned() + &"%2F".repeat(bytes / 3);
    for (path, has_way_back) in [
        (format!("/members/area/me{}", query(2000)), true),
        (format!("/members/area/me{}", query(2100)), false),
        (format!("/members/area/me{}", dashes(1200)), true),
        (format!("/members/area/me{}", dashes(1400)), false),
        (format!("/members/area/me{}", query(42_000)), false),
    ] {
        let page = format!("https://app.example{path}");
        let mut by_htmx = from(Method::GET, &[("hx-request", "true")]);
        by_htmx.headers_mut().insert("hx-current-url", page.parse().unwrap());
        for (case, request, header) in [
            ("GET", from_page(Method::GET, &path, None), "location"),
            ("POST", from_page(Method::POST, "/members/area/me", Some(&page)), "location"),
            ("htmx", by_htmx, "hx-redirect"),
        ] {
            let answer = Browser::new(&app).send(request).await;
            let address = answer.header(header).unwrap_or_else(|| panic!("{case}: {answer:?}"));
            assert_eq!(address.starts_with("/login?next="), has_way_back, "{case} {}", path.len());
            assert!(has_way_back || address == "/login", "{case}: {address}");
            assert!(address.len() < 2100, "{case}: {}", address.len());
        }
    }
    for (next, expected) in [("/x".repeat(1024), true), ("/x".repeat(1025), false), ("/%C3%A9".repeat(400), false)] {
        let back = Browser::new(&app).post(&format!("/login?next={next}"), &[]).await;
        assert_eq!(back.header("location") == Some(&next), expected, "{}", next.len());
    }
}

#[tokio::test]
async fn a_way_back_is_written_as_a_uri() {
    let (_site, app) = site().await;
    for (next, expected) in [
        ("/%C3%A9", "/%C3%A9"),
        ("/%25C3%25A9", "/%C3%A9"),
        ("/a%3Fb=%C3%BC%26c", "/a?b=%C3%BC&c"),
        ("/%E2%80%A8", "/%E2%80%A8"),
        ("/%FF", "/%EF%BF%BD"),
        ("/100%25", "/100%25"),
        ("/%EF%BC%8Fevil.example", "/%EF%BC%8Fevil.example"),
        ("/%5Cu%7B2f%7Devil.example", "/home"),
        ("%EF%BC%8F%EF%BC%8Fevil.example", "/home"),
    ] {
        let answer = Browser::new(&app).post(&format!("/login?next={next}"), &[]).await;
        let location = answer.header("location").expect("it is text");
        assert_eq!(location, expected, "{next}");
        assert!(location.parse::<axum::http::Uri>().is_ok() && location.is_ascii(), "{location}");
    }
}

#[tokio::test]
async fn who_is_connected_and_refused_is_never_sent_to_the_log_in_page() {
    let (site, _app) = site().await;
    let mut bob = site.browser_of("bob").await;
    let refused = bob.get("/admin").await;
    assert_eq!((refused.status().as_u16(), refused.header("location")), (403, None));
}

#[tokio::test]
async fn htmx_is_told_by_its_header_to_come_back_to_the_page() {
    let (_site, app) = site().await;
    for (page, expected) in [
        (Some("https://app.example/list?page=2"), "/login?next=/list%3Fpage%3D2"),
        (Some("https://evil.example/a"), "/login?next=/a"),
        (None, "/login?next=/members/area/me"),
        (Some("no address\t"), "/login?next=/members/area/me"),
    ] {
        for method in [Method::GET, Method::POST] {
            let mut request = from(method, &[("hx-request", "true")]);
            if let Some(page) = page {
                request.headers_mut().insert("hx-current-url", page.parse().unwrap());
            }
            let answer = Browser::new(&app).send(request).await;
            assert_eq!((answer.status().as_u16(), answer.header("hx-redirect")), (401, Some(expected)), "{page:?}");
            assert_eq!(answer.header("location"), None, "its client would follow that by itself");
        }
    }
}

#[tokio::test]
async fn no_way_back_leads_to_another_site() {
    let (_site, app) = site().await;
    for next in [
        "",
        "%20/members",
        "evil.example",
        "//evil.example",
        "%2F%2Fevil.example",
        "/%5Cevil.example",
        "%5C%5Cevil.example",
        "https:evil.example",
        "https://evil.example/members",
        "javascript:alert(1)",
        "/%09/evil.example",
        "/%0D%0ASet-Cookie:%20a=b",
        "/%0A/evil.example",
        "/a&next=//evil.example",
    ] {
        let answer = Browser::new(&app).post(&format!("/login?next={next}"), &[]).await;
        assert_eq!(answer.status(), 303, "{next}");
        let location = answer.header("location").unwrap();
        assert!(matches!(location, "/home" | "/a"), "{next} leads to {location}");
    }
    for (next, expected) in [("/a%3Fb%3D1%26c", "/a?b=1&c"), ("/a//b", "/a//b"), ("/", "/")] {
        let answer = Browser::new(&app).post(&format!("/login?next={next}"), &[]).await;
        assert_eq!(answer.header("location"), Some(expected), "{next}");
    }
}

#[connected]
async fn anything() {}

/// A request for `//evil.example/` is a path on this site, and would be another site's address in `Location`.
#[tokio::test]
async fn a_path_that_looks_like_a_site_is_no_way_back() {
    let site = Site::with(|builder| builder.login_url("/login")).await;
    let router = routing::Router::new().route("/login", get(login_form).post(login)).fallback(anything);
    let app = router.with_sessions(&site.sessions).unwrap();
    let mut alice = Browser::new(&app);
    let to_login = alice.get("//evil.example/").await;
    assert_eq!(to_login.status(), 303);
    let address = to_login.header("location").unwrap().to_owned();
    assert!(address.starts_with("/login"), "{address}");
    assert_eq!(alice.post(&address, &[]).await.header("location"), Some("/home"));
}

#[tokio::test]
async fn a_log_in_page_with_a_query_keeps_it() {
    let site = Site::with(|builder| builder.login_url("/who?lang=en")).await;
    let answer = site.browser().get("/me").await;
    assert_eq!(answer.header("location"), Some("/who?lang=en&next=/me"));
}

/// Where nobody could check it beforehand: under the layer, and behind a fallback.
#[tokio::test]
async fn a_log_in_page_that_needs_a_connection_does_not_send_to_itself() {
    let site = Site::with(|builder| builder.login_url("/login")).await;
    let plain = Router::new().route("/login", axum::routing::get(me)).layer(site.sessions.layer());
    let fallback = routing::Router::new().fallback(anything).with_sessions(&site.sessions).unwrap();
    for app in [plain, fallback] {
        let answer = Browser::new(&app).get("/login?next=/me").await;
        assert_eq!((answer.status().as_u16(), answer.header("location")), (401, None));
    }
}
