//! Functions with a rule under a framework that runs them on threads of its own.

use axum::Router;
use axum::extract::Request;
use axum::http::request::Parts;
use axum::routing::post;
use os_session::testing::Browser;
use os_session::{Error, Session, Sessions, UserId, connected_rpc, connected_wrapper};

tokio::task_local! {
    /// What the framework keeps of a request.
    static HEAD: Parts;
}

#[connected_rpc(allow = "editor")]
async fn publish(user: UserId) -> Result<String, Error> {
    // Found once more, by code that the function calls.
    assert_eq!(UserId::current().await?, user);
    Ok(format!("published by {user}"))
}

#[connected_wrapper]
async fn log_in() -> Result<String, Error> {
    Session::current()?.connect("alice").await?;
    Ok("welcome".to_owned())
}

/// Calls the function that the path names in another task, as frameworks do whose functions need not be `Send`.
async fn call(request: Request) -> Result<String, Error> {
    let (head, _) = request.into_parts();
    let function =
        async { if HEAD.with(|head| head.uri.path() == "/log-in") { log_in().await } else { publish().await } };
    tokio::spawn(HEAD.scope(head, function)).await.expect("no function panics")
}

#[tokio::test]
async fn a_session_is_found_where_the_framework_keeps_it() {
    let groups = |user: UserId| async move { (user.as_str() == "alice").then_some("editor") };
    let sessions = Sessions::builder().groups(["editor"], groups).build().await.unwrap();
    let app = Router::new().route("/{function}", post(call)).layer(sessions.layer());
    let [mut nobody, mut alice, mut bob] = [(); 3].map(|()| Browser::new(&app));
    alice.connect(&sessions, "alice").await.unwrap();
    bob.connect(&sessions, "bob").await.unwrap();
    assert_eq!(alice.post("/publish", &[]).await.status(), 500, "nobody said where it is: refused");

    Session::find_current_by(|| HEAD.try_with(|head| head.extensions.get().cloned()).ok()?);
    Session::find_current_by(|| None); // The first call counts.
    assert_eq!(nobody.post("/publish", &[]).await.status(), 401);
    assert_eq!(bob.post("/publish", &[]).await.status(), 403);
    assert_eq!(alice.post("/publish", &[]).await.text(), "published by alice");
    assert!(matches!(Session::current(), Err(Error::OutsideRequest)), "no request is handled here");

    assert_eq!(nobody.post("/log-in", &[]).await.text(), "welcome");
    assert_eq!(nobody.post("/publish", &[]).await.text(), "published by alice", "the log-in's cookie was sent");
}
