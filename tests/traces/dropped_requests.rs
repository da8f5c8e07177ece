//! A request whose client is gone before the answer left, at each stage of a log-in, a change of token and a log-out: a
//! change that was begun goes to its end, and what the browser will never hear of is taken back.

use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{Method, StatusCode};
use os_session::routing::{self, get, post};
use os_session::testing::{Browser, Clock};
use os_session::{
    CloseReason, Error, MemoryStore, Session, Sessions, UserId, connected, on_open_session, on_post_close_session,
    on_pre_close_session, on_request, on_resume_session, on_start_process,
};
use os_session_tests::store::StagedStore;
use os_session_tests::trace::{Gate, Log, at_rest, fetch, name};

/// The places where a test stops a request; those of the store are its own.
#[derive(Clone, Default)]
struct Stage {
    log: Log,
    request: Gate,
    resume: Gate,
    open: Gate,
    start: Gate,
    pre_close: Gate,
    post_close: Gate,
    /// In the handler, when it has done its work.
    handler: Gate,
    /// In a handler that does not wait for its log-in any longer.
    patience: Gate,
}

#[on_request(state = Stage)]
async fn request(State(stage): State<Stage>) {
    stage.request.pass().await;
}

#[on_resume_session(state = Stage)]
async fn resume(user: UserId, State(stage): State<Stage>) {
    stage.resume.pass().await;
    stage.log.note(format!("resumed({user})"));
}

#[on_open_session(state = Stage)]
async fn open(user: UserId, State(stage): State<Stage>) {
    stage.open.pass().await;
    stage.log.note(format!("open({user})"));
}

#[on_start_process(state = Stage)]
async fn start(State(stage): State<Stage>) {
    stage.start.pass().await;
}

#[on_pre_close_session(state = Stage)]
async fn pre_close(user: UserId, why: CloseReason, State(stage): State<Stage>) {
    stage.pre_close.pass().await;
    stage.log.note(format!("pre_close({user}, {why})"));
}

#[on_post_close_session(state = Stage)]
async fn post_close(user: UserId, why: CloseReason, State(stage): State<Stage>) {
    stage.post_close.pass().await;
    stage.log.note(format!("post_close({user}, {why})"));
}

#[connected(opt)]
async fn who(user: Option<UserId>) -> String {
    name(user.as_ref()).to_owned()
}

#[connected(opt)]
async fn login(session: Session, Path(user): Path<String>, State(stage): State<Stage>) -> Result<(), Error> {
    session.connect(user).await?;
    stage.handler.pass().await;
    Ok(())
}

#[connected(opt)]
async fn login_and_panic(session: Session) {
    session.connect("alice").await.expect("the log-in succeeds");
    panic!("as planned");
}

#[connected(opt)]
async fn login_and_fail(session: Session) -> Result<StatusCode, Error> {
    session.connect("alice").await?;
    Ok(StatusCode::INTERNAL_SERVER_ERROR)
}

#[connected(opt)]
async fn login_impatiently(session: Session, State(stage): State<Stage>) -> Result<(), Error> {
    tokio::select! {
        done = session.connect("alice") => done,
        () = stage.patience.pass() => Ok(()),
    }
}

#[connected(opt)]
async fn login_and_logout(session: Session, State(stage): State<Stage>) -> Result<(), Error> {
    session.connect("alice").await?;
    session.disconnect().await?;
    stage.handler.pass().await;
    Ok(())
}

#[connected]
async fn confirm(session: Session, State(stage): State<Stage>) -> Result<(), Error> {
    session.confirm().await?;
    stage.handler.pass().await;
    Ok(())
}

#[connected]
async fn confirm_twice(session: Session, State(stage): State<Stage>) -> Result<(), Error> {
    session.confirm().await?;
    session.confirm().await?;
    stage.handler.pass().await;
    Ok(())
}

#[connected]
async fn disconnect_others(session: Session, State(stage): State<Stage>) -> Result<(), Error> {
    session.disconnect_others().await?;
    stage.handler.pass().await;
    Ok(())
}

#[connected]
async fn logout(session: Session, State(stage): State<Stage>) -> Result<(), Error> {
    session.disconnect().await?;
    stage.handler.pass().await;
    Ok(())
}

#[connected]
async fn logout_everywhere(session: Session, State(stage): State<Stage>) -> Result<(), Error> {
    session.disconnect_all().await?;
    stage.handler.pass().await;
    Ok(())
}

struct Site {
    store: StagedStore,
    sessions: Sessions,
    app: Router,
    stage: Stage,
}

impl Site {
    async fn new() -> Self {
        Self::over(StagedStore::default()).await
    }

    async fn over(store: StagedStore) -> Self {
        let stage = Stage::default();
        let sessions = Sessions::builder().store(store.clone()).state(stage.clone()).build().await;
        let sessions = sessions.expect("the configuration works");
        let app = routing::Router::new()
            .route("/who", get(who))
            .route("/login/{user}", post(login))
            .route("/login-and-panic", post(login_and_panic))
            .route("/login-and-fail", post(login_and_fail))
            .route("/login-impatiently", post(login_impatiently))
            .route("/login-and-logout", post(login_and_logout))
            .route("/confirm", post(confirm))
            .route("/confirm-twice", post(confirm_twice))
            .route("/disconnect-others", post(disconnect_others))
            .route("/logout", post(logout))
            .route("/logout-everywhere", post(logout_everywhere))
            .with_state(stage.clone())
            .with_sessions(&sessions)
            .expect("every rule can be decided");
        Self { store, sessions, app, stage }
    }

    /// A browser in which that user is logged in; what ran at that log-in is not in the log.
    async fn browser_of(&self, user: &str) -> Browser {
        let browser = Browser::connected(&self.app, &self.sessions, user).await.expect("the log-in succeeds");
        self.stage.log.clear();
        browser
    }

    /// The client goes away while its request waits at the gate; then the gate is opened.
    async fn drop_at(&self, gate: &Gate, browser: &Browser, path: &str) {
        drop_request_at(gate, browser, path).await;
        at_rest().await;
        gate.open();
        at_rest().await;
    }
}

/// Sends the request, and drops it when it has come to the gate.
async fn drop_request_at(gate: &Gate, browser: &Browser, path: &str) {
    gate.close();
    let mut browser = browser.clone();
    tokio::select! {
        answer = browser.send(fetch(Method::POST, path)) => panic!("it did not come to the gate: {answer:?}"),
        () = gate.arrived() => {}
    }
}

async fn who_is(browser: &mut Browser) -> String {
    browser.send(fetch(Method::GET, "/who")).await.text().to_owned()
}

fn cookie(browser: &Browser) -> String {
    browser.cookie("__Host-os-session").expect("somebody is logged in").to_owned()
}

mod log_in {
    use super::*;

    /// Nobody was told of a session that no hook has seen yet, but it existed, and so it ended.
    #[tokio::test(start_paused = true)]
    async fn dropped_while_the_store_is_asked() {
        let site = Site::new().await;
        site.drop_at(&site.store.insert, &Browser::new(&site.app), "/login/alice").await;
        assert_eq!(site.stage.log.take(), ["post_close(alice, the log-in was never answered)"]);
        assert!(site.store.memory.is_empty());
    }

    /// The hooks go to their end, so that an audit trail has both lines.
    #[tokio::test(start_paused = true)]
    async fn dropped_in_an_open_hook() {
        let site = Site::new().await;
        site.drop_at(&site.stage.open, &Browser::new(&site.app), "/login/alice").await;
        assert_eq!(site.stage.log.take(), ["open(alice)", "post_close(alice, the log-in was never answered)"]);
        assert!(site.store.memory.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn dropped_in_a_start_hook() {
        let site = Site::new().await;
        site.drop_at(&site.stage.start, &Browser::new(&site.app), "/login/alice").await;
        assert_eq!(site.stage.log.take(), ["open(alice)", "post_close(alice, the log-in was never answered)"]);
        assert!(site.store.memory.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn dropped_in_the_handler_after_connect() {
        let site = Site::new().await;
        site.drop_at(&site.stage.handler, &Browser::new(&site.app), "/login/alice").await;
        assert_eq!(site.stage.log.take(), ["open(alice)", "post_close(alice, the log-in was never answered)"]);
        assert!(site.store.memory.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn dropped_before_anything_was_opened() {
        let site = Site::new().await;
        site.drop_at(&site.stage.request, &Browser::new(&site.app), "/login/alice").await;
        assert_eq!(site.stage.log.take(), [""; 0]);
        assert!(site.store.memory.is_empty());
    }

    /// What the log-in replaced ended with it, and its cookie opens nothing.
    #[tokio::test(start_paused = true)]
    async fn dropped_over_another_log_in() {
        let site = Site::new().await;
        let mut browser = site.browser_of("alice").await;
        site.drop_at(&site.stage.handler, &browser, "/login/bob").await;
        assert_eq!(
            site.stage.log.take(),
            [
                "pre_close(alice, replaced by a new log-in)",
                "post_close(alice, replaced by a new log-in)",
                "open(bob)",
                "post_close(bob, the log-in was never answered)"
            ]
        );
        assert!(site.store.memory.is_empty());
        assert_eq!(who_is(&mut browser).await, "None");
    }

    #[tokio::test(start_paused = true)]
    async fn dropped_after_a_log_out_has_nothing_to_take_back() {
        let site = Site::new().await;
        site.drop_at(&site.stage.handler, &Browser::new(&site.app), "/login-and-logout").await;
        assert_eq!(
            site.stage.log.take(),
            ["open(alice)", "pre_close(alice, disconnected)", "post_close(alice, disconnected)"]
        );
        assert!(site.store.memory.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn other_sessions_of_the_user_stay() {
        let site = Site::new().await;
        let mut phone = site.browser_of("alice").await;
        site.drop_at(&site.stage.handler, &Browser::new(&site.app), "/login/alice").await;
        assert_eq!(site.store.memory.len(), 1);
        assert_eq!(who_is(&mut phone).await, "alice");
    }

    #[tokio::test(start_paused = true)]
    async fn a_handler_that_panics_is_a_request_that_is_never_answered() {
        let site = Site::new().await;
        let mut browser = Browser::new(&site.app);
        let request = fetch(Method::POST, "/login-and-panic");
        let answer = tokio::spawn(async move { browser.send(request).await }).await;
        assert!(answer.is_err_and(|error| error.is_panic()));
        at_rest().await;
        assert_eq!(site.stage.log.take(), ["open(alice)", "post_close(alice, the log-in was never answered)"]);
        assert!(site.store.memory.is_empty());
    }

    /// An answer is an answer: the log-in stands, and its cookie is sent.
    #[tokio::test(start_paused = true)]
    async fn a_handler_that_answers_500_is_answered() {
        let site = Site::new().await;
        let mut browser = Browser::new(&site.app);
        let answer = browser.send(fetch(Method::POST, "/login-and-fail")).await;
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
        at_rest().await;
        assert_eq!(site.stage.log.take(), ["open(alice)"]);
        assert_eq!(site.store.memory.len(), 1);
        assert_eq!(who_is(&mut browser).await, "alice");
    }

    /// The handler answers while its log-in is under way: whether it came in time or not, browser and store agree.
    #[tokio::test(start_paused = true)]
    async fn a_handler_that_does_not_wait_for_it_leaves_nothing_half_open() {
        let site = Site::new().await;
        let Stage { open, start, patience, log, .. } = &site.stage;
        for gate in [&site.store.insert, open, start] {
            gate.close();
            patience.close();
            let mut browser = Browser::new(&site.app);
            let give_up = async {
                gate.arrived().await;
                patience.open();
            };
            let request = fetch(Method::POST, "/login-impatiently");
            let (answer, ()) = tokio::join!(browser.send(request), give_up);
            assert_eq!(answer.status(), StatusCode::OK);
            gate.open();
            at_rest().await;

            let connected = who_is(&mut browser).await == "alice";
            assert_eq!(browser.cookie("__Host-os-session").is_some(), connected);
            assert_eq!(site.store.memory.len(), usize::from(connected));
            let ended = log.take().iter().filter(|line| line.starts_with("post_close")).count();
            assert_eq!(ended, usize::from(!connected));
            site.sessions.disconnect_all("alice").await.expect("the store answers");
            log.clear();
        }
    }

    /// `shutdown` waits for what was begun, and the taking back of a log-in is begun when its request is dropped.
    #[tokio::test(start_paused = true)]
    async fn a_shutdown_waits_until_it_is_taken_back() {
        let site = Site::new().await;
        drop_request_at(&site.stage.handler, &Browser::new(&site.app), "/login/alice").await;
        site.sessions.shutdown().await;
        assert!(site.store.memory.is_empty());
        assert_eq!(site.stage.log.take(), ["open(alice)", "post_close(alice, the log-in was never answered)"]);
    }
}

mod log_out {
    use super::*;

    /// Wherever the request is dropped, the log-out goes to its end, and is told once.
    async fn is_complete(site: &Site, gate: &Gate) {
        let mut browser = site.browser_of("alice").await;
        site.drop_at(gate, &browser, "/logout").await;
        assert_eq!(site.stage.log.take(), ["pre_close(alice, disconnected)", "post_close(alice, disconnected)"]);
        assert!(site.store.memory.is_empty());
        assert_eq!(who_is(&mut browser).await, "None");
    }

    #[tokio::test(start_paused = true)]
    async fn dropped_in_a_pre_close_hook() {
        let site = Site::new().await;
        is_complete(&site, &site.stage.pre_close).await;
    }

    #[tokio::test(start_paused = true)]
    async fn dropped_while_the_store_is_asked() {
        let site = Site::new().await;
        is_complete(&site, &site.store.close).await;
    }

    #[tokio::test(start_paused = true)]
    async fn dropped_in_a_post_close_hook() {
        let site = Site::new().await;
        is_complete(&site, &site.stage.post_close).await;
    }

    #[tokio::test(start_paused = true)]
    async fn dropped_in_the_handler_after_disconnect() {
        let site = Site::new().await;
        is_complete(&site, &site.stage.handler).await;
    }

    #[tokio::test(start_paused = true)]
    async fn everywhere_dropped_while_the_store_is_asked() {
        let site = Site::new().await;
        let laptop = site.browser_of("alice").await;
        let mut phone = site.browser_of("alice").await;
        site.drop_at(&site.store.close_all, &laptop, "/logout-everywhere").await;
        assert_eq!(
            site.stage.log.take(),
            [
                "pre_close(alice, disconnected everywhere)",
                "post_close(alice, disconnected everywhere)",
                "post_close(alice, disconnected everywhere)"
            ]
        );
        assert!(site.store.memory.is_empty());
        assert_eq!(who_is(&mut phone).await, "None");
    }
}

mod new_token {
    use super::*;

    /// The old cookie opens the one session that there is, and nothing ended.
    async fn is_taken_back(site: &Site, gate: &Gate, path: &str) {
        let mut browser = site.browser_of("alice").await;
        let token = cookie(&browser);
        site.drop_at(gate, &browser, path).await;
        assert_eq!(site.stage.log.take(), [""; 0]);
        assert_eq!(site.store.memory.len(), 1);
        assert_eq!(who_is(&mut browser).await, "alice");
        assert_eq!(cookie(&browser), token);
    }

    #[tokio::test(start_paused = true)]
    async fn of_confirm_dropped_while_the_store_is_asked() {
        let site = Site::new().await;
        is_taken_back(&site, &site.store.rotate, "/confirm").await;
    }

    #[tokio::test(start_paused = true)]
    async fn of_confirm_dropped_in_the_handler() {
        let site = Site::new().await;
        is_taken_back(&site, &site.stage.handler, "/confirm").await;
    }

    #[tokio::test(start_paused = true)]
    async fn of_the_second_confirm_dropped_in_the_handler() {
        let site = Site::new().await;
        is_taken_back(&site, &site.stage.handler, "/confirm-twice").await;
    }

    /// A confirmation that the browser never heard of did not happen: the session is as old as before.
    #[tokio::test(start_paused = true)]
    async fn of_confirm_leaves_the_moment_of_authentication() {
        let clock = Clock::new();
        let site = Site::over(MemoryStore::with_clock(clock.clone()).into()).await;
        let mut browser = site.browser_of("alice").await;
        assert_eq!(who_is(&mut browser).await, "alice");
        let authenticated = site.store.last_authenticated();
        clock.advance(Duration::from_mins(5));
        site.drop_at(&site.stage.handler, &browser, "/confirm").await;
        assert_eq!(who_is(&mut browser).await, "alice");
        assert_eq!(site.store.last_authenticated(), authenticated);
    }

    /// The other sessions are closed, for a log-out that was begun goes to its end; this one keeps its old token.
    async fn of_disconnect_others(site: &Site, gate: &Gate) {
        let mut laptop = site.browser_of("alice").await;
        let mut phone = site.browser_of("alice").await;
        site.drop_at(gate, &laptop, "/disconnect-others").await;
        assert_eq!(site.stage.log.take(), ["post_close(alice, disconnected everywhere)"]);
        assert_eq!(site.store.memory.len(), 1);
        assert_eq!(who_is(&mut laptop).await, "alice");
        assert_eq!(who_is(&mut phone).await, "None");
    }

    #[tokio::test(start_paused = true)]
    async fn of_disconnect_others_dropped_while_the_token_is_exchanged() {
        let site = Site::new().await;
        of_disconnect_others(&site, &site.store.rotate).await;
    }

    #[tokio::test(start_paused = true)]
    async fn of_disconnect_others_dropped_while_the_others_are_closed() {
        let site = Site::new().await;
        of_disconnect_others(&site, &site.store.close_all).await;
    }

    #[tokio::test(start_paused = true)]
    async fn of_disconnect_others_dropped_in_the_handler() {
        let site = Site::new().await;
        of_disconnect_others(&site, &site.stage.handler).await;
    }
}

/// It was not resumed: the next request does it.
#[tokio::test(start_paused = true)]
async fn a_resume_hook_of_a_dropped_request_runs_again() {
    let before = Site::new().await;
    let alice = before.browser_of("alice").await;

    let site = Site::over(before.store.clone()).await;
    let mut browser = Browser::new(&site.app);
    browser.set_cookie("__Host-os-session", &cookie(&alice));
    site.drop_at(&site.stage.resume, &browser, "/confirm").await;
    assert_eq!(site.stage.log.take(), [""; 0]);

    assert_eq!(who_is(&mut browser).await, "alice");
    assert_eq!(site.stage.log.take(), ["resumed(alice)"]);
}
