//! Where there is no session to ask: each message says what to write instead.

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use os_session::routing::{self, get};
use os_session::testing::Browser;
use os_session::{Error, Session, UserId, connected, connected_rpc, public};
use os_session_tests::log::caught;

use crate::site::{Site, me};

#[connected_rpc]
async fn greet(_user: UserId) -> Result<(), Error> {
    Ok(())
}

async fn plain_handler(user: UserId) -> String {
    user.to_string()
}

#[tokio::test]
async fn without_the_layer_the_log_says_how_to_add_it() {
    let app =
        Router::new().route("/declared", axum::routing::get(me)).route("/plain", axum::routing::get(plain_handler));
    for path in ["/declared", "/plain"] {
        let (lines, _guard) = caught();
        let answer = Browser::new(&app).get(path).await;
        assert_eq!(answer.status(), 500, "{path}");
        assert!(!answer.text().contains("layer"), "that is for the log: {}", answer.text());
        let lines = lines.take().join("\n");
        assert!(lines.contains("with_sessions(&sessions)") && lines.contains(".layer(sessions.layer())"), "{lines}");
    }
}

async fn looks_who_it_is(user: Option<UserId>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let name = user.map_or("nobody".to_owned(), |user| user.to_string());
    response.headers_mut().insert("x-user", name.parse().expect("a header value"));
    response
}

#[tokio::test]
async fn the_log_names_the_place_of_the_layer_where_a_middleware_has_no_session() {
    let site = Site::new().await;
    let plain = || Router::new().route("/", axum::routing::get(plain_handler));
    let declared = || routing::Router::<()>::new().route("/", get(me)).layer(from_fn(looks_who_it_is));
    let inside = [
        plain().layer(site.sessions.layer()).layer(from_fn(looks_who_it_is)),
        declared().with_sessions(&site.sessions).unwrap(),
    ];
    for app in inside {
        let (lines, _guard) = caught();
        assert_eq!(Browser::new(&app).get("/").await.status(), 500);
        let lines = lines.take().join("\n");
        assert!(lines.contains("outside the middleware"), "{lines}");
    }
    let outside = [
        plain().layer(from_fn(looks_who_it_is)).layer(site.sessions.layer()),
        declared().with_sessions(&site.sessions).unwrap().layer(site.sessions.layer()),
    ];
    for app in outside {
        let mut alice = Browser::connected(&app, &site.sessions, "alice").await.unwrap();
        assert_eq!(alice.get("/").await.header("x-user"), Some("alice"));
    }
}

#[connected]
async fn in_a_task_of_its_own() -> String {
    let outside = tokio::spawn(async { Session::current().map(|_| ()) }).await.expect("the task does not panic");
    outside.expect_err("no request is handled there").to_string()
}

#[tokio::test]
async fn outside_a_request_there_is_no_current_session() {
    let error = Session::current().expect_err("this is no request");
    assert!(matches!(error, Error::OutsideRequest));
    assert!(error.to_string().contains("while a request"), "{error}");
    assert!(matches!(greet().await, Err(Error::OutsideRequest)), "nor for a server function");

    let site = Site::new().await;
    let app = routing::Router::new().route("/", get(in_a_task_of_its_own)).with_sessions(&site.sessions).unwrap();
    let mut alice = Browser::connected(&app, &site.sessions, "alice").await.unwrap();
    assert_eq!(alice.get("/").await.text(), error.to_string());
}

type Me = UserId;

#[public(reason = "a mistake that an attribute cannot see")]
async fn public_but_personal(me: Me) -> String {
    me.to_string()
}

#[tokio::test]
async fn a_public_handler_that_asks_for_the_user_is_told_what_to_write() {
    let site = Site::new().await;
    let declared = routing::Router::new().route("/", get(public_but_personal)).with_sessions(&site.sessions).unwrap();
    let plain = Router::new().route("/", axum::routing::get(public_but_personal)).layer(site.sessions.layer());
    for app in [declared, plain] {
        let mut alice = Browser::connected(&app, &site.sessions, "alice").await.unwrap();
        let (lines, _guard) = caught();
        assert_eq!(alice.get("/").await.status(), 500);
        let lines = lines.take().join("\n");
        assert!(lines.contains("#[connected(opt)]"), "{lines}");
    }
}
