//! Who gets in: each kind of rule against each kind of user, by every way to attach `Sessions` and to keep groups.

use axum::Router;
use axum::extract::Path;
use os_session::routing::{self, get};
use os_session::testing::Browser;
use os_session::{Error, Sessions, UserId, connected, connected_rpc, connected_wrapper};

use crate::site::{GROUPS, Site};
use crate::watched::Watched;

macro_rules! pages {
    ($($name:ident($($rule:tt)*);)*) => {$(
        #[connected($($rule)*)]
        async fn $name() {}
    )*};
}

pages! {
    page();
    page_allow(allow = "admin");
    page_deny(deny = "banned");
    page_both(allow = "admin", deny = "banned");
    opt_page(opt);
    opt_page_allow(opt, allow = "admin");
    opt_page_deny(opt, deny = "banned");
    opt_page_both(opt, allow = "admin", deny = "banned");
}

macro_rules! rpcs {
    ($($name:ident($user:ty $(, $($rule:tt)*)?);)*) => {$(
        #[connected_rpc($($($rule)*)?)]
        async fn $name(_user: $user) -> Result<(), Error> {
            Ok(())
        }
    )*};
}

rpcs! {
    rpc(UserId);
    rpc_allow(UserId, allow = "admin");
    rpc_deny(UserId, deny = "banned");
    rpc_both(UserId, allow = "admin", deny = "banned");
    opt_rpc(Option<UserId>, opt);
    opt_rpc_allow(Option<UserId>, opt, allow = "admin");
    opt_rpc_deny(Option<UserId>, opt, deny = "banned");
    opt_rpc_both(Option<UserId>, opt, allow = "admin", deny = "banned");
}

macro_rules! wrappers {
    ($($name:ident($($rule:tt)*);)*) => {$(
        #[connected_wrapper($($rule)*)]
        async fn $name() -> Result<(), Error> {
            Ok(())
        }
    )*};
}

wrappers! {
    wrapper();
    wrapper_allow(allow = "admin");
    wrapper_deny(deny = "banned");
    wrapper_both(allow = "admin", deny = "banned");
}

/// Calls the function of that name.
#[connected(opt)]
async fn call(Path(function): Path<String>) -> Result<(), Error> {
    match &*function {
        "rpc" => rpc().await,
        "rpc_allow" => rpc_allow().await,
        "rpc_deny" => rpc_deny().await,
        "rpc_both" => rpc_both().await,
        "opt_rpc" => opt_rpc().await,
        "opt_rpc_allow" => opt_rpc_allow().await,
        "opt_rpc_deny" => opt_rpc_deny().await,
        "opt_rpc_both" => opt_rpc_both().await,
        "wrapper" => wrapper().await,
        "wrapper_allow" => wrapper_allow().await,
        "wrapper_deny" => wrapper_deny().await,
        "wrapper_both" => wrapper_both().await,
        other => panic!("no function is called {other}"),
    }
}

/// What is documented, for nobody, carol (in no group), alice (in `admin`), bob (in `banned`) and mallory (in both).
const TABLE: &[(&str, [u16; 5])] = &[
    //                       nobody carol alice bob mallory
    ("/page", [401, 200, 200, 200, 200]),
    ("/page_allow", [401, 403, 200, 403, 200]),
    ("/page_deny", [401, 200, 200, 403, 403]),
    ("/page_both", [401, 403, 200, 403, 403]),
    ("/opt_page", [200, 200, 200, 200, 200]),
    ("/opt_page_allow", [401, 403, 200, 403, 200]),
    ("/opt_page_deny", [200, 200, 200, 403, 403]),
    ("/opt_page_both", [401, 403, 200, 403, 403]),
    ("/call/rpc", [401, 200, 200, 200, 200]),
    ("/call/rpc_allow", [401, 403, 200, 403, 200]),
    ("/call/rpc_deny", [401, 200, 200, 403, 403]),
    ("/call/rpc_both", [401, 403, 200, 403, 403]),
    ("/call/opt_rpc", [200, 200, 200, 200, 200]),
    ("/call/opt_rpc_allow", [401, 403, 200, 403, 200]),
    ("/call/opt_rpc_deny", [200, 200, 200, 403, 403]),
    ("/call/opt_rpc_both", [401, 403, 200, 403, 403]),
    ("/call/wrapper", [200, 200, 200, 200, 200]),
    ("/call/wrapper_allow", [401, 403, 200, 403, 200]),
    ("/call/wrapper_deny", [200, 200, 200, 403, 403]),
    ("/call/wrapper_both", [401, 403, 200, 403, 403]),
];

const USERS: [(&str, &[&str]); 4] =
    [("carol", &[]), ("alice", &["admin"]), ("bob", &["banned"]), ("mallory", &["admin", "banned"])];

macro_rules! routed {
    ($router:expr, $get:path) => {
        $router
            .route("/page", $get(page))
            .route("/page_allow", $get(page_allow))
            .route("/page_deny", $get(page_deny))
            .route("/page_both", $get(page_both))
            .route("/opt_page", $get(opt_page))
            .route("/opt_page_allow", $get(opt_page_allow))
            .route("/opt_page_deny", $get(opt_page_deny))
            .route("/opt_page_both", $get(opt_page_both))
            .route("/call/{function}", $get(call))
    };
}

fn declared(sessions: &Sessions) -> Router {
    routed!(routing::Router::new(), get).with_sessions(sessions).expect("every rule can be decided")
}

fn plain(sessions: &Sessions) -> Router {
    routed!(Router::new(), axum::routing::get).layer(sessions.layer())
}

async fn holds(sessions: &Sessions) {
    for (way, app) in [("routing", declared(sessions)), ("layer", plain(sessions))] {
        let mut browsers = vec![Browser::new(&app)];
        for (user, _) in USERS {
            browsers.push(Browser::connected(&app, sessions, user).await.expect("the log-in succeeds"));
        }
        for (path, expected) in TABLE {
            let mut seen = [0; 5];
            for (seen, browser) in seen.iter_mut().zip(&mut browsers) {
                *seen = browser.get(path).await.status().as_u16();
            }
            assert_eq!(seen, *expected, "{path} by {way}");
        }
    }
}

async fn fill_groups(site: &Site) {
    for (user, groups) in USERS {
        site.join(user, groups).await;
    }
}

#[tokio::test]
async fn with_groups_in_the_memory_store() {
    let site = Site::new().await;
    fill_groups(&site).await;
    holds(&site.sessions).await;
}

#[tokio::test]
async fn with_groups_in_a_store_that_has_to_be_waited_for() {
    let site = Site::over(Watched::from, |builder| builder).await;
    fill_groups(&site).await;
    holds(&site.sessions).await;
}

async fn groups_of(user: UserId) -> Vec<&'static str> {
    USERS.iter().find(|(name, _)| user == *name).map(|(_, groups)| groups.to_vec()).unwrap_or_default()
}

#[tokio::test]
async fn with_groups_from_the_application() {
    let site = Site::with(|builder| builder.groups(GROUPS, groups_of)).await;
    holds(&site.sessions).await;
}

#[tokio::test]
async fn with_groups_from_the_application_that_are_remembered() {
    use os_session::Groups as _;

    let site = Site::with(|builder| builder.groups(GROUPS, groups_of.cached())).await;
    holds(&site.sessions).await;
    holds(&site.sessions).await;
}
