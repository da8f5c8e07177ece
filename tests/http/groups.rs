//! Who is in which group, and how soon a change is obeyed.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use axum::Router;
use axum::extract::Path;
use os_session::routing::{self, get, post};
use os_session::testing::Browser;
use os_session::{
    BoxError, Error, GroupSet, Groups, MemoryStore, NoSuchGroup, Session, Sessions, Store as _, UserId, connected,
    connected_rpc, connected_wrapper,
};
use os_session_tests::at_once;
use os_session_tests::trace::{Gate, Log};

use crate::site::{GROUPS, Site, builder, pages};
use crate::watched::Watched;

fn unknown<T: std::fmt::Debug>(outcome: Result<T, Error>) -> NoSuchGroup {
    match outcome {
        Err(Error::NoSuchGroup(unknown)) => unknown,
        other => panic!("no unknown group: {other:?}"),
    }
}

#[tokio::test]
async fn groups_in_the_store_are_created_filled_and_asked() {
    let sessions = builder(&Log::default()).build().await.unwrap();
    let groups = sessions.groups();
    assert_eq!(groups.all().await.unwrap(), [""; 0]);
    assert_eq!(groups.create("staff").await.unwrap(), "staff");
    groups.create("admin").await.unwrap();
    groups.add_user_in_group("alice", "staff").await.unwrap();
    assert_eq!(groups.create("staff").await.unwrap(), "staff", "creating it again finds it, with everybody in it");
    assert_eq!(groups.all().await.unwrap(), ["admin", "staff"]);
    assert_eq!(groups.group_of_name("staff").await.unwrap(), "staff");

    assert!(groups.in_group("alice", "staff").await.unwrap());
    assert!(!groups.in_group("alice", "admin").await.unwrap());
    assert!(!groups.in_group("bob", "staff").await.unwrap());
    assert!(!groups.in_group("alice", "nothing").await.unwrap());
    groups.remove_user_in_group("alice", "staff").await.unwrap();
    groups.remove_user_in_group("alice", "staff").await.unwrap();
    assert!(!groups.in_group("alice", "staff").await.unwrap());
}

#[tokio::test]
async fn a_group_that_nobody_created_is_an_error_that_names_the_nearest() {
    let sessions = builder(&Log::default()).build().await.unwrap();
    let groups = sessions.groups();
    groups.create("staff").await.unwrap();
    for outcome in [
        unknown(groups.group_of_name("stafff").await),
        unknown(groups.add_user_in_group("alice", "stafff").await),
        unknown(groups.remove_user_in_group("alice", "stafff").await),
    ] {
        assert_eq!((&*outcome.name, outcome.nearest.as_deref()), ("stafff", Some("staff")));
    }
    assert_eq!(unknown(groups.group_of_name("cooks").await).nearest, None);
    for blank in ["", "  "] {
        unknown(groups.create(blank).await);
    }
    assert_eq!(groups.all().await.unwrap(), ["staff"]);
}

#[tokio::test]
async fn a_change_in_the_store_is_obeyed_at_the_next_request() {
    for site in [Site::new().await, Site::over(Watched::from, |builder| builder).await] {
        let mut alice = site.browser_of("alice").await;
        let groups = site.sessions.groups();
        assert_eq!(alice.get("/admin").await.status(), 403);
        groups.add_user_in_group("alice", "admin").await.unwrap();
        assert_eq!(alice.get("/admin").await.status(), 200);
        groups.add_user_in_group("alice", "banned").await.unwrap();
        assert_eq!(alice.get("/admin").await.status(), 403);
        groups.remove_user_in_group("alice", "banned").await.unwrap();
        assert_eq!(alice.get("/admin").await.status(), 200);
        groups.remove_user_in_group("alice", "admin").await.unwrap();
        assert_eq!(alice.get("/admin").await.status(), 403);
    }
}

#[tokio::test]
async fn membership_outlives_a_users_sessions() {
    let site = Site::new().await;
    site.join("alice", &["admin"]).await;
    let mut alice = site.browser_of("alice").await;
    alice.post("/logout-everywhere", &[]).await;
    let mut again = site.browser_of("alice").await;
    assert_eq!(again.get("/admin").await.status(), 200);
}

// The application's own.

async fn obeys(provider: impl Groups) {
    let site = Site::with(|builder| builder.groups(GROUPS, provider)).await;
    assert_eq!(site.browser_of("alice").await.get("/admin").await.status(), 200);
    assert_eq!(site.browser_of("bob").await.get("/admin").await.status(), 403);
}

#[tokio::test]
async fn a_closure_may_answer_in_many_shapes() {
    const NONE: &[&str] = &[];
    static OWNED: LazyLock<Vec<String>> = LazyLock::new(|| vec!["admin".to_owned()]);
    static SET: LazyLock<BTreeSet<&str>> = LazyLock::new(|| BTreeSet::from(["admin"]));
    static EMPTY: BTreeSet<&str> = BTreeSet::new();

    fn is_alice(user: &UserId) -> bool {
        user == "alice"
    }
    obeys(|user: UserId| async move { if is_alice(&user) { vec!["admin"] } else { vec![] } }).await;
    obeys(|user: UserId| async move { if is_alice(&user) { vec!["admin".to_owned()] } else { vec![] } }).await;
    obeys(|user: UserId| async move { [if is_alice(&user) { "admin" } else { "nothing that a rule names" }] }).await;
    obeys(|user: UserId| async move { is_alice(&user).then_some("admin") }).await;
    obeys(|user: UserId| async move { HashSet::from([if is_alice(&user) { "admin" } else { "banned" }]) }).await;
    obeys(|user: UserId| async move { BTreeSet::from([if is_alice(&user) { "admin" } else { "banned" }]) }).await;
    obeys(|user: UserId| async move { Ok::<_, std::io::Error>(is_alice(&user).then_some("admin")) }).await;
    obeys(|user: UserId| async move { VecDeque::from([if is_alice(&user) { "admin" } else { "banned" }]) }).await;

    obeys(|user: UserId| async move { if is_alice(&user) { &["admin"][..] } else { NONE } }).await;
    obeys(|user: UserId| async move { if is_alice(&user) { &["admin"] } else { &["banned"] } }).await;
    obeys(|user: UserId| async move { if is_alice(&user) { OWNED.as_slice() } else { &[] } }).await;
    obeys(|user: UserId| async move { Ok::<_, &str>(if is_alice(&user) { &*SET } else { &EMPTY }) }).await;
    obeys(
        |user: UserId| async move { if is_alice(&user) { Cow::Borrowed(&["admin"][..]) } else { Cow::Owned(vec![]) } },
    )
    .await;
    obeys(|user: UserId| async move { vec![Cow::Borrowed(if is_alice(&user) { "admin" } else { "" })] }).await;
    obeys(|user: UserId| async move { Arc::<[&str]>::from([if is_alice(&user) { "admin" } else { "" }]) }).await;
    obeys(|user: UserId| async move { Box::<[&str]>::from([if is_alice(&user) { "admin" } else { "" }]) }).await;
    obeys(|user: UserId| async move { Arc::new(HashSet::from([if is_alice(&user) { "admin" } else { "" }])) }).await;
    obeys(|user: UserId| async move { Ok::<_, &str>(vec![if is_alice(&user) { "admin" } else { "" }]) }).await;
}

/// A table of the application, and how often it was read.
#[derive(Clone, Default)]
struct Roles {
    table: Arc<Mutex<HashMap<UserId, Vec<&'static str>>>>,
    reads: Arc<AtomicUsize>,
    /// Behind the answer of a read.
    read: Gate,
}

impl Roles {
    fn set(&self, user: &str, roles: &[&'static str]) {
        self.table.lock().unwrap_or_else(PoisonError::into_inner).insert(user.into(), roles.to_vec());
    }

    fn reads(&self) -> usize {
        self.reads.swap(0, Ordering::Relaxed)
    }
}

impl Groups for Roles {
    async fn groups_of(&self, user: &UserId) -> Result<Vec<String>, BoxError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        let roles = self.table.lock().unwrap_or_else(PoisonError::into_inner).get(user).cloned();
        self.read.pass().await;
        Ok(roles.into_iter().flatten().map(str::to_owned).collect())
    }
}

#[connected_rpc(allow = "admin")]
async fn audit(_user: UserId) -> Result<(), Error> {
    Ok(())
}

#[connected(allow = "admin", deny = "banned")]
async fn asks_often() -> Result<(), Error> {
    audit().await?;
    audit().await
}

async fn site_with(roles: &Roles, cached: bool) -> (Site, Router) {
    let site = match cached {
        true => Site::with(|builder| builder.groups(GROUPS, roles.clone().cached())).await,
        false => Site::with(|builder| builder.groups(GROUPS, roles.clone())).await,
    };
    let app =
        pages().route("/often", get(asks_often)).with_sessions(&site.sessions).expect("every rule can be decided");
    (site, app)
}

#[tokio::test]
async fn an_own_provider_is_asked_once_a_request_and_only_if_a_rule_names_a_group() {
    let roles = Roles::default();
    roles.set("alice", &["admin"]);
    let (site, app) = site_with(&roles, false).await;
    let mut alice = Browser::connected(&app, &site.sessions, "alice").await.unwrap();
    for (path, expected) in [("/me", 0), ("/who", 0), ("/admin", 1), ("/often", 1)] {
        assert_eq!(alice.get(path).await.status(), 200, "{path}");
        assert_eq!(roles.reads(), expected, "{path}");
    }
    assert_eq!(Browser::new(&app).get("/often").await.status(), 401);
    assert_eq!(roles.reads(), 0, "nobody is in no group");

    roles.set("alice", &[]);
    assert_eq!(alice.get("/admin").await.status(), 403, "a change is obeyed at the next request");
}

#[tokio::test]
async fn a_cached_provider_is_asked_again_after_a_change_and_not_before() {
    let roles = Roles::default();
    roles.set("alice", &["admin"]);
    let (site, app) = site_with(&roles, true).await;
    let mut alice = Browser::connected(&app, &site.sessions, "alice").await.unwrap();
    let mut bob = Browser::connected(&app, &site.sessions, "bob").await.unwrap();
    for _ in 0..5 {
        assert_eq!(alice.get("/often").await.status(), 200);
        assert_eq!(bob.get("/admin").await.status(), 403);
    }
    assert_eq!(roles.reads(), 2, "once for each of them");

    roles.set("alice", &["admin", "banned"]);
    site.sessions.groups_changed("alice");
    assert_eq!(alice.get("/admin").await.status(), 403);
    assert_eq!(bob.get("/admin").await.status(), 403);
    assert_eq!(roles.reads(), 1, "for alice, again");
}

/// An answer that was read before a change and arrives after it must not be remembered.
#[tokio::test]
async fn a_fill_that_meets_a_change_is_not_kept() {
    let roles = Roles::default();
    roles.set("alice", &["admin"]);
    let (site, app) = site_with(&roles, true).await;
    let mut alice = Browser::connected(&app, &site.sessions, "alice").await.unwrap();
    roles.read.close();
    let mut early = alice.clone();
    let request = tokio::spawn(async move { early.get("/admin").await.status() });
    roles.read.arrived().await;
    roles.set("alice", &[]);
    site.sessions.groups_changed("alice");
    roles.read.open();
    request.await.unwrap();
    assert_eq!(alice.get("/admin").await.status(), 403);
}

// Rules with groups that nobody created. Their names resemble no other, or no `Sessions` of this binary could be built.

#[connected(deny = "night-watch")]
async fn not_the_watch() -> &'static str {
    panic!("the handler was reached")
}

#[connected(opt, deny = "night-watch")]
async fn not_the_watch_or_nobody() -> &'static str {
    "reached"
}

#[connected_wrapper(deny = "night-watch")]
async fn unless_on_watch() -> Result<&'static str, Error> {
    Ok("reached")
}

#[connected(opt)]
async fn call_unless_on_watch() -> Result<&'static str, Error> {
    unless_on_watch().await
}

fn watched(sessions: &Sessions) -> Router {
    Router::new()
        .route("/deny", axum::routing::get(not_the_watch))
        .route("/opt", axum::routing::get(not_the_watch_or_nobody))
        .route("/wrapper", axum::routing::get(call_unless_on_watch))
        .layer(sessions.layer())
}

#[tokio::test]
async fn under_the_layer_a_rule_with_an_unknown_group_is_refused_and_never_open() {
    let with_provider = Site::with(|builder| builder.groups(GROUPS, |_: UserId| async { vec!["night-watch"] })).await;
    for site in [Site::new().await, Site::over(Watched::from, |builder| builder).await, with_provider] {
        let app = watched(&site.sessions);
        let mut alice = Browser::connected(&app, &site.sessions, "alice").await.unwrap();
        for path in ["/deny", "/opt", "/wrapper"] {
            let (lines, _guard) = os_session_tests::log::caught();
            let answer = alice.get(path).await;
            assert_eq!(answer.status(), 500, "{path}");
            assert!(!answer.text().contains("night-watch"), "{}", answer.text());
            assert!(lines.take().join("\n").contains("no such group: `night-watch`"), "{path}");
        }
        assert_eq!(Browser::new(&app).get("/deny").await.status(), 401);
    }
}

#[tokio::test]
async fn a_group_that_another_process_created_is_learnt() {
    let memory = MemoryStore::new();
    let log = Log::default();
    let sessions = builder(&log).store(memory.clone()).build().await.unwrap();
    let app = watched(&sessions);
    let mut alice = Browser::connected(&app, &sessions, "alice").await.unwrap();
    assert_eq!(alice.get("/opt").await.status(), 500);
    memory.create_group("night-watch").await.unwrap();
    assert_eq!(alice.get("/opt").await.text(), "reached");
    memory.add_to_group(&"alice".into(), "night-watch").await.unwrap();
    assert_eq!(alice.get("/opt").await.status(), 403);
}

#[tokio::test]
async fn a_router_with_an_unknown_group_cannot_be_served() {
    let site = Site::new().await;
    let router: routing::Router =
        routing::Router::new().route("/", get(not_the_watch)).route("/opt", get(not_the_watch_or_nobody));
    let Err(Error::Config(mistakes)) = router.with_sessions(&site.sessions) else { panic!("it can") };
    assert_eq!(mistakes.len(), 2, "one for each rule: {mistakes:?}");
    assert!(mistakes[0].contains("`night-watch`") && mistakes[0].contains("groups.rs:"), "{mistakes:?}");
}

// Groups of somebody who has just logged in.

#[connected(opt)]
async fn login_and_audit(session: Session, Path(user): Path<String>) -> Result<(), Error> {
    session.connect(user).await?;
    audit().await
}

#[tokio::test]
async fn who_logs_in_is_judged_by_the_own_groups_in_the_same_request() {
    let stored = Site::new().await;
    stored.join("alice", &["admin"]).await;
    let is_admin = |user: UserId| async move { (user == "alice").then_some("admin") };
    let of_the_application = Site::with(|builder| builder.groups(GROUPS, is_admin)).await;
    for site in [stored, of_the_application] {
        let router = routing::Router::new().route("/{user}", post(login_and_audit));
        let app = router.with_sessions(&site.sessions).unwrap();
        let mut browser = Browser::new(&app);
        for (user, expected) in [("alice", 200), ("bob", 403), ("alice", 200)] {
            assert_eq!(browser.post(&format!("/{user}"), &[]).await.status(), expected, "{user}");
        }
    }
}

/// A provider that asks the session for everything that can be had without waiting.
struct Curious(Arc<AtomicUsize>);

impl Groups for Curious {
    async fn groups_of(&self, _: &UserId) -> Result<Vec<String>, BoxError> {
        Ok(vec!["admin".to_owned()])
    }

    fn remembered(&self, user: &UserId) -> Option<GroupSet> {
        let session = Session::current().ok()?;
        assert_eq!(at_once(session.user())?.ok()??, *user);
        assert!(session.process().is_new());
        self.0.fetch_add(1, Ordering::Relaxed);
        Some(["admin"].into_iter().collect())
    }
}

#[tokio::test]
async fn a_provider_that_asks_the_session_does_not_stand_still() {
    let calls = Arc::new(AtomicUsize::new(0));
    let site = Site::with(|builder| builder.groups(GROUPS, Curious(calls.clone()))).await;
    let mut alice = site.browser_of("alice").await;
    assert_eq!(alice.get("/admin").await.text(), "the safe");
    assert!(calls.load(Ordering::Relaxed) > 0, "it was asked");
}

#[tokio::test]
async fn a_provider_that_needs_its_own_result_is_refused() {
    let provider = |_: UserId| async { tidy().await.map(|()| ["admin"]) };
    let site = Site::with(|builder| builder.groups(GROUPS, provider)).await;
    let mut alice = site.browser_of("alice").await;
    assert_eq!(alice.get("/admin").await.status(), 503);
}

/// A function of the application whose rule names a group.
#[connected_wrapper(allow = "admin")]
async fn tidy() -> Result<(), Error> {
    Ok(())
}

#[tokio::test]
async fn groups_of_a_provider_are_those_of_the_user_who_logged_in_last() {
    #[connected]
    async fn becomes(session: Session, Path(other): Path<String>) -> Result<(), Error> {
        let _as_before = tidy().await;
        session.connect(other).await?;
        tidy().await
    }
    let provider = |user: UserId| async move { (user == "alice").then_some("admin") };
    let site = Site::with(|builder| builder.groups(GROUPS, provider)).await;
    let app = routing::Router::new().route("/become/{other}", post(becomes)).with_sessions(&site.sessions).unwrap();
    for (user, other, status) in [("alice", "bob", 403), ("bob", "alice", 200)] {
        let mut browser = Browser::connected(&app, &site.sessions, user).await.unwrap();
        assert_eq!(browser.post(&format!("/become/{other}"), &[]).await.status(), status, "{user} as {other}");
    }
}
