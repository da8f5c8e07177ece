//! `session.closed()`: what goes on after its handler has returned, and when that is over.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use axum::extract::{FromRef, Path, Request, State};
use os_session::routing::{self, get, post};
use os_session::testing::{Browser, Clock};
use os_session::{Error, Groups, MemoryStore, Session, Sessions, SessionsBuilder, UserId, connected, policy};
use os_session_tests::store::StagedStore;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tower::ServiceExt as _;

mod elsewhere;
mod rights;
mod tasks;

/// Where handlers hand over what they have begun.
type Begun = mpsc::UnboundedSender<JoinHandle<()>>;

/// The application that a handler passes its request on to.
type App = Arc<OnceLock<Router>>;

#[derive(Clone, FromRef)]
struct Shared {
    begun: Begun,
    app: App,
}

fn begin(begun: &Begun, session: Session) {
    begun.send(tokio::spawn(async move { session.closed().await })).unwrap();
}

#[policy]
async fn says_yes(Path(word): Path<String>) -> bool {
    word == "yes"
}

#[connected]
async fn anyone(session: Session, State(begun): State<Begun>) {
    begin(&begun, session);
}

#[connected(opt)]
async fn both(session: Session, State(begun): State<Begun>) {
    begin(&begun, session);
}

#[connected(allow = "staff" | "admin", deny = "banned")]
async fn staff(session: Session, State(begun): State<Begun>) {
    begin(&begun, session);
}

#[connected(allow = "admin" | ("staff" & says_yes))]
async fn asked(session: Session, State(begun): State<Begun>) {
    begin(&begun, session);
}

#[connected(fresh = "2s")]
async fn fresh(session: Session, State(begun): State<Begun>) {
    begin(&begun, session);
}

/// Passes its request on, as it is, to the handlers with other rules.
#[connected(allow = "staff")]
async fn forwards(session: Session, State(begun): State<Begun>, State(app): State<App>, request: Request) {
    begin(&begun, session);
    let response = app.get().unwrap().clone().oneshot(request).await.unwrap();
    assert_eq!(response.status(), 200);
}

#[connected(allow = "admin")]
async fn forwarded() {}

#[connected(opt)]
async fn login(session: Session, Path(user): Path<String>) -> Result<(), Error> {
    session.connect(user).await
}

#[connected]
async fn logout(session: Session) -> Result<(), Error> {
    session.disconnect().await
}

#[connected]
async fn confirm(session: Session) -> Result<(), Error> {
    session.confirm().await
}

struct Site {
    app: Router,
    sessions: Sessions,
    clock: Clock,
    begun: mpsc::UnboundedReceiver<JoinHandle<()>>,
}

impl Site {
    async fn new() -> Self {
        Self::over(|clock| Sessions::builder().store(MemoryStore::with_clock(clock))).await
    }

    async fn over(builder: impl FnOnce(Clock) -> SessionsBuilder) -> Self {
        let clock = Clock::new();
        let sessions = builder(clock.clone()).state(tasks::Accounts::default()).build().await.unwrap();
        for group in ["admin", "staff", "banned"] {
            sessions.groups().create(group).await.unwrap();
        }
        let (sender, begun) = mpsc::unbounded_channel();
        let inner = App::default();
        let app = routing::Router::new()
            .route("/anyone", get(anyone))
            .route("/both", get(both))
            .route("/staff", get(staff))
            .route("/asked/{word}", get(asked))
            .route("/fresh", get(fresh))
            .route("/forwards", get(forwards))
            .route("/login/{user}", post(login))
            .route("/logout", post(logout))
            .route("/confirm", post(confirm))
            .with_state(Shared { begun: sender, app: inner.clone() })
            .with_sessions(&sessions)
            .unwrap();
        let other = routing::Router::new().fallback(forwarded).with_sessions(&sessions).unwrap();
        inner.set(other).unwrap();
        Self { app, sessions, clock, begun }
    }

    async fn browser_of(&self, user: &str) -> Browser {
        Browser::connected(&self.app, &self.sessions, user).await.unwrap()
    }

    /// Begins something that waits for the end of the browser's session.
    async fn begin(&mut self, browser: &mut Browser, path: &str) -> JoinHandle<()> {
        assert_eq!(browser.get(path).await.status(), 200, "{path}");
        let begun = self.begun.recv().await.unwrap();
        settle().await;
        assert!(!begun.is_finished(), "{path}");
        begun
    }
}

/// Lets every task come to rest. It is a matter of turns and not of time: this runtime has one thread.
async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

async fn assert_over(begun: JoinHandle<()>) {
    settle().await;
    assert!(begun.is_finished(), "it goes on");
}

async fn assert_goes_on(begun: &JoinHandle<()>) {
    settle().await;
    assert!(!begun.is_finished(), "it is over");
}

#[tokio::test]
async fn a_log_out_ends_what_this_session_began_and_nothing_else() {
    let mut site = Site::new().await;
    let (mut alice, mut phone, mut bob) =
        (site.browser_of("alice").await, site.browser_of("alice").await, site.browser_of("bob").await);
    let one = site.begin(&mut alice, "/anyone").await;
    let two = site.begin(&mut alice, "/both").await;
    let others = [site.begin(&mut phone, "/anyone").await, site.begin(&mut bob, "/anyone").await];
    alice.post("/logout", &[]).await;
    assert_over(one).await;
    assert_over(two).await;
    for other in &others {
        assert_goes_on(other).await;
    }
}

#[tokio::test]
async fn however_a_session_ends_it_is_heard_of() {
    let mut site =
        Site::over(|clock| Sessions::builder().store(MemoryStore::with_clock(clock)).max_sessions_per_user(2)).await;
    let mut alice = site.browser_of("alice").await;

    let everywhere = site.begin(&mut alice, "/anyone").await;
    site.sessions.disconnect_all("alice").await.unwrap();
    assert_over(everywhere).await;

    alice.connect(&site.sessions, "alice").await.unwrap();
    let closed = site.begin(&mut alice, "/anyone").await;
    let [session] = &site.sessions.of_user("alice").await.unwrap()[..] else { panic!("one session") };
    site.sessions.close("alice", session.handle).await.unwrap();
    assert_over(closed).await;

    alice.connect(&site.sessions, "alice").await.unwrap();
    let replaced = site.begin(&mut alice, "/anyone").await;
    alice.post("/login/bob", &[]).await;
    assert_over(replaced).await;

    alice.connect(&site.sessions, "alice").await.unwrap();
    let evicted = site.begin(&mut alice, "/anyone").await;
    site.clock.advance(Duration::from_secs(1));
    for _ in 0..2 {
        site.browser_of("alice").await;
    }
    assert_over(evicted).await;
}

#[tokio::test]
async fn a_new_token_ends_nothing() {
    let mut site = Site::new().await;
    let mut alice = site.browser_of("alice").await;
    site.sessions.groups().add_user_in_group("alice", "staff").await.unwrap();
    let begun = site.begin(&mut alice, "/staff").await;
    alice.post("/confirm", &[]).await;
    assert_goes_on(&begun).await;
    site.sessions.groups().add_user_in_group("alice", "admin").await.unwrap();
    assert_goes_on(&begun).await;
    alice.post("/logout", &[]).await;
    assert_over(begun).await;
}

#[tokio::test]
async fn where_nobody_is_connected_nothing_ends_but_the_server() {
    let mut site = Site::new().await;
    let mut nobody = Browser::new(&site.app);
    let mut alice = site.browser_of("alice").await;
    let begun = [site.begin(&mut nobody, "/both").await, site.begin(&mut alice, "/anyone").await];
    site.sessions.shutdown().await;
    for begun in begun {
        assert_over(begun).await;
    }
}

#[tokio::test]
async fn what_began_before_a_log_out_and_asks_after_it_is_over_at_once() {
    let mut site = Site::new().await;
    let mut alice = site.browser_of("alice").await;
    alice.get("/anyone").await;
    // Its task has not had its turn.
    let begun = site.begun.try_recv().unwrap();
    site.sessions.disconnect_all("alice").await.unwrap();
    assert_over(begun).await;
}

#[tokio::test(start_paused = true)]
async fn a_session_whose_time_is_over_is_missed_within_a_second() {
    let mut site = Site::over(|clock| {
        Sessions::builder().store(MemoryStore::with_clock(clock)).purge_interval(Duration::from_hours(1_000))
    })
    .await;
    let mut alice = site.browser_of("alice").await;
    let begun = site.begin(&mut alice, "/anyone").await;
    let nearly = Duration::from_hours(13 * 24);
    site.clock.advance(nearly);
    tokio::time::sleep(nearly).await;
    assert_goes_on(&begun).await;

    // The request counts as activity: its rule looks at the session.
    let another = site.begin(&mut alice, "/anyone").await;
    site.clock.advance(nearly);
    tokio::time::sleep(nearly).await;
    assert_goes_on(&begun).await;

    let rest = Duration::from_hours(24);
    site.clock.advance(rest);
    tokio::time::sleep(rest + Duration::from_secs(1)).await;
    assert_over(begun).await;
    assert_over(another).await;
}

#[tokio::test]
async fn tasks_go_on_as_part_of_their_request() {
    #[connected]
    async fn spawns() -> String {
        let outside = tokio::spawn(async { UserId::current().await.unwrap_err().to_string() });
        let inside = os_session::spawn(async { UserId::current().await.unwrap().to_string() });
        format!("{}, {}", inside.await.unwrap(), outside.await.unwrap())
    }
    let site = Site::new().await;
    let app = routing::Router::new().route("/", get(spawns)).with_sessions(&site.sessions).unwrap();
    let mut alice = Browser::connected(&app, &site.sessions, "alice").await.unwrap();
    let outside = Error::OutsideRequest;
    assert_eq!(alice.get("/").await.text(), format!("alice, {outside}"));
    assert_eq!(os_session::spawn(async { 7 }).await.unwrap(), 7);
}
