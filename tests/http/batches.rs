//! Several calls of server functions in one request: each is decided by itself, for the user at
//! that time.

use axum::Json;
use axum::extract::Path;
use os_session::routing::{self, post};
use os_session::testing::Browser;
use os_session::{Error, Session, UserId, connected, connected_rpc};

use crate::site::Site;

#[connected_rpc]
async fn read(user: UserId) -> Result<String, Error> {
    Ok(format!("{user} reads"))
}

#[connected_rpc(allow = "admin", deny = "banned")]
async fn delete(user: UserId) -> Result<String, Error> {
    Ok(format!("{user} deletes"))
}

async fn call(session: &Session, name: &str) -> String {
    let outcome = match name {
        "read" => read().await,
        "delete" => delete().await,
        "logout" => session.disconnect().await.map(|()| name.to_owned()),
        user => session.connect(user).await.map(|()| name.to_owned()),
    };
    outcome.unwrap_or_else(|refusal| refusal.status().as_u16().to_string())
}

#[connected(opt)]
async fn batch(session: Session, Path(calls): Path<String>) -> Json<Vec<String>> {
    let mut results = Vec::new();
    for name in calls.split(',') {
        results.push(call(&session, name).await);
    }
    Json(results)
}

#[connected(opt)]
async fn at_once(session: Session, Path((one, other)): Path<(String, String)>) -> Json<[String; 2]> {
    Json(tokio::join!(call(&session, &one), call(&session, &other)).into())
}

#[tokio::test]
async fn each_call_of_a_batch_is_decided_by_itself_for_the_user_of_that_time() {
    let site = Site::new().await;
    site.join("alice", &["admin"]).await;
    let router =
        routing::Router::new().route("/batch/{calls}", post(batch)).route("/at-once/{one}/{other}", post(at_once));
    let app = router.with_sessions(&site.sessions).expect("every rule can be decided");
    for (user, path, expected) in [
        (None, "/batch/read,delete", &["401", "401"][..]),
        (Some("bob"), "/batch/read,delete,read", &["bob reads", "403", "bob reads"]),
        (Some("bob"), "/at-once/delete/read", &["403", "bob reads"]),
        (Some("alice"), "/batch/delete,read", &["alice deletes", "alice reads"]),
        (Some("alice"), "/at-once/read/delete", &["alice reads", "alice deletes"]),
        (Some("alice"), "/batch/delete,logout,delete,read", &["alice deletes", "logout", "401", "401"]),
        (Some("alice"), "/batch/delete,bob,delete,read", &["alice deletes", "bob", "403", "bob reads"]),
        (Some("bob"), "/batch/delete,alice,delete", &["403", "alice", "alice deletes"]),
        (None, "/batch/read,alice,delete,logout,read", &["401", "alice", "alice deletes", "logout", "401"]),
    ] {
        let mut browser = Browser::new(&app);
        if let Some(user) = user {
            browser.connect(&site.sessions, user).await.expect("the log-in succeeds");
        }
        let results: Vec<String> = browser.post(path, &[]).await.json();
        assert_eq!(results, expected, "{user:?}: {path}");
    }
}
