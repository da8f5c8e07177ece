//! axum's routing with declared handlers: the same names and chaining, and a rule on whatever is reached.

mod attached;
mod chaining;
mod paths;
mod table;

use axum::Router;
use os_session::testing::Browser;
use os_session::{Sessions, connected, public};

/// Reached by nobody in particular, and by everybody who is connected.
#[connected]
async fn guarded() -> &'static str {
    "guarded"
}

#[connected(allow = "admin")]
async fn for_admins() -> &'static str {
    "for admins"
}

#[connected(opt)]
async fn for_all() -> &'static str {
    "for all"
}

#[public(reason = "the shop window")]
async fn shop_window() -> &'static str {
    "shop window"
}

async fn sessions() -> Sessions {
    let sessions = Sessions::builder().build().await.expect("the configuration works");
    sessions.groups().create("admin").await.expect("a group can be created");
    sessions
}

/// A router with the sessions that it was given.
fn served(router: os_session::routing::Router, sessions: &Sessions) -> Router {
    router.with_sessions(sessions).expect("every rule can be decided")
}

async fn alice(app: &Router, sessions: &Sessions) -> Browser {
    Browser::connected(app, sessions, "alice").await.expect("the log-in succeeds")
}
