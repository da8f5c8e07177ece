//! Each way of putting routers together, with its rules in force.

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use os_session::routing::{self, MethodFilter, MethodRouter, any, delete, get, on, post, put};
use os_session::testing::Browser;
use os_session::{Error, Session, UserId, connected};

use crate::{alice, for_all, guarded, served, sessions, shop_window};

fn request(method: &Method, path: &str) -> Request {
    Request::builder().method(method).uri(path).body(Body::empty()).expect("the path is a path")
}

/// What nobody and what alice are answered.
async fn answered(app: &Router, sessions: &os_session::Sessions, method: &str, path: &str) -> (u16, u16) {
    let method: Method = method.parse().expect("a method");
    let of_nobody = Browser::new(app).send(request(&method, path)).await.status();
    let of_alice = alice(app, sessions).await.send(request(&method, path)).await.status();
    (of_nobody.as_u16(), of_alice.as_u16())
}

#[tokio::test]
async fn methods_of_a_path_have_each_their_own_rule() {
    let sessions = sessions().await;
    let handlers =
        get(shop_window).post(guarded).delete(guarded).on(MethodFilter::PUT.or(MethodFilter::PATCH), for_all);
    let app = served(routing::Router::new().route("/", handlers), &sessions);
    for (method, expected) in [
        ("GET", (200, 200)),
        ("HEAD", (200, 200)),
        ("POST", (401, 200)),
        ("DELETE", (401, 200)),
        ("PUT", (200, 200)),
        ("PATCH", (200, 200)),
        ("OPTIONS", (405, 405)),
        ("TRACE", (405, 405)),
        ("BREW", (405, 405)),
    ] {
        assert_eq!(answered(&app, &sessions, method, "/").await, expected, "{method}");
    }
}

#[tokio::test]
async fn the_free_functions_route_their_methods() {
    let sessions = sessions().await;
    let router = routing::Router::new()
        .route("/get", get(guarded))
        .route("/post", post(guarded))
        .route("/put", put(guarded))
        .route("/delete", delete(guarded))
        .route("/patch", routing::patch(guarded))
        .route("/head", routing::head(guarded))
        .route("/options", routing::options(guarded))
        .route("/trace", routing::trace(guarded))
        .route("/connect", routing::connect(guarded))
        .route("/on", on(MethodFilter::GET, guarded))
        .route("/any", any(guarded));
    let app = served(router, &sessions);
    for method in ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "CONNECT"] {
        let path = format!("/{}", method.to_lowercase());
        assert_eq!(answered(&app, &sessions, method, &path).await, (401, 200), "{method}");
        assert_eq!(answered(&app, &sessions, method, "/any").await, (401, 200), "{method}");
    }
    assert_eq!(answered(&app, &sessions, "BREW", "/any").await, (401, 200));
    assert_eq!(answered(&app, &sessions, "GET", "/on").await, (401, 200));
    assert_eq!(answered(&app, &sessions, "POST", "/on").await, (405, 405));
}

#[tokio::test]
async fn head_is_answered_by_the_rule_of_get() {
    let sessions = sessions().await;
    let app = served(routing::Router::new().route("/", get(guarded)), &sessions);
    assert_eq!(answered(&app, &sessions, "HEAD", "/").await, (401, 200));
    let answer = alice(&app, &sessions).await.send(request(&Method::HEAD, "/")).await;
    assert_eq!(answer.text(), "");
    assert_eq!((answer.header("vary"), answer.header("cache-control")), (Some("Cookie"), Some("no-store")));
}

#[tokio::test]
async fn a_merged_and_a_nested_router_keep_their_rules() {
    let sessions = sessions().await;
    let inner = routing::Router::new().route("/", get(guarded)).route("/open", get(shop_window));
    let router = routing::Router::new()
        .route("/", get(shop_window))
        .nest("/a", routing::Router::new().nest("/b", inner))
        .merge(routing::Router::new().route("/merged", get(guarded)));
    let app = served(router, &sessions);
    for (path, expected) in [
        ("/", (200, 200)),
        ("/a/b", (401, 200)),
        ("/a/b/open", (200, 200)),
        ("/merged", (401, 200)),
        ("/a", (404, 404)),
    ] {
        assert_eq!(answered(&app, &sessions, "GET", path).await, expected, "{path}");
    }
}

#[tokio::test]
async fn method_routers_are_merged_and_have_fallbacks() {
    let sessions = sessions().await;
    let handlers = get(shop_window).merge(post(guarded)).fallback(guarded);
    let app = served(routing::Router::new().route("/", handlers), &sessions);
    for (method, expected) in [("GET", (200, 200)), ("POST", (401, 200)), ("DELETE", (401, 200))] {
        assert_eq!(answered(&app, &sessions, method, "/").await, expected, "{method}");
    }
}

#[tokio::test]
async fn fallbacks_have_rules_like_others() {
    let sessions = sessions().await;
    let router =
        routing::Router::new().route("/", get(shop_window)).fallback(guarded).method_not_allowed_fallback(guarded);
    let app = served(router.clone(), &sessions);
    for (method, path, expected) in
        [("GET", "/", (200, 200)), ("GET", "/nowhere", (401, 200)), ("POST", "/", (401, 200))]
    {
        assert_eq!(answered(&app, &sessions, method, path).await, expected, "{method} {path}");
    }
    let without =
        served(routing::Router::new().route("/", get(shop_window)).fallback(guarded).reset_fallback(), &sessions);
    assert_eq!(answered(&without, &sessions, "GET", "/nowhere").await, (404, 404));
}

#[tokio::test]
async fn the_fallback_of_a_nested_router_is_guarded_too() {
    let sessions = sessions().await;
    let inner = routing::Router::new().route("/open", get(shop_window)).fallback(guarded);
    let app = served(routing::Router::new().nest("/inner", inner).route("/", get(shop_window)), &sessions);
    for (path, expected) in [("/inner/open", (200, 200)), ("/inner/else", (401, 200)), ("/else", (404, 404))] {
        assert_eq!(answered(&app, &sessions, "GET", path).await, expected, "{path}");
    }
}

async fn mark(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.headers_mut().insert("x-marked", HeaderValue::from_static("yes"));
    response
}

#[tokio::test]
async fn middleware_runs_where_axum_runs_it() {
    let sessions = sessions().await;
    let routes = || routing::Router::new().route("/", get(guarded));
    let layered = served(routes().layer(from_fn(mark)), &sessions);
    let route_layered = served(routes().route_layer(from_fn(mark)), &sessions);
    let one = served(routing::Router::new().route("/", get(guarded).layer(from_fn(mark)).post(guarded)), &sessions);
    for (app, path, method, marked) in [
        (&layered, "/", Method::GET, true),
        (&layered, "/nowhere", Method::GET, true),
        (&route_layered, "/", Method::GET, true),
        (&route_layered, "/nowhere", Method::GET, false),
        (&one, "/", Method::GET, true),
        (&one, "/", Method::POST, false),
    ] {
        let answer = alice(app, &sessions).await.send(request(&method, path)).await;
        assert_eq!(answer.header("x-marked").is_some(), marked, "{method} {path}");
        let refused = Browser::new(app).send(request(&method, path)).await;
        assert_eq!(refused.status() == 401, path == "/", "no middleware opens anything");
    }
}

async fn ask_for_the_user(user: Option<UserId>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let user = user.map_or("None".to_owned(), |user| user.to_string());
    response.headers_mut().insert("x-user", user.parse().expect("a name"));
    response
}

/// What the module says: a middleware sees no session, unless the layer stands outside it. Then both share one.
#[tokio::test]
async fn middleware_that_wants_the_session_stands_inside_the_layer() {
    let sessions = sessions().await;
    let router = routing::Router::new().route("/", get(guarded)).layer(from_fn(ask_for_the_user));
    let app = served(router, &sessions);
    assert_eq!(alice(&app, &sessions).await.get("/").await.status(), 500);

    let app = app.layer(sessions.layer());
    assert_eq!(Browser::new(&app).get("/").await.header("x-user"), Some("None"));
    let answer = alice(&app, &sessions).await.get("/").await;
    assert_eq!((answer.status().as_u16(), answer.header("x-user")), (200, Some("alice")));
    assert_eq!(answer.headers().get_all("vary").iter().count(), 1, "what is said to caches is said once");
}

#[connected]
async fn with_state(State(greeting): State<&'static str>, user: UserId, Path(number): Path<u8>) -> String {
    format!("{greeting} {user} {number}")
}

#[tokio::test]
async fn state_is_handed_over_as_in_axum() {
    let sessions = sessions().await;
    let router = routing::Router::new().route("/{number}", get(with_state)).with_state("hello");
    let app = served(router, &sessions);
    assert_eq!(alice(&app, &sessions).await.get("/7").await.text(), "hello alice 7");
    let methods: MethodRouter = get(with_state).with_state("goodbye");
    let app = served(routing::Router::new().route("/{number}", methods), &sessions);
    assert_eq!(alice(&app, &sessions).await.get("/7").await.text(), "goodbye alice 7");

    let later = routing::Router::new().route("/{number}", get(with_state)).with_sessions(&sessions).unwrap();
    let app: Router = later.with_state("at last");
    assert_eq!(alice(&app, &sessions).await.get("/7").await.text(), "at last alice 7");
}

#[connected(opt)]
async fn open_a_session(session: Session) -> Result<StatusCode, Error> {
    session.connect("alice").await?;
    Ok(StatusCode::NO_CONTENT)
}

#[tokio::test]
async fn a_log_in_works_through_everything() {
    let sessions = sessions().await;
    let inner =
        routing::Router::new().route("/login", post(open_a_session)).route("/", get(guarded)).layer(from_fn(mark));
    let app = served(routing::Router::new().nest("/a", inner).fallback(guarded), &sessions);
    let mut browser = Browser::new(&app);
    assert_eq!(browser.post("/a/login", &[]).await.status(), 204);
    assert_eq!(browser.get("/a").await.text(), "guarded");
    assert_eq!(browser.get("/elsewhere").await.text(), "guarded");
}
