//! The session cookie as browsers see it, and what an answer says of who may keep it.

use std::collections::BTreeSet;
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderMap, Method, header};
use os_session::routing::{self, get, post};
use os_session::testing::{Answer, Browser};
use os_session::{Error, Session, UserId, connected};

use crate::site::{COOKIE, Site, request, set_cookies, who_is_in};

const DAY: u64 = 24 * 60 * 60;

/// The one cookie of an answer: name, value, attributes.
fn cookie(answer: &Answer) -> (String, String, BTreeSet<String>) {
    let lines = set_cookies(answer);
    let [line] = lines[..] else { panic!("one cookie, once: {lines:?}") };
    let mut parts = line.split("; ");
    let (name, value) = parts.next().and_then(|pair| pair.split_once('=')).expect("a pair");
    assert!(name.len() + value.len() <= 4096, "browsers drop larger ones");
    (name.to_owned(), value.to_owned(), parts.map(str::to_owned).collect())
}

fn attributes(expected: &[&str]) -> BTreeSet<String> {
    expected.iter().map(|attribute| (*attribute).to_owned()).collect()
}

#[tokio::test]
async fn a_log_in_sets_one_cookie_with_the_strictest_attributes_that_leave_links_working() {
    let site = Site::new().await;
    let (name, value, found) = cookie(&site.browser().post("/login/alice", &[]).await);
    assert_eq!((&*name, value.len()), (COOKIE, 43));
    let max_age = format!("Max-Age={}", 90 * DAY);
    assert_eq!(found, attributes(&["Path=/", "Secure", "HttpOnly", "SameSite=Lax", &max_age]));

    let (name, _, found) = cookie(&site.browser().post("/login-for-now/alice", &[]).await);
    assert_eq!(name, COOKIE);
    assert_eq!(found, attributes(&["Path=/", "Secure", "HttpOnly", "SameSite=Lax"]), "gone when the browser exits");
}

#[tokio::test]
async fn no_configuration_makes_a_cookie_that_browsers_would_drop_for_its_life() {
    let longest = Duration::from_secs(400 * DAY);
    let too_long = os_session::Sessions::builder().lifetime(longest, longest + Duration::from_secs(1));
    assert!(too_long.build().await.is_err());
    let site = Site::with(|builder| builder.lifetime(longest, longest)).await;
    let (_, _, found) = cookie(&site.browser().post("/login/alice", &[]).await);
    assert!(found.contains(&format!("Max-Age={}", 400 * DAY)), "{found:?}");
}

#[tokio::test]
async fn a_new_token_does_not_lengthen_the_life_of_its_cookie() {
    let site = Site::new().await;
    let mut alice = site.browser_of("alice").await;
    site.clock.advance(Duration::from_secs(10 * DAY));
    let (_, _, found) = cookie(&alice.post("/confirm", &[]).await);
    let max_age = found.iter().find_map(|attribute| attribute.strip_prefix("Max-Age=")).unwrap();
    let left: u64 = max_age.parse().unwrap();
    assert!((80 * DAY - 60..=80 * DAY).contains(&left), "ten of ninety days are over: {left}");

    let mut bob = site.browser();
    bob.post("/login-for-now/bob", &[]).await;
    let (_, _, found) = cookie(&bob.post("/confirm", &[]).await);
    assert!(!found.iter().any(|attribute| attribute.starts_with("Max-Age")), "still gone when the browser exits");
}

#[tokio::test]
async fn a_log_out_takes_the_cookie_away_however_often() {
    let site = Site::new().await;
    let mut alice = site.browser_of("alice").await;
    let mut again = alice.clone();
    let mut unknown = site.browser();
    unknown.set_cookie(COOKIE, &"A".repeat(43));
    for (case, browser) in
        [("connected", &mut alice), ("again", &mut again), ("unknown", &mut unknown), ("none", &mut site.browser())]
    {
        let answer = browser.post("/logout", &[]).await;
        assert_eq!(answer.status(), 200, "{case}");
        let (name, value, mut found) = cookie(&answer);
        assert_eq!((&*name, &*value), (COOKIE, ""), "{case}");
        found.retain(|attribute| !attribute.starts_with("Expires="));
        assert_eq!(found, attributes(&["Path=/", "Secure", "HttpOnly", "SameSite=Lax", "Max-Age=0"]), "{case}");
        assert_eq!(browser.cookie(COOKIE), None, "{case}");
    }
    assert!(site.memory.is_empty());
}

#[connected(opt)]
async fn in_and_out(session: Session) -> Result<(), Error> {
    session.connect("alice").await?;
    session.disconnect().await
}

#[connected(opt)]
async fn in_out_and_in(session: Session) -> Result<(), Error> {
    session.connect("alice").await?;
    session.disconnect().await?;
    session.connect("bob").await?;
    session.confirm().await?;
    session.disconnect_others().await
}

#[tokio::test]
async fn whatever_a_request_does_its_answer_has_one_cookie() {
    let site = Site::new().await;
    let router = routing::Router::new().route("/in-and-out", post(in_and_out)).route("/in-out-in", post(in_out_and_in));
    let app = router.with_sessions(&site.sessions).unwrap();
    let mut browser = Browser::new(&app);
    assert_eq!(cookie(&browser.post("/in-and-out", &[]).await).1, "");
    assert!(site.memory.is_empty());
    assert_eq!(cookie(&browser.post("/in-out-in", &[]).await).1.len(), 43);
    assert_eq!(site.memory.len(), 1);
    let mut at_the_site = site.browser();
    at_the_site.set_cookie(COOKIE, browser.cookie(COOKIE).unwrap());
    assert_eq!(who_is_in(&at_the_site).await, "bob", "and it is the last one");
}

#[tokio::test]
async fn over_plain_http_the_cookie_has_another_name_and_neither_is_taken_for_the_other() {
    let secure = Site::new().await;
    let plain = Site::with(os_session::SessionsBuilder::insecure_plain_http).await;
    let (name, _, found) = cookie(&plain.browser().post("/login/alice", &[]).await);
    assert_eq!(name, "os-session");
    let max_age = format!("Max-Age={}", 90 * DAY);
    assert_eq!(found, attributes(&["Path=/", "HttpOnly", "SameSite=Lax", &max_age]));

    for (site, own, others) in [
        (&secure, COOKIE, ["os-session", "__host-os-session", "__HOST-OS-SESSION", "__Secure-os-session"]),
        (&plain, "os-session", [COOKIE, "OS-SESSION", "__host-os-session", "__Secure-os-session"]),
    ] {
        let alice = site.browser_of("alice").await;
        let token = alice.cookie(own).expect("logged in").to_owned();
        for other in others {
            let mut browser = site.browser();
            browser.set_cookie(other, &token);
            assert_eq!(who_is_in(&browser).await, "None", "{other} instead of {own}");
        }
    }
}

#[tokio::test]
async fn the_cookie_is_called_as_the_application_wishes() {
    let site = Site::with(|builder| builder.cookie_name("__Host-sid")).await;
    let alice = site.browser_of("alice").await;
    assert_eq!(alice.cookie(COOKIE), None);
    assert!(alice.cookie("__Host-sid").is_some());
    assert_eq!(who_is_in(&alice).await, "alice");
}

#[tokio::test]
async fn the_token_counts_in_its_cookie_alone() {
    let site = Site::new().await;
    let alice = site.browser_of("alice").await;
    let token = alice.cookie(COOKIE).unwrap();
    for address in [
        format!("/who?{COOKIE}={token}"),
        format!("/who?session={token}"),
        format!("/who;{COOKIE}={token}"),
        format!("/who#{token}"),
    ] {
        let answer = site.browser().send(request(Method::GET, &address)).await;
        assert!(answer.status() == 404 || answer.text() == "None", "{address}: {answer:?}");
    }
    for header in ["authorization", "x-session", "x-os-session", "__host-os-session"] {
        let mut request = request(Method::GET, "/who");
        request.headers_mut().insert(header, token.parse().unwrap());
        assert_eq!(site.browser().send(request).await.text(), "None", "{header}");
    }
    let form = site.browser().post("/me", &[(COOKIE, token)]).await;
    assert_eq!(form.status(), 401);
}

// What caches are told.

#[connected(opt, force_unconnected)]
async fn not_looked_at(user: Option<UserId>) -> String {
    format!("{user:?}")
}

#[connected(opt)]
async fn with_own_headers() -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(header::CACHE_CONTROL, "private, max-age=60".parse().unwrap());
    headers.insert(header::VARY, "Accept".parse().unwrap());
    headers
}

#[connected(opt)]
async fn varies_by_cookie() -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.append(header::VARY, "Accept".parse().unwrap());
    headers.append(header::VARY, "Origin, cookie".parse().unwrap());
    headers
}

#[connected(opt)]
async fn varies_by_everything() -> HeaderMap {
    HeaderMap::from_iter([(header::VARY, "*".parse().unwrap())])
}

fn told(answer: &Answer) -> (Vec<&str>, Option<&str>) {
    let vary = answer.headers().get_all(header::VARY).iter();
    (vary.map(|value| value.to_str().unwrap()).collect(), answer.header("cache-control"))
}

fn more_pages(site: &Site) -> Router {
    crate::site::pages()
        .route("/not-looked-at", get(not_looked_at))
        .route("/own-headers", get(with_own_headers))
        .route("/by-cookie", get(varies_by_cookie))
        .route("/by-everything", get(varies_by_everything))
        .with_sessions(&site.sessions)
        .expect("every rule can be decided")
}

#[tokio::test]
async fn answers_that_depend_on_the_session_say_so() {
    let site = Site::new().await;
    let app = more_pages(&site);
    let mut anybody = Browser::new(&app);
    let mut alice = Browser::connected(&app, &site.sessions, "alice").await.unwrap();
    for (path, of_anybody, of_alice) in [
        ("/who", (vec!["Cookie"], None), (vec!["Cookie"], Some("no-store"))),
        ("/me", (vec!["Cookie"], None), (vec!["Cookie"], Some("no-store"))),
        ("/admin", (vec!["Cookie"], None), (vec!["Cookie"], Some("no-store"))),
        ("/not-looked-at", (vec![], None), (vec![], None)),
        ("/nowhere", (vec![], None), (vec![], None)),
        (
            "/own-headers",
            (vec!["Accept", "Cookie"], Some("private, max-age=60")),
            (vec!["Accept", "Cookie"], Some("private, max-age=60")),
        ),
        ("/by-cookie", (vec!["Accept", "Origin, cookie"], None), (vec!["Accept", "Origin, cookie"], Some("no-store"))),
        ("/by-everything", (vec!["*"], None), (vec!["*"], Some("no-store"))),
    ] {
        assert_eq!(told(&anybody.get(path).await), of_anybody, "nobody: {path}");
        assert_eq!(told(&alice.get(path).await), of_alice, "alice: {path}");
    }
}

#[tokio::test]
async fn answers_that_set_or_remove_the_cookie_are_stored_nowhere() {
    let site = Site::new().await;
    let mut alice = site.browser();
    for path in ["/login/alice", "/confirm", "/logout-elsewhere", "/logout-everywhere", "/logout"] {
        let answer = alice.post(path, &[]).await;
        assert_eq!(answer.status(), 200, "{path}");
        assert_eq!(set_cookies(&answer).len(), 1, "{path}");
        assert_eq!(told(&answer), (vec!["Cookie, Sec-Fetch-Site, Origin"], Some("no-store")), "{path}");
    }
}

#[tokio::test]
async fn the_way_to_the_log_in_page_depends_on_the_cookie_too() {
    let site = Site::with(|builder| builder.login_url("/who")).await;
    let answer = site.browser().get("/me").await;
    assert_eq!(answer.status(), 303);
    assert_eq!(told(&answer).0, ["Cookie"]);
    assert_eq!(set_cookies(&answer), [""; 0], "and nobody gets one by being refused");
}

/// Browsers keep private pages for their way back until a cookie changes that scripts cannot see, after the page was left.
#[tokio::test]
async fn a_log_out_by_a_person_is_marked_until_the_next_answer() {
    const MARK: &str = "__Host-os-session-left";
    let site = Site::new().await;
    let mut alice = site.browser_of("alice").await.with_header("sec-fetch-user", "?1");
    let answer = alice.post("/logout", &[]).await;
    let [removal, mark] = set_cookies(&answer)[..] else { panic!("{:?}", set_cookies(&answer)) };
    assert!(removal.starts_with(&format!("{COOKIE}=; ")), "{removal}");
    assert_eq!(mark, format!("{MARK}=1; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=60"));

    let answer = alice.get("/who").await;
    let [line] = set_cookies(&answer)[..] else { panic!("{:?}", set_cookies(&answer)) };
    assert!(line.starts_with(&format!("{MARK}=; ")) && line.contains("Max-Age=0"), "{line}");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(alice.get("/who").await.header("set-cookie"), None);

    let mut script = site.browser_of("alice").await;
    assert_eq!(set_cookies(&script.post("/logout", &[]).await).len(), 1, "no page is left");
}
