//! What a response lets caches and other sites do with it.

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use os_session::routing::{self, get, post};
use os_session::testing::{Answer, Browser};
use os_session::{Error, Session, SessionsBuilder, Slot, connected, public, scope};

use crate::site::{Site, me, request, set_cookies, who};

type Headers = &'static [(&'static str, &'static str)];

/// What a page writes that wants to be kept by every cache on the way.
const CACHED_EVERYWHERE: Headers = &[
    ("cache-control", "public, max-age=60"),
    ("cache-control", "s-maxage=600"),
    ("cdn-cache-control", "max-age=600"),
    ("cloudflare-cdn-cache-control", "max-age=600"),
    ("vercel-cdn-cache-control", "max-age=600"),
    ("netlify-cdn-cache-control", "public, durable, max-age=600"),
    ("x-litespeed-cache-control", "public, max-age=600"),
    ("surrogate-control", "max-age=600"),
    ("edge-control", "max-age=600"),
    ("x-accel-expires", "600"),
    ("expires", "Fri, 01 Jan 2100 00:00:00 GMT"),
    ("pragma", "public"),
    ("etag", "\"1\""),
    ("last-modified", "Thu, 01 Jan 2026 00:00:00 GMT"),
];

fn cached_everywhere() -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in CACHED_EVERYWHERE {
        headers.append(*name, value.parse().expect("a header value"));
    }
    headers
}

static CART: Slot<u32, scope::UserIndepSession> = Slot::persistent("cart of caches");

#[connected(opt)]
async fn cart(session: Session, Path(status): Path<u16>) -> Result<(StatusCode, HeaderMap), Error> {
    CART.set(&session, 1).await?;
    Ok((StatusCode::from_u16(status).expect("a status"), cached_everywhere()))
}

#[connected(opt)]
async fn login(session: Session) -> Result<HeaderMap, Error> {
    session.connect("alice").await?;
    Ok(cached_everywhere())
}

#[connected(opt)]
async fn logout(session: Session) -> Result<HeaderMap, Error> {
    session.disconnect().await?;
    Ok(cached_everywhere())
}

#[connected(opt)]
async fn page(session: Session) -> (HeaderMap, String) {
    (cached_everywhere(), session.process().head())
}

#[connected(opt)]
async fn kept() -> HeaderMap {
    cached_everywhere()
}

#[connected(opt)]
async fn broken(session: Session) -> Result<(), (StatusCode, HeaderMap)> {
    session.connect("alice").await.map_err(|_| (StatusCode::IM_A_TEAPOT, HeaderMap::new()))?;
    Err((StatusCode::NOT_FOUND, cached_everywhere()))
}

fn app(site: &Site) -> Router {
    let router = routing::Router::new()
        .route("/cart/{status}", get(cart))
        .route("/login", get(login).post(login))
        .route("/logout", post(logout))
        .route("/page", get(page))
        .route("/kept", get(kept))
        .route("/broken", post(broken))
        .route("/who", get(who).post(who))
        .route("/me", get(me).post(me))
        .route("/public", get(open));
    router.with_sessions(&site.sessions).expect("every rule can be decided")
}

/// Every header that could let a cache keep the response, but `Cache-Control: no-store`.
fn kept_by(answer: &Answer) -> Vec<(&str, &str)> {
    let named = answer.headers().iter().filter(|(name, _)| CACHED_EVERYWHERE.iter().any(|(of, _)| name == of));
    let named = named.map(|(name, value)| (name.as_str(), value.to_str().unwrap()));
    named.filter(|(_, value)| *value != "no-store").collect()
}

#[tokio::test]
async fn a_response_that_sets_a_cookie_of_ours_is_stored_by_no_cache_whatever_its_handler_wrote() {
    let site = Site::new().await;
    let app = app(&site);
    let mut alice = Browser::connected(&app, &site.sessions, "alice").await.unwrap();
    let by_a_person = |browser: Browser| browser.with_header("sec-fetch-user", "?1");
    let logged_out = async {
        let mut alice = by_a_person(Browser::connected(&app, &site.sessions, "alice").await.unwrap());
        let answer = alice.post("/logout", &[]).await;
        (answer, alice)
    };
    let (removal, mut marked) = logged_out.await;
    for (case, answer, cookies) in [
        ("a new browser", Browser::new(&app).get("/cart/200").await, 1),
        ("a response without a body", Browser::new(&app).get("/cart/304").await, 1),
        ("an error", Browser::new(&app).get("/cart/503").await, 1),
        ("a log-in", Browser::new(&app).post("/login", &[]).await, 1),
        ("a log-in before an error", Browser::new(&app).post("/broken", &[]).await, 1),
        ("a log-out with its mark", removal, 2),
        ("the mark is taken back", marked.get("/kept").await, 1),
        ("a name for a tab", Browser::new(&app).get("/page").await, 0),
        ("a name for a tab of a user", alice.get("/page").await, 0),
    ] {
        assert_eq!(set_cookies(&answer).len(), cookies, "{case}");
        assert_eq!(answer.headers().get_all("cache-control").iter().collect::<Vec<_>>(), ["no-store"], "{case}");
        assert_eq!(kept_by(&answer), [("", ""); 0], "{case}");
    }
}

#[tokio::test]
async fn a_response_without_a_cookie_of_ours_keeps_what_its_handler_wrote() {
    let site = Site::new().await;
    let app = app(&site);
    let alice = Browser::connected(&app, &site.sessions, "alice").await.unwrap();
    for mut browser in [Browser::new(&app), alice] {
        let answer = browser.get("/kept").await;
        let mut kept = kept_by(&answer);
        kept.sort_by_key(|kept| CACHED_EVERYWHERE.iter().position(|written| written == kept));
        assert_eq!(kept, CACHED_EVERYWHERE);
    }
}

#[public(reason = "it looks at nothing")]
async fn open() {}

fn sent(method: Method, path: &str, headers: Headers) -> Request<Body> {
    let mut request = request(method, path);
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().expect("a header value"));
    }
    request
}

/// The names in `Vary`, in order.
fn vary(answer: &Answer) -> Vec<String> {
    let lines = answer.headers().get_all(header::VARY).iter().map(|line| line.to_str().unwrap());
    lines.flat_map(|line| line.split(',')).map(|name| name.trim().to_ascii_lowercase()).collect()
}

#[tokio::test]
async fn a_response_varies_by_the_sending_site_where_the_sending_site_decides() {
    let site = Site::new().await;
    let app = app(&site);
    let by_site = ["cookie", "sec-fetch-site", "origin"];
    let own: Headers = &[("sec-fetch-site", "same-origin")];
    let foreign: Headers = &[("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")];
    let socket: Headers = &[("sec-fetch-site", "cross-site"), ("upgrade", "websocket")];
    for (method, path, headers, status, expected) in [
        (Method::GET, "/who", own, 200, &["cookie"][..]),
        (Method::GET, "/who", foreign, 200, &["cookie"]),
        (Method::GET, "/public", foreign, 200, &[]),
        (Method::GET, "/who", socket, 403, &by_site),
        (Method::POST, "/who", foreign, 403, &by_site),
        (Method::POST, "/who", own, 200, &by_site),
        (Method::POST, "/who", &[], 200, &by_site),
        (Method::POST, "/me", own, 401, &by_site),
        (Method::GET, "/login", foreign, 403, &by_site),
        (Method::GET, "/login", own, 200, &by_site),
    ] {
        let answer = Browser::new(&app).send(sent(method.clone(), path, headers)).await;
        assert_eq!(answer.status(), status, "{method} {path} {headers:?}");
        assert_eq!(vary(&answer), expected, "{method} {path} {headers:?}");
    }
}

#[connected(opt)]
async fn varies_already() -> HeaderMap {
    HeaderMap::from_iter([(header::VARY, "origin, Sec-Fetch-Site".parse().unwrap())])
}

#[tokio::test]
async fn what_a_response_varies_by_is_listed_once() {
    let site = Site::new().await;
    let app = routing::Router::new().route("/", post(varies_already)).with_sessions(&site.sessions).unwrap();
    assert_eq!(vary(&Browser::new(&app).post("/", &[]).await), ["origin", "sec-fetch-site", "cookie"]);
}

#[connected(opt)]
async fn for_partners() -> [(&'static str, &'static str); 1] {
    [("cross-origin-resource-policy", "same-site")]
}

#[tokio::test]
async fn what_a_logged_in_user_gets_is_for_pages_of_this_origin_alone() {
    let trusting = |builder: SessionsBuilder| builder.trusted_origin("https://app.partner.example");
    for (site, policy) in [(Site::new().await, "same-origin"), (Site::with(trusting).await, "cross-origin")] {
        let pages = crate::site::pages().route("/partners", get(for_partners)).route("/public", get(open));
        let app = pages.with_sessions(&site.sessions).unwrap();
        let mut alice = Browser::connected(&app, &site.sessions, "alice").await.unwrap();
        for (path, of_alice, of_a_visitor) in [
            ("/who", Some(policy), None),
            ("/me", Some(policy), None),
            ("/admin", Some(policy), None),
            ("/public", None, None),
            ("/partners", Some("same-site"), Some("same-site")),
        ] {
            let policy_of = |answer: Answer| answer.header("cross-origin-resource-policy").map(str::to_owned);
            assert_eq!(policy_of(alice.get(path).await).as_deref(), of_alice, "{path}");
            assert_eq!(policy_of(Browser::new(&app).get(path).await).as_deref(), of_a_visitor, "{path}");
        }
    }
}
