//! A request that a handler or a task passes on to the application is judged by its own head.

use std::sync::{Arc, OnceLock};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Method, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::{Router, http};
use os_session::routing::{self, get, post};
use os_session::testing::Browser;
use os_session::{Error, Session, Sessions, UserId, connected, connected_rpc, public};
use tokio::sync::{mpsc, oneshot};
use tower::ServiceExt as _;

use os_session_tests::trace::Log;

use crate::site::{COOKIE, builder, login, who};

/// The application, for a handler that sends it another request.
type App = Arc<OnceLock<Router>>;

/// The request that the handlers below pass on, as the outer one describes it: a method, a path,
/// and headers of its own.
async fn pass_on(app: &App, outer: &http::HeaderMap, extensions: http::Extensions) -> Response {
    let text = |name: &str| outer.get(name).map(|value| value.to_str().unwrap().to_owned());
    let mut inner = http::Request::builder()
        .method(text("x-method").map_or(Method::GET, |method| method.parse().unwrap()))
        .uri(text("x-path").unwrap())
        .header(header::HOST, "app.example");
    for (from, to) in [("x-cookie", "cookie"), ("x-site", "sec-fetch-site")] {
        if let Some(value) = text(from) {
            inner = inner.header(to, value);
        }
    }
    let mut inner = inner.body(Body::empty()).unwrap();
    *inner.extensions_mut() = extensions;
    app.get().unwrap().clone().oneshot(inner).await.unwrap()
}

#[connected]
async fn new_request(State(app): State<App>, headers: http::HeaderMap) -> Response {
    pass_on(&app, &headers, http::Extensions::new()).await
}

/// A careless proxy: it copies what the outer request carries, and changes the head.
#[connected(cross_site = "a test of what an inner request may do")]
async fn copied_request(State(app): State<App>, request: Request) -> Response {
    let (head, _) = request.into_parts();
    pass_on(&app, &head.headers, head.extensions).await
}

/// Other sites may send requests to this handler, and to no other that it passes them on to.
#[connected(opt, cross_site = "a test of what it may pass on")]
async fn passes_on(State(app): State<App>, mut request: Request) -> Response {
    *request.uri_mut() = http::Uri::from_static("/who");
    app.get().unwrap().clone().oneshot(request).await.unwrap()
}

#[connected_rpc]
async fn caller(user: UserId) -> Result<String, Error> {
    Ok(user.to_string())
}

#[public(reason = "a mistake: its function has a rule")]
async fn open() -> Result<String, Error> {
    caller().await
}

#[connected(opt)]
async fn calls() -> Result<String, Error> {
    caller().await
}

async fn plain(user: Option<UserId>) -> String {
    user.map_or_else(|| "None".to_owned(), |user| user.to_string())
}

fn site(sessions: &Sessions) -> Router {
    let app = App::default();
    let router = routing::Router::new()
        .route("/new", get(new_request).post(new_request))
        .route("/copied", get(copied_request).post(copied_request))
        .route("/passes-on", post(passes_on))
        .route("/who", get(who).post(who))
        .route("/calls", get(calls))
        .route("/open", get(open))
        .route("/login/{user}", post(login))
        .with_state(app.clone())
        .with_sessions(sessions)
        .unwrap();
    let router = router.nest("/layered", Router::new().route("/who", axum::routing::get(who)).layer(sessions.layer()));
    let router = router.route("/unlayered", axum::routing::get(plain));
    app.set(router.clone()).unwrap();
    router
}

async fn cookie_of(app: &Router, sessions: &Sessions, user: &str) -> String {
    let browser = Browser::connected(app, sessions, user).await.unwrap();
    format!("{COOKIE}={}", browser.cookie(COOKIE).unwrap())
}

#[tokio::test]
async fn an_inner_request_is_judged_by_its_own_head() {
    let sessions = builder(&Log::default()).build().await.unwrap();
    let app = site(&sessions);
    let bob = cookie_of(&app, &sessions, "bob").await;
    for outer in ["/new", "/copied"] {
        for (inner, cookie, expected) in [
            ("/who", "", (200, "None")),
            ("/who", &*bob, (200, "bob")),
            ("/layered/who", "", (200, "None")),
            ("/layered/who", &*bob, (200, "bob")),
            ("/calls", "", (401, "")),
            ("/calls", &*bob, (200, "bob")),
            ("/open", "", (500, "")),
        ] {
            let mut alice = Browser::connected(&app, &sessions, "alice").await.unwrap().with_header("x-path", inner);
            if !cookie.is_empty() {
                alice = alice.with_header("x-cookie", cookie);
            }
            let response = alice.get(outer).await;
            assert_eq!(response.status(), expected.0, "{inner} in {outer} with {cookie:?}");
            if response.status() == 200 {
                assert_eq!(response.text(), expected.1, "{inner} in {outer} with {cookie:?}");
            }
        }
    }
    let mut alice = Browser::connected(&app, &sessions, "alice").await.unwrap().with_header("x-path", "/unlayered");
    assert_eq!(alice.get("/new").await.status(), 500, "a route without a layer has no session");
}

#[tokio::test]
async fn an_inner_request_of_another_site_is_refused() {
    let sessions = builder(&Log::default()).build().await.unwrap();
    let app = site(&sessions);
    let own = cookie_of(&app, &sessions, "alice").await;
    for outer in ["/new", "/copied"] {
        let mut alice = Browser::connected(&app, &sessions, "alice")
            .await
            .unwrap()
            .with_header("x-path", "/who")
            .with_header("x-cookie", &own)
            .with_header("x-method", "POST");
        assert_eq!(alice.get(outer).await.text(), "alice", "{outer}");
        let mut alice = alice.with_header("x-site", "cross-site");
        assert_eq!(alice.get(outer).await.status(), 403, "{outer}");
    }
}

#[tokio::test]
async fn a_handler_that_admits_other_sites_admits_them_for_no_other_handler() {
    let sessions = builder(&Log::default()).build().await.unwrap();
    let app = site(&sessions);
    let own = cookie_of(&app, &sessions, "alice").await;
    for (from, status) in [("same-origin", 200), ("cross-site", 403)] {
        let request = http::Request::post("/passes-on").header("sec-fetch-site", from).header(header::COOKIE, &own);
        let response = app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.status(), status, "{from}");
    }
}

#[connected(opt)]
async fn logs_in_and_asks(session: Session, State(app): State<App>, request: Request) -> Result<String, Error> {
    session.connect("carol").await?;
    let response = app.get().unwrap().clone().oneshot(request).await.unwrap();
    Ok(axum::body::to_bytes(response.into_body(), 100).await.map(|body| String::from_utf8_lossy(&body).into()).unwrap())
}

#[tokio::test]
async fn a_request_that_is_passed_on_as_it_is_stays_the_same_request() {
    let sessions = builder(&Log::default()).build().await.unwrap();
    let app = App::default();
    app.set(routing::Router::new().fallback(who).with_sessions(&sessions).unwrap()).unwrap();
    let outer = routing::Router::new().route("/", get(logs_in_and_asks)).with_state(app).with_sessions(&sessions);
    assert_eq!(Browser::new(&outer.unwrap()).get("/").await.text(), "carol");
}

/// What a worker is sent: a request, and where the response goes.
type Job = (Request, oneshot::Sender<Response>);

#[connected]
async fn starts_a_worker(
    State(jobs): State<mpsc::UnboundedSender<mpsc::UnboundedSender<Job>>>,
    State(app): State<App>,
) {
    let (sender, mut received) = mpsc::unbounded_channel::<Job>();
    jobs.send(sender).unwrap();
    os_session::spawn(async move {
        while let Some((request, done)) = received.recv().await {
            done.send(app.get().unwrap().clone().oneshot(request).await.unwrap()).unwrap();
        }
    });
}

#[derive(Clone, axum::extract::FromRef)]
struct Workers {
    app: App,
    jobs: mpsc::UnboundedSender<mpsc::UnboundedSender<Job>>,
}

#[tokio::test]
async fn a_worker_of_one_user_serves_the_requests_of_others_as_theirs() {
    let sessions = builder(&Log::default()).build().await.unwrap();
    let app = App::default();
    app.set(site(&sessions)).unwrap();
    let (jobs, mut workers) = mpsc::unbounded_channel();
    let start = routing::Router::new()
        .route("/start", post(starts_a_worker))
        .with_state(Workers { app: app.clone(), jobs })
        .with_sessions(&sessions)
        .unwrap();
    let mut alice = Browser::connected(&start, &sessions, "alice").await.unwrap();
    assert_eq!(alice.post("/start", &[]).await.status(), 200);
    let worker = workers.recv().await.unwrap();
    let bob = cookie_of(&start, &sessions, "bob").await;

    for (cookie, expected) in [(None, "None"), (Some(&bob), "bob")] {
        let mut request = http::Request::builder().uri("/who");
        if let Some(cookie) = cookie {
            request = request.header(header::COOKIE, cookie);
        }
        let (done, response) = oneshot::channel();
        worker.send((request.body(Body::empty()).unwrap(), done)).unwrap();
        let body = axum::body::to_bytes(response.await.unwrap().into_body(), 100).await.unwrap();
        assert_eq!(body, expected);
        sessions.disconnect_all("alice").await.unwrap();
    }
}

async fn in_another_task(request: Request, next: Next) -> Response {
    tokio::spawn(next.run(request)).await.unwrap_or_else(|_| http::StatusCode::BAD_GATEWAY.into_response())
}

#[tokio::test]
async fn a_layer_outside_a_middleware_that_spawns_reaches_the_functions_of_a_routed_handler() {
    let sessions = builder(&Log::default()).build().await.unwrap();
    let routed = site(&sessions);
    for app in [
        routed.clone().layer(from_fn(in_another_task)),
        routed.clone().layer(from_fn(in_another_task)).layer(sessions.layer()),
        routed.layer(sessions.layer()).layer(from_fn(in_another_task)).layer(sessions.layer()),
    ] {
        let mut alice = Browser::connected(&app, &sessions, "alice").await.unwrap();
        assert_eq!(alice.get("/calls").await.text(), "alice");
        assert_eq!(Browser::new(&app).get("/calls").await.status(), 401);
        let mut dave = Browser::new(&app);
        assert_eq!(dave.post("/login/dave", &[]).await.status(), 200);
        assert_eq!(dave.get("/calls").await.text(), "dave", "the cookie of the log-in was sent once");
    }
}
