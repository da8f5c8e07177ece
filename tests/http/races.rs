//! Requests that meet on the way: what ended stays ended, and what failed destroyed nothing.

use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use os_session::routing::{self, post};
use os_session::testing::{Answer, Browser};
use os_session::{Error, Session, Sessions, connected};
use os_session_tests::trace::Gate;
use tokio::sync::mpsc;

use crate::site::{COOKIE, Site, set_cookies, who_is_in};

/// What a slow request does once it goes on. Each of them looked at the session before.
#[connected]
async fn read(session: Session, State(gate): State<Gate>) -> Result<StatusCode, Error> {
    gate.pass().await;
    session.user().await?;
    Ok(StatusCode::OK)
}

#[connected]
async fn confirm(session: Session, State(gate): State<Gate>) -> Result<StatusCode, Error> {
    gate.pass().await;
    session.confirm().await?;
    Ok(StatusCode::OK)
}

#[connected]
async fn disconnect_others(session: Session, State(gate): State<Gate>) -> Result<StatusCode, Error> {
    gate.pass().await;
    session.disconnect_others().await?;
    Ok(StatusCode::OK)
}

#[connected]
async fn disconnect(session: Session, State(gate): State<Gate>) -> Result<StatusCode, Error> {
    gate.pass().await;
    session.disconnect().await?;
    Ok(StatusCode::OK)
}

#[connected(opt)]
async fn disconnect_all(session: Session, State(gate): State<Gate>) -> Result<StatusCode, Error> {
    session.user().await?;
    gate.pass().await;
    session.disconnect_all().await?;
    Ok(StatusCode::OK)
}

/// Closes its own session by its name.
#[connected(opt)]
async fn close(session: Session, State(gate): State<Gate>) -> Result<StatusCode, Error> {
    session.user().await?;
    let own = session.sessions().of_user("alice").await?[0].handle;
    gate.pass().await;
    session.close(own).await?;
    Ok(StatusCode::OK)
}

/// Looks at nothing before it goes on.
#[connected(opt)]
async fn leave(session: Session, State(gate): State<Gate>) -> Result<StatusCode, Error> {
    gate.pass().await;
    session.disconnect().await?;
    Ok(StatusCode::OK)
}

#[connected(opt)]
async fn login(session: Session, Path(user): Path<String>, State(gate): State<Gate>) -> Result<StatusCode, Error> {
    session.user().await?;
    gate.pass().await;
    session.connect(user).await?;
    Ok(StatusCode::OK)
}

#[connected(opt, force_unconnected)]
async fn login_unseen(session: Session, State(gate): State<Gate>) -> Result<StatusCode, Error> {
    gate.pass().await;
    session.connect("bob").await?;
    Ok(StatusCode::OK)
}

#[connected]
async fn confirm_at_once(session: Session) -> Result<StatusCode, Error> {
    session.confirm().await?;
    Ok(StatusCode::OK)
}

/// Exchanges the token twice, as a change of the password may.
#[connected]
async fn confirm_twice(session: Session) -> Result<StatusCode, Error> {
    session.confirm().await?;
    session.disconnect_others().await?;
    Ok(StatusCode::OK)
}

#[connected]
async fn fail(State(gate): State<Gate>) -> StatusCode {
    gate.pass().await;
    StatusCode::INTERNAL_SERVER_ERROR
}

struct Slow {
    site: Site,
    app: Router,
    gate: Gate,
}

fn slow(site: Site) -> Slow {
    let gate = Gate::default();
    let router = routing::Router::new()
        .route("/read", post(read))
        .route("/confirm", post(confirm))
        .route("/disconnect-others", post(disconnect_others))
        .route("/disconnect", post(disconnect))
        .route("/disconnect-all", post(disconnect_all))
        .route("/close", post(close))
        .route("/leave", post(leave))
        .route("/login/{user}", post(login))
        .route("/login-unseen", post(login_unseen))
        .route("/fail", post(fail));
    let app = router.with_state(gate.clone()).with_sessions(&site.sessions).expect("every rule can be decided");
    Slow { site, app, gate }
}

/// How the session ends while the slow request waits.
#[derive(Debug, Clone, Copy)]
enum Ending {
    LogOut,
    LogOutEverywhere,
    BackgroundJob,
    Handle,
    Eviction,
    AnotherLogIn,
    Expiry,
}

const ENDINGS: [Ending; 7] = [
    Ending::LogOut,
    Ending::LogOutEverywhere,
    Ending::BackgroundJob,
    Ending::Handle,
    Ending::Eviction,
    Ending::AnotherLogIn,
    Ending::Expiry,
];

impl Ending {
    async fn happen(self, site: &Site, browser: &Browser) {
        let mut same_browser = site.browser();
        same_browser.set_cookie(COOKIE, browser.cookie(COOKIE).expect("logged in"));
        match self {
            Self::LogOut => drop(same_browser.post("/logout", &[]).await),
            Self::LogOutEverywhere => drop(same_browser.post("/logout-everywhere", &[]).await),
            Self::BackgroundJob => site.sessions.disconnect_all("alice").await.unwrap(),
            Self::Handle => {
                let handle = site.sessions.of_user("alice").await.unwrap()[0].handle;
                site.sessions.close("alice", handle).await.unwrap();
            }
            Self::Eviction => drop(site.browser_of("alice").await),
            Self::AnotherLogIn => drop(same_browser.post("/login/bob", &[]).await),
            Self::Expiry => site.clock.advance(Duration::from_hours(24 * 14)),
        }
    }

    /// How many sessions there are afterwards.
    fn leaves(self) -> usize {
        usize::from(matches!(self, Self::Eviction | Self::AnotherLogIn))
    }
}

/// Sends a request of alice's browser, ends its session while it waits at the gate, and lets it go on.
async fn ended_while(path: &'static str, ending: Ending, slow: &Slow, gate: &Gate) -> (Browser, Answer) {
    let alice = Browser::connected(&slow.app, &slow.site.sessions, "alice").await.unwrap();
    gate.close();
    let mut sending = alice.clone();
    let request = tokio::spawn(async move { sending.post(path, &[]).await });
    gate.arrived().await;
    ending.happen(&slow.site, &alice).await;
    gate.open();
    (alice, request.await.expect("the slow request does not panic"))
}

#[tokio::test]
async fn a_slow_handler_cannot_bring_back_a_session_that_ended_meanwhile() {
    for ending in ENDINGS {
        for (path, expected) in
            [("/read", 200), ("/confirm", 401), ("/disconnect-others", 401), ("/disconnect", 200), ("/fail", 500)]
        {
            let slow = slow(Site::with(|builder| builder.max_sessions_per_user(1)).await);
            let (alice, answer) = ended_while(path, ending, &slow, &slow.gate).await;
            let case = format!("{path} while {ending:?}");
            assert_eq!(answer.status(), expected, "{case}");
            let handed_out = set_cookies(&answer).into_iter().filter(|line| !line.contains("Max-Age=0"));
            assert_eq!(handed_out.count(), 0, "{case}: no cookie that could work");
            let mut cookie = slow.site.browser();
            cookie.set_cookie(COOKIE, alice.cookie(COOKIE).unwrap());
            assert_eq!(who_is_in(&cookie).await, "None", "{case}");
            let live = slow.site.sessions.of_user("alice").await.unwrap().len()
                + slow.site.sessions.of_user("bob").await.unwrap().len();
            assert_eq!(live, ending.leaves(), "{case}: nothing came back, and nothing else was closed");
        }
    }
}

/// Which request comes first to the session.
#[derive(Debug, Clone, Copy)]
enum Meeting {
    /// The slow request looks at it, then the other exchanges its token.
    LooksFirst,
    /// The other exchanges its token, then the slow request arrives with the old one.
    ArrivesLate,
}

/// Sends a request of alice's browser, and exchanges its token by another: through `exchanging`,
/// which may be another node. Returns the status of the first, and the browser with the new token.
async fn exchanged_while(
    path: &'static str,
    (exchange, exchanging): (&str, &Router),
    meeting: Meeting,
    slow: &Slow,
) -> (u16, Browser) {
    let alice = Browser::connected(&slow.app, &slow.site.sessions, "alice").await.unwrap();
    let mut other = Browser::new(exchanging);
    other.set_cookie(COOKIE, alice.cookie(COOKIE).unwrap());
    if matches!(meeting, Meeting::LooksFirst) {
        slow.gate.close();
    }
    let mut sending = alice.clone();
    let send = async move { sending.post(path, &[]).await.status().as_u16() };
    match meeting {
        Meeting::LooksFirst => {
            let request = tokio::spawn(send);
            slow.gate.arrived().await;
            assert_eq!(other.post(exchange, &[]).await.status(), 200);
            slow.gate.open();
            (request.await.expect("the slow request does not panic"), other)
        }
        Meeting::ArrivesLate => {
            assert_eq!(other.post(exchange, &[]).await.status(), 200);
            (send.await, other)
        }
    }
}

const MEETINGS: [Meeting; 2] = [Meeting::LooksFirst, Meeting::ArrivesLate];
const EXCHANGES: [&str; 3] = ["/confirm-at-once", "/logout-elsewhere", "/confirm-twice"];

/// A router of the same pages that exchange a token at once.
fn exchanging(sessions: &Sessions) -> Router {
    let router = crate::site::pages().route("/confirm-at-once", post(confirm_at_once));
    let router = router.route("/confirm-twice", post(confirm_twice));
    router.with_sessions(sessions).expect("every rule can be decided")
}

#[tokio::test]
async fn a_log_in_ends_the_session_that_confirm_exchanged_meanwhile() {
    for (path, user) in [("/login/bob", "bob"), ("/login/alice", "alice"), ("/login-unseen", "bob")] {
        for (exchange, meeting) in
            EXCHANGES.into_iter().flat_map(|exchange| MEETINGS.map(|meeting| (exchange, meeting)))
        {
            // At a limit of one: the session that gives way takes no room.
            let slow = slow(Site::with(|builder| builder.max_sessions_per_user(1).refuse_when_full()).await);
            let through = exchanging(&slow.site.sessions);
            let (status, browser) = exchanged_while(path, (exchange, &through), meeting, &slow).await;
            let case = format!("{path} beside {exchange}, {meeting:?}");
            assert_eq!(status, 200, "{case}");
            assert_eq!(who_is_in(&browser).await, "None", "{case}: the exchanged token opens nothing");
            assert_eq!(slow.site.sessions.of_user(user).await.unwrap().len(), 1, "{case}");
            assert_eq!(slow.site.memory.len(), 1, "{case}");
            assert_eq!(slow.site.log.take(), ["alice: replaced by a new log-in"], "{case}");
        }
    }
}

#[tokio::test]
async fn a_log_out_ends_the_session_that_another_request_exchanges_meanwhile() {
    for (path, why) in
        [("/leave", "disconnected"), ("/disconnect-all", "disconnected everywhere"), ("/close", "closed by its handle")]
    {
        for (exchange, meeting) in
            EXCHANGES.into_iter().flat_map(|exchange| MEETINGS.map(|meeting| (exchange, meeting)))
        {
            let slow = slow(Site::new().await);
            let through = exchanging(&slow.site.sessions);
            let (status, browser) = exchanged_while(path, (exchange, &through), meeting, &slow).await;
            let case = format!("{path} beside {exchange}, {meeting:?}");
            assert_eq!(status, 200, "{case}");
            assert_eq!(who_is_in(&browser).await, "None", "{case}: the exchanged token opens nothing");
            assert_eq!(slow.site.memory.len(), 0, "{case}");
            assert_eq!(slow.site.log.take(), [format!("alice: {why}")], "{case}");
        }
    }
}

/// What the request has read is enough to find the session that another node gave another token.
#[tokio::test]
async fn what_another_node_exchanged_ends_as_well() {
    for path in ["/login/bob", "/login/alice", "/disconnect", "/disconnect-all", "/close"] {
        let slow = slow(Site::new().await);
        let node = crate::site::builder(&slow.site.log).store(slow.site.memory.clone()).build().await.unwrap();
        let through = exchanging(&node);
        let (status, browser) = exchanged_while(path, ("/confirm-at-once", &through), Meeting::LooksFirst, &slow).await;
        assert_eq!(status, 200, "{path}");
        assert_eq!(who_is_in(&browser).await, "None", "{path}");
        assert_eq!(slow.site.memory.len(), usize::from(path.starts_with("/login")), "{path}");
    }
}

#[tokio::test]
async fn a_token_that_was_exchanged_long_ago_ends_nothing() {
    for path in ["/leave", "/disconnect-all", "/close", "/login/bob"] {
        let slow = slow(Site::new().await);
        let through = exchanging(&slow.site.sessions);
        let alice = Browser::connected(&slow.app, &slow.site.sessions, "alice").await.unwrap();
        let mut browser = Browser::new(&through);
        browser.set_cookie(COOKIE, alice.cookie(COOKIE).unwrap());
        assert_eq!(browser.post("/confirm-at-once", &[]).await.status(), 200);
        tokio::time::pause();
        tokio::time::advance(Duration::from_mins(1)).await;
        assert_eq!(alice.clone().post(path, &[]).await.status(), 200, "{path}");
        assert_eq!(who_is_in(&browser).await, "alice", "{path}");
        tokio::time::resume();
    }
}

/// The store has answered that the session is live, and the answer is still on its way; the activity is due to be written.
#[tokio::test]
async fn activity_that_is_written_too_late_brings_nothing_back() {
    for ending in [Ending::BackgroundJob, Ending::Handle, Ending::Eviction, Ending::Expiry] {
        let (site, store) = Site::watched(|builder| builder.max_sessions_per_user(1)).await;
        let slow = slow(site);
        let alice = Browser::connected(&slow.app, &slow.site.sessions, "alice").await.unwrap();
        slow.site.clock.advance(Duration::from_hours(2));
        store.found.close();
        let mut sending = alice.clone();
        let request = tokio::spawn(async move { sending.post("/read", &[]).await });
        store.found.arrived().await;
        ending.happen(&slow.site, &alice).await;
        store.calls.clear();
        store.found.open();
        assert_eq!(request.await.unwrap().status(), 401, "{ending:?}");
        assert_eq!(
            store.calls.take(),
            ["touch", "find"],
            "{ending:?}: it was written, too late, so the session is looked up again"
        );
        let mut cookie = slow.site.browser();
        cookie.set_cookie(COOKIE, alice.cookie(COOKIE).unwrap());
        assert_eq!(who_is_in(&cookie).await, "None", "{ending:?}");
        assert_eq!(slow.site.sessions.of_user("alice").await.unwrap().len(), ending.leaves(), "{ending:?}");
    }
}

/// Two requests of one browser that exchange its token at the same time.
#[tokio::test]
async fn of_two_confirmations_at_once_one_wins_and_the_session_is_one() {
    let slow = slow(Site::new().await);
    let alice = Browser::connected(&slow.app, &slow.site.sessions, "alice").await.unwrap();
    slow.gate.close();
    let requests = [alice.clone(), alice.clone()].map(|mut browser| {
        tokio::spawn(async move {
            let status = browser.post("/confirm", &[]).await.status().as_u16();
            (status, browser)
        })
    });
    slow.gate.arrived().await;
    slow.gate.arrived().await;
    slow.gate.open();
    let mut statuses = Vec::new();
    for request in requests {
        let (status, browser) = request.await.unwrap();
        statuses.push(status);
        let mut cookie = slow.site.browser();
        cookie.set_cookie(COOKIE, browser.cookie(COOKIE).unwrap());
        assert_eq!(who_is_in(&cookie).await == "alice", status == 200, "the winner's token works");
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401]);
    assert_eq!(slow.site.memory.len(), 1);
}

#[connected]
async fn too_late(
    session: Session,
    Path(how): Path<String>,
    State((gate, result)): State<(Gate, mpsc::UnboundedSender<Result<(), Error>>)>,
) {
    os_session::spawn(async move {
        gate.pass().await;
        let done = match &*how {
            "connect" => session.connect("bob").await,
            "confirm" => session.confirm().await,
            "disconnect-others" => session.disconnect_others().await,
            other => panic!("{other} is no change"),
        };
        result.send(done).unwrap();
    });
}

#[tokio::test]
async fn after_the_response_has_left_no_token_is_made() {
    for how in ["connect", "confirm", "disconnect-others"] {
        let (site, store) = Site::watched(|builder| builder).await;
        let (gate, (result, mut results)) = (Gate::default(), mpsc::unbounded_channel());
        let router = routing::Router::new().route("/{how}", post(too_late)).with_state((gate.clone(), result));
        let app = router.with_sessions(&site.sessions).unwrap();
        let mut alice = Browser::connected(&app, &site.sessions, "alice").await.unwrap();
        let other = site.browser_of("alice").await;
        gate.close();
        assert_eq!(alice.post(&format!("/{how}"), &[]).await.status(), 200, "{how}");
        store.calls.clear();
        gate.open();
        let error = results.recv().await.unwrap().expect_err("the response has left");
        assert!(matches!(error, Error::AnswerSent), "{how}: {error}");
        let calls = store.calls.take();
        assert!(calls.iter().all(|call| call == "find"), "{how}: the store is not asked to change: {calls:?}");
        let mut at_the_site = site.browser();
        at_the_site.set_cookie(COOKIE, alice.cookie(COOKIE).unwrap());
        assert_eq!(who_is_in(&at_the_site).await, "alice", "{how}: with the token from before");
        assert_eq!(who_is_in(&other).await, "alice", "{how}");
        assert_eq!(site.log.take(), [""; 0], "{how}: no session ended");
    }
}

// Failures.

#[tokio::test]
async fn one_failing_read_destroys_nothing_and_logs_nobody_out() {
    let (site, store) = Site::watched(|builder| builder).await;
    let mut alice = site.browser_of("alice").await;
    let cookie = alice.cookie(COOKIE).unwrap().to_owned();
    store.fail("find");
    // A log-out reads nothing: it is in the next test.
    for path in ["/login/bob", "/logout-everywhere", "/logout-elsewhere", "/confirm"] {
        let answer = alice.post(path, &[]).await;
        assert_eq!(answer.status(), 503, "{path}");
        assert_eq!(set_cookies(&answer), [""; 0], "{path}");
    }
    store.heal();
    assert_eq!(alice.cookie(COOKIE), Some(&*cookie));
    assert_eq!(alice.get("/me").await.text(), "alice");
    assert_eq!(site.memory.len(), 1);
    assert_eq!(site.log.take(), [""; 0]);
}

#[tokio::test]
async fn a_log_out_needs_no_read() {
    let (site, store) = Site::watched(|builder| builder).await;
    let mut alice = site.browser_of("alice").await;
    store.fail("find");
    let answer = alice.post("/logout", &[]).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.header("vary"), Some("Cookie, Sec-Fetch-Site, Origin"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    store.heal();
    assert_eq!((alice.cookie(COOKIE), site.memory.len()), (None, 0), "gone from the browser and from the store");
    assert_eq!(site.log.take(), ["alice: disconnected"], "and the hooks were told who left");
}

#[tokio::test]
async fn a_change_that_the_store_refuses_leaves_everything_as_it_was() {
    for (operation, path) in [
        ("insert", "/login/bob"),
        ("insert", "/login/alice"),
        ("close", "/logout"),
        ("close_all_with_browsers", "/logout-everywhere"),
        ("rotate", "/logout-elsewhere"),
        ("rotate", "/confirm"),
    ] {
        let (site, store) = Site::watched(|builder| builder).await;
        let mut alice = site.browser_of("alice").await;
        let other = site.browser_of("alice").await;
        store.fail(operation);
        let answer = alice.post(path, &[]).await;
        assert_eq!(answer.status(), 503, "{path}");
        assert_eq!(set_cookies(&answer), [""; 0], "{path}");
        assert!(answer.header("retry-after").is_some(), "{path}");
        store.heal();
        assert_eq!(who_is_in(&alice).await, "alice", "{path}");
        assert_eq!(who_is_in(&other).await, "alice", "{path}");
        assert_eq!(site.memory.len(), 2, "{path}");
        assert_eq!(site.log.take(), [""; 0], "{path}: no session ended");
    }
}

/// The second step of `disconnect_others`: the token is new already when the others cannot be closed.
#[tokio::test]
async fn others_that_cannot_be_closed_do_not_cost_this_session() {
    let (site, store) = Site::watched(|builder| builder).await;
    let mut alice = site.browser_of("alice").await;
    let other = site.browser_of("alice").await;
    store.fail("close_all");
    assert_eq!(alice.post("/logout-elsewhere", &[]).await.status(), 503);
    store.heal();
    assert_eq!(who_is_in(&alice).await, "alice", "with whichever token the browser has now");
    assert_eq!(who_is_in(&other).await, "alice");
    assert_eq!(alice.post("/logout-elsewhere", &[]).await.status(), 200);
    assert_eq!(who_is_in(&other).await, "None");
}

#[connected(opt)]
async fn login_then_fail(session: Session) -> Result<StatusCode, Error> {
    session.connect("bob").await?;
    Ok(StatusCode::BAD_GATEWAY)
}

/// What a log-in followed by a failure of the handler means is documented on `connect`: it stands, and its cookie is sent.
#[tokio::test]
async fn a_log_in_stands_whatever_the_handler_answers_afterwards() {
    let site = Site::new().await;
    let app = routing::Router::new().route("/", post(login_then_fail)).with_sessions(&site.sessions).unwrap();
    let mut browser = Browser::connected(&app, &site.sessions, "alice").await.unwrap();
    assert_eq!(browser.post("/", &[]).await.status(), 502);
    let mut at_the_site = site.browser();
    at_the_site.set_cookie(COOKIE, browser.cookie(COOKIE).unwrap());
    assert_eq!(who_is_in(&at_the_site).await, "bob");
    assert_eq!(site.memory.len(), 1, "and nothing of the first is left");
}
