//! To the log-in page and back.

use axum::Router;
use axum::http::{Method, Request, StatusCode, header};
use axum::response::Redirect;
use os_session::routing::{self, get};
use os_session::testing::Browser;
use os_session::{Error, ReturnTo, Session, UserId, connected};

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

/// By another name than the attribute knows: a handler with `opt` that takes `UserId` does not compile.
type Visitor = UserId;

/// It looks for the user by an extractor alone.
#[connected(opt)]
async fn profile(user: Visitor) -> String {
    user.to_string()
}

async fn site() -> (Site, Router) {
    let site = Site::with(|builder| builder.login_url("/login")).await;
    let inside = routing::Router::new().route("/me", get(me).post(me)).route("/profile", get(profile));
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
        (Method::HEAD, &[("accept", "text/html")], 401),
        (Method::POST, &[("sec-fetch-mode", "navigate"), ("sec-fetch-site", "same-origin")], 401),
        (Method::POST, &[("accept", "text/html")], 401),
    ] {
        let answer = Browser::new(&app).send(from(method.clone(), headers)).await;
        assert_eq!(answer.status(), expected, "{method} {headers:?}");
        assert_eq!(answer.headers().contains_key(header::LOCATION), expected == 303, "{method} {headers:?}");
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
