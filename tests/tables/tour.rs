//! Whether the server does what the table says, and whether somebody notices if it does not.

use std::sync::atomic::{AtomicU32, Ordering};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use os_session::routing::{self, get};
use os_session::testing::Tour;
use os_session::{AccessTable, Sessions, UserId, connected, on_denied_request};

static DENIED: AtomicU32 = AtomicU32::new(0);
static RUN: AtomicU32 = AtomicU32::new(0);

#[on_denied_request]
async fn count() {
    DENIED.fetch_add(1, Ordering::Relaxed);
}

#[connected(allow = "admin")]
async fn runs() {
    RUN.fetch_add(1, Ordering::Relaxed);
}

async fn stored() -> Sessions {
    let sessions = Sessions::builder().build().await.unwrap();
    for group in ["admin", "staff", "banned", "on leave"] {
        sessions.groups().create(group).await.unwrap();
    }
    sessions.groups().add_user_in_group("ann", "admin").await.unwrap();
    sessions
}

/// What a tour with ann says of an application that does not do what its table says.
async fn complaint(table: AccessTable, app: Router, sessions: Sessions) -> String {
    let tour = async move { Tour::new(&table, &app, &sessions).caller("ann").assert().await };
    *tokio::spawn(tour).await.expect_err("it finds something").into_panic().downcast().unwrap()
}

#[tokio::test]
async fn every_route_is_walked_as_everybody() {
    let sessions = stored().await;
    let router = super::router().route("/runs", get(runs));
    let table = router.access_table();
    let app = router.with_sessions(&sessions).unwrap();
    let denied = DENIED.load(Ordering::Relaxed);
    let requests = Tour::new(&table, &app, &sessions).caller("ann").param("owner", "ann").assert().await;
    // Login twice, `/account`, `/account/paid`, and `me` as a fallback three times: nobody, and ann. `stock` twice: ann in eight sets of
    // groups. `cancel`: ann in eight sets of groups, twice.
    assert_eq!(requests, 7 * 2 + 2 * (1 + 8) + (1 + 16) + (1 + 2));
    assert!(DENIED.load(Ordering::Relaxed) > denied, "the requests are real");
    assert_eq!(RUN.load(Ordering::Relaxed), 0, "handlers do not run");
    assert!(sessions.groups().in_group("ann", "admin").await.unwrap(), "as before");
    assert!(!sessions.groups().in_group("ann", "staff").await.unwrap(), "as before");
    assert!(sessions.of_user("ann").await.unwrap().is_empty(), "no session is left behind");
}

#[tokio::test]
async fn callers_have_the_groups_of_the_applications_provider() {
    let groups = |user: UserId| async move { [user.as_str().to_owned()] };
    let sessions = Sessions::builder().groups(["admin", "staff", "banned", "on leave"], groups).build().await.unwrap();
    let router = super::router();
    let table = router.access_table();
    let app = router.with_sessions(&sessions).unwrap();
    let tour = Tour::new(&table, &app, &sessions).caller("staff").caller("banned").param("owner", "staff");
    assert_eq!(tour.assert().await, 10 * 3 + 2, "each route three times, and twice more where `fresh` matters");
}

#[tokio::test]
async fn a_policy_that_answers_instead_of_saying_yes_or_no_is_a_mistake_unless_it_may() {
    let sessions = stored().await;
    let router = routing::Router::new().route("/orders/{owner}", get(super::cancel));
    let table = router.access_table();
    let app = router.with_sessions(&sessions).unwrap();
    Tour::new(&table, &app, &sessions).caller("ann").policies_may_answer().assert().await;
    let complaint = complaint(table, app, sessions).await;
    assert!(
        complaint.contains("the policy `is_word` answered 418 I'm a teapot instead of yes or no; `.param(…)` gives it"),
        "{complaint}"
    );
}

#[tokio::test]
#[should_panic(expected = "a tour needs somebody to call")]
async fn a_tour_without_callers_says_nothing() {
    let sessions = stored().await;
    let router = super::router();
    let table = router.access_table();
    let app = router.with_sessions(&sessions).unwrap();
    Tour::new(&table, &app, &sessions).assert().await;
}

#[tokio::test]
#[should_panic(expected = "no path of the table has a parameter `onwer`")]
async fn a_parameter_has_to_be_in_a_path() {
    let sessions = stored().await;
    let router = super::router();
    let table = router.access_table();
    let app = router.with_sessions(&sessions).unwrap();
    Tour::new(&table, &app, &sessions).caller("ann").param("onwer", "ann").assert().await;
}

#[tokio::test]
async fn paths_are_written_as_requests_write_them() {
    let sessions = stored().await;
    let router = routing::Router::new().route("/{{braces}}/{owner}/{*rest}", get(super::stock));
    let table = router.access_table();
    let app = router.with_sessions(&sessions).unwrap();
    Tour::new(&table, &app, &sessions).caller("ann").param("owner", "a b/ü").param("rest", "x").assert().await;
}

/// Something in front that answers by itself.
async fn closed(request: Request, next: Next) -> Response {
    if request.uri().path() == "/stock" { Response::new(Body::empty()) } else { next.run(request).await }
}

#[tokio::test]
async fn an_answer_that_no_rule_gave_is_a_mistake() {
    let sessions = stored().await;
    let router = super::router();
    let table = router.access_table();
    let app: Router = router.with_sessions(&sessions).unwrap().layer(from_fn(closed));
    let complaint = complaint(table, app, sessions).await;
    let lines: Vec<_> = complaint.lines().filter(|line| line.contains(" /stock, ")).collect();
    assert_eq!(lines.len(), 1 + 8, "{complaint}");
    assert!(
        lines.contains(&"* /stock, ann in `banned`, `staff`: it never came to the rule, but was answered 200 OK"),
        "{complaint}"
    );
}

#[tokio::test]
async fn the_rule_of_another_handler_is_a_mistake() {
    let sessions = stored().await;
    let table = routing::Router::<()>::new().route("/stock", get(super::me)).access_table();
    let app = routing::Router::new().route("/stock", get(super::stock)).with_sessions(&sessions).unwrap();
    let complaint = complaint(table, app, sessions).await;
    assert!(
        complaint.contains("GET /stock, ann in no group: it came to tables::stock (tests/tables/main.rs:"),
        "{complaint}"
    );
}

/// Turns refusals into successes, as some error page does.
async fn polite(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    *response.status_mut() = axum::http::StatusCode::OK;
    response
}

#[tokio::test]
async fn a_refusal_that_looks_like_success_is_a_mistake() {
    let sessions = stored().await;
    let router = routing::Router::new().route("/stock", get(super::stock));
    let table = router.access_table();
    let app: Router = router.with_sessions(&sessions).unwrap().layer(from_fn(polite));
    let complaint = complaint(table, app, sessions).await;
    assert!(complaint.contains("GET /stock, nobody connected: refused, and answered 200 OK"), "{complaint}");
}
