//! A slow request that began before a log-out brings nothing back, over any store.

mod held;

use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use os_session::routing::{self, get, post};
use os_session::testing::{Browser, Clock};
use os_session::{Error, Session, Sessions, UserId, connected};
use os_session_tests::trace::Gate;

use self::held::Held;
use crate::backends::{Backend, Memory, Postgres, Sqlite};
use crate::flawed::life;
use crate::model::Wrong;

/// The name of the session cookie.
const COOKIE: &str = "__Host-os-session";

#[connected(opt)]
async fn who(user: Option<UserId>) -> String {
    user.map_or_else(|| "nobody".to_owned(), |user| user.to_string())
}

#[connected]
async fn log_out(session: Session) -> Result<(), Error> {
    session.disconnect().await
}

#[connected]
async fn read(State(gate): State<Gate>) -> StatusCode {
    gate.pass().await;
    StatusCode::OK
}

#[connected]
async fn confirm(session: Session, State(gate): State<Gate>) -> Result<(), Error> {
    gate.pass().await;
    session.confirm().await
}

#[connected]
async fn log_out_elsewhere(session: Session, State(gate): State<Gate>) -> Result<(), Error> {
    gate.pass().await;
    session.disconnect_others().await
}

/// What the slow request does once it goes on, and how it is answered then.
const SLOW: [(&str, u16); 3] = [("/read", 200), ("/confirm", 401), ("/log-out-elsewhere", 401)];

/// How the session ends while the slow request waits.
#[derive(Debug, Clone, Copy)]
enum Ending {
    LogOut,
    Everywhere,
    Device,
    /// Through the other handle on the store, as another process would.
    Elsewhere,
}

const ENDINGS: [Ending; 4] = [Ending::LogOut, Ending::Everywhere, Ending::Device, Ending::Elsewhere];

/// Two `Sessions` on one store, and the application of the first.
struct Site<B> {
    clock: Clock,
    sessions: Sessions,
    elsewhere: Sessions,
    app: Router,
    /// Where slow handlers wait.
    handler: Gate,
    /// Where activity waits on its way to the store.
    touch: Gate,
    _backend: B,
}

impl<B: Backend> Site<B> {
    async fn open() -> Self {
        let clock = Clock::new();
        let backend = B::open(clock.clone()).await;
        let [here, there] = backend.handles();
        let (handler, touch) = (Gate::default(), Gate::default());
        let here = Held { store: here, touch: touch.clone() };
        let sessions = Sessions::builder().store(here).build().await.expect("the configuration works");
        let elsewhere = Sessions::builder().store(there).build().await.expect("the configuration works");
        let router = routing::Router::new()
            .route("/who", get(who))
            .route("/log-out", post(log_out))
            .route("/read", post(read))
            .route("/confirm", post(confirm))
            .route("/log-out-elsewhere", post(log_out_elsewhere));
        let app = router.with_state(handler.clone()).with_sessions(&sessions).expect("every rule can be decided");
        Self { clock, sessions, elsewhere, app, handler, touch, _backend: backend }
    }

    async fn end(&self, ending: Ending, mut same_browser: Browser) {
        let handle = self.sessions.of_user("alice").await.unwrap()[0].handle;
        match ending {
            Ending::LogOut => assert_eq!(same_browser.post("/log-out", &[]).await.status(), 200),
            Ending::Everywhere => self.sessions.disconnect_all("alice").await.unwrap(),
            Ending::Device => self.sessions.close("alice", handle).await.unwrap(),
            Ending::Elsewhere => self.elsewhere.disconnect_all("alice").await.unwrap(),
        }
    }

    /// Sends a request that waits at one of the gates, ends its session, and lets it go on. What is left afterwards?
    async fn late(&self, path: &'static str, gate: &Gate, ending: Ending) -> Result<u16, String> {
        let alice = Browser::connected(&self.app, &self.sessions, "alice").await.unwrap();
        // Activity is due to be written.
        self.clock.advance(Duration::from_hours(2));
        gate.close();
        let mut slow = alice.clone();
        let request = tokio::spawn(async move { (slow.post(path, &[]).await.status().as_u16(), slow) });
        gate.arrived().await;
        let other = alice.clone();
        // The gate before `touch` would hold the log-out too, which is a request of its own.
        let ending = if std::ptr::eq(gate, &raw const self.touch) { Ending::Device } else { ending };
        self.end(ending, other).await;
        gate.open();
        let (status, answered) = request.await.expect("the slow request does not panic");
        for mut cookie in [alice.clone(), answered] {
            if cookie.cookie(COOKIE).is_some() && cookie.get("/who").await.text() != "nobody" {
                return Err(format!("{path} while {ending:?}: the cookie is good again"));
            }
        }
        for sessions in [&self.sessions, &self.elsewhere] {
            if !sessions.of_user("alice").await.unwrap().is_empty() {
                return Err(format!("{path} while {ending:?}: the session is back"));
            }
        }
        Ok(status)
    }
}

/// Every slow handler against every way to end.
async fn late_handlers<B: Backend>() -> Result<(), String> {
    let site = Site::<B>::open().await;
    for ending in ENDINGS {
        for (path, expected) in SLOW {
            let status = site.late(path, &site.handler, ending).await?;
            assert_eq!(status, expected, "{path} while {ending:?}");
        }
    }
    Ok(())
}

/// The store has said that the session is live, and its activity is written when it is not any more.
async fn late_activity<B: Backend>() -> Result<(), String> {
    let site = Site::<B>::open().await;
    site.late("/read", &site.touch, Ending::Device).await.map(drop)
}

macro_rules! late {
    ($($backend:ident: $handlers:ident, $activity:ident;)*) => {$(
        #[tokio::test(flavor = "multi_thread")]
        async fn $handlers() {
            assert_eq!(late_handlers::<$backend>().await, Ok(()));
        }

        #[tokio::test(flavor = "multi_thread")]
        async fn $activity() {
            assert_eq!(late_activity::<$backend>().await, Ok(()));
        }
    )*};
}

late! {
    Memory: late_handlers_bring_nothing_back_in_memory, late_activity_brings_nothing_back_in_memory;
    Sqlite: late_handlers_bring_nothing_back_in_sqlite, late_activity_brings_nothing_back_in_sqlite;
    Postgres: late_handlers_bring_nothing_back_in_postgres, late_activity_brings_nothing_back_in_postgres;
}

/// The same questions to stores that do bring it back.
#[tokio::test]
async fn a_store_that_brings_it_back_is_noticed() {
    assert!(late_handlers::<Wrong<life::UpsertsOnRotate>>().await.is_err());
    assert!(late_activity::<Wrong<life::UpsertsOnTouch>>().await.is_err());
}
