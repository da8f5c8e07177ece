//! Which `Sessions` a route belongs to, and what comes in from axum.

use std::convert::Infallible;

use axum::Router;
use axum::extract::Request;
use axum::http::Response;
use os_session::routing::{self, MethodRouter, any, get};
use os_session::testing::Browser;
use os_session::{Error, Sessions, UserId, connected};

use crate::{alice, for_admins, guarded, served, sessions, shop_window};

#[tokio::test]
async fn the_same_handler_is_routed_twice_in_one_router_and_in_two() {
    let (first, second) = (sessions().await, sessions().await);
    let app = served(routing::Router::new().route("/a", get(guarded)).route("/b", get(guarded).post(guarded)), &first);
    let other = served(routing::Router::new().route("/a", get(guarded)), &second);
    let mut at_first = alice(&app, &first).await;
    for path in ["/a", "/b"] {
        assert_eq!(at_first.get(path).await.text(), "guarded", "{path}");
        assert_eq!(Browser::new(&app).get(path).await.status(), 401, "{path}");
    }
    assert_eq!(alice(&other, &second).await.get("/a").await.text(), "guarded");
    assert_eq!(alice(&other, &first).await.get("/a").await.status(), 401, "each router knows its own sessions");
}

fn mistake(outcome: Result<Router, Error>) -> String {
    match outcome {
        Err(Error::Config(mistakes)) => mistakes.join("\n"),
        other => panic!("no mistake: {other:?}"),
    }
}

#[tokio::test]
async fn one_route_cannot_belong_to_two_sessions() {
    let (first, second) = (sessions().await, sessions().await);
    let methods = get(guarded);
    let app = served(routing::Router::new().route("/", methods.clone()), &first);
    let text = mistake(routing::Router::new().route("/", methods.clone()).with_sessions(&second));
    assert!(text.contains("guarded") && text.contains("other `Sessions`") && text.contains("route it anew"), "{text}");
    assert_eq!(alice(&app, &first).await.get("/").await.text(), "guarded", "the first is as it was");
    let _ = served(routing::Router::new().route("/again", methods), &first.clone());

    let router: routing::Router = routing::Router::new().route("/", get(guarded));
    let _ = served(router.clone(), &first);
    mistake(router.with_sessions(&second));
}

/// A router that could not be attached leaves its routes to be attached to others.
#[tokio::test]
async fn a_failed_attempt_does_not_bind_the_routes() {
    let lacking = Sessions::builder().build().await.unwrap();
    let router: routing::Router = routing::Router::new().route("/", get(for_admins)).route("/me", get(guarded));
    mistake(router.clone().with_sessions(&lacking));
    let sessions = sessions().await;
    let app = router.with_sessions(&sessions).expect("these have the group");
    assert_eq!(alice(&app, &sessions).await.get("/me").await.text(), "guarded");
}

async fn service(_: Request) -> Result<Response<String>, Infallible> {
    Ok(Response::new("a service".to_owned()))
}

#[tokio::test]
async fn what_has_no_handler_to_annotate_comes_in_with_a_reason() {
    let sessions = sessions().await;
    let elsewhere = Router::new().route("/metrics", axum::routing::get(|| async { "metrics" }));
    let router = routing::Router::new()
        .route("/me", get(guarded))
        .route("/health", MethodRouter::from_axum(axum::routing::get(|| async { "ok" }), "for the load balancer"))
        .route_service("/style.css", tower::service_fn(service), "the same for everybody")
        .nest_service("/files", tower::service_fn(service), "the same for everybody")
        .merge(routing::Router::from_axum(elsewhere, "for the load balancer"))
        .fallback_service(tower::service_fn(service), "the single page of the client");
    let app = served(router, &sessions);
    let mut anybody = Browser::new(&app);
    for (path, expected) in [
        ("/health", "ok"),
        ("/style.css", "a service"),
        ("/files/a/b", "a service"),
        ("/metrics", "metrics"),
        ("/anything", "a service"),
    ] {
        assert_eq!(anybody.get(path).await.text(), expected, "{path}");
    }
    assert_eq!(anybody.get("/me").await.status(), 401);
}

/// A handler of axum's own is open by declaration; what asks for the user in it is told where the session is missing.
#[tokio::test]
async fn what_comes_from_axum_has_no_session_without_the_layer() {
    async fn who(user: Option<UserId>) -> String {
        format!("{user:?}")
    }
    let sessions = sessions().await;
    let from_axum = MethodRouter::from_axum(axum::routing::get(who), "it says who is there");
    let app = served(routing::Router::new().route("/", from_axum), &sessions);
    assert_eq!(Browser::new(&app).get("/").await.status(), 500);
    let app = app.layer(sessions.layer());
    assert_eq!(alice(&app, &sessions).await.get("/").await.text(), r#"Some(UserId("alice"))"#);
}

#[tokio::test]
async fn declared_handlers_work_in_axums_router_under_the_layer() {
    let sessions = sessions().await;
    let app = Router::new()
        .route("/", axum::routing::get(shop_window))
        .route("/me", axum::routing::get(guarded))
        .nest("/inner", Router::new().route("/admin", axum::routing::get(for_admins)).fallback(guarded))
        .layer(sessions.layer());
    let (mut anybody, mut user) = (Browser::new(&app), alice(&app, &sessions).await);
    for (path, of_anybody, of_alice) in
        [("/", 200, 200), ("/me", 401, 200), ("/inner/admin", 401, 403), ("/inner/else", 401, 200)]
    {
        assert_eq!(anybody.get(path).await.status(), of_anybody, "{path}");
        assert_eq!(user.get(path).await.status(), of_alice, "{path}");
    }
}

/// A route that was added after the layer has no session: it refuses, and is not open.
#[tokio::test]
async fn a_route_outside_the_layer_is_refused() {
    let sessions = sessions().await;
    let app = Router::new().layer(sessions.layer()).route("/late", axum::routing::get(guarded));
    assert_eq!(alice(&app, &sessions).await.get("/late").await.status(), 500);
    assert_eq!(Browser::new(&app).get("/late").await.status(), 500);
}

#[connected]
async fn asks_for_the_wrong_type(_user: os_session::User<u64>) {}

#[tokio::test]
async fn a_user_of_another_type_is_a_mistake_and_no_missing_account() {
    let sessions = sessions().await;
    let app = served(routing::Router::new().route("/", any(asks_for_the_wrong_type)), &sessions);
    let mut alice = alice(&app, &sessions).await;
    assert_eq!(alice.get("/").await.status(), 500);
    assert_eq!(sessions.of_user("alice").await.unwrap().len(), 1, "the session is still there");
    let mut seven = Browser::connected(&app, &sessions, 7).await.unwrap();
    assert_eq!(seven.get("/").await.status(), 200);
}
