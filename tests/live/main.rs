//! Changes of a connection, as the pages of a browser hear of them.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::http::{HeaderMap, Method, Request, StatusCode, Uri};
use http_body::Body as _;
use os_session::routing::{self, get, post};
use os_session::testing::{Answer, Browser, Clock};
use os_session::{Error, MemoryStore, Session, Sessions, SessionsBuilder, connected, on_request};
use serde_json::{Value, json};
use tokio::time::timeout;

mod changes;
mod client;
mod page;
mod streams;

/// Streams in which a hook ran.
static WRAPPED_STREAMS: AtomicUsize = AtomicUsize::new(0);

#[on_request]
async fn count(uri: Uri) {
    if uri.path().ends_with("/events") {
        WRAPPED_STREAMS.fetch_add(1, Ordering::Relaxed);
    }
}

#[connected(opt)]
async fn login(session: Session, Path(user): Path<String>) -> Result<(), Error> {
    session.connect(user).await
}

#[connected(opt)]
async fn logout(session: Session) -> Result<(), Error> {
    session.disconnect().await
}

#[connected(opt)]
async fn logout_everywhere(session: Session, Path(with_restart): Path<bool>) -> Result<(), Error> {
    session.disconnect_all().with_restart(with_restart).await
}

#[connected]
async fn logout_by_name(session: Session) -> Result<(), Error> {
    let user = session.user().await?.ok_or(Error::NotConnected)?;
    session.sessions().disconnect_all(user).await
}

#[connected]
async fn confirm(session: Session) -> Result<(), Error> {
    session.confirm().await
}

#[connected(opt)]
async fn page(session: Session) -> String {
    session.process().head()
}

#[connected(allow = "staff")]
async fn staff(session: Session) -> String {
    session.process().head()
}

fn router() -> routing::Router {
    routing::Router::new()
        .route("/login/{user}", post(login))
        .route("/logout", post(logout))
        .route("/logout-everywhere/{with_restart}", post(logout_everywhere))
        .route("/logout-by-name", post(logout_by_name))
        .route("/confirm", post(confirm))
        .route("/page", get(page).post(page))
        .route("/staff", get(staff))
}

struct Site {
    app: Router,
    sessions: Sessions,
    clock: Clock,
}

impl Site {
    async fn new() -> Self {
        Self::over(|clock| Sessions::builder().store(MemoryStore::with_clock(clock))).await
    }

    async fn over(builder: impl FnOnce(Clock) -> SessionsBuilder) -> Self {
        let clock = Clock::new();
        let sessions = builder(clock.clone()).build().await.unwrap();
        for group in ["staff", "guest"] {
            sessions.groups().create(group).await.unwrap();
        }
        let app = router().merge(sessions.routes()).with_sessions(&sessions).unwrap();
        Self { app, sessions, clock }
    }

    fn tab(&self) -> Tab {
        Tab { browser: Browser::new(&self.app), process: None }
    }

    async fn tab_of(&self, user: &str) -> Tab {
        Tab { browser: Browser::connected(&self.app, &self.sessions, user).await.unwrap(), process: None }
    }
}

/// A tab of a browser. Clones are tabs of the same browser as long as its cookies stay.
#[derive(Clone)]
struct Tab {
    browser: Browser,
    process: Option<&'static str>,
}

const PROCESS: &str = "AAAAAAAAAAAAAAAAAAAAAA";

impl Tab {
    /// The tab says which it is.
    fn named(self) -> Self {
        Self { process: Some(PROCESS), ..self }
    }

    fn request(&self, method: Method, path: &str) -> Request<Body> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "app.example")
            .header("sec-fetch-site", "same-origin")
            .header("sec-fetch-dest", "empty");
        if let Some(process) = self.process {
            request = request.header("os-process", process);
        }
        request.body(Body::empty()).unwrap()
    }

    async fn post(&mut self, path: &str) -> Answer {
        let answer = self.browser.send(self.request(Method::POST, path)).await;
        assert!(answer.status().is_success(), "{path}: {}", answer.text());
        answer
    }

    /// Opens the browser's stream.
    async fn listen(&mut self) -> Events {
        let mut request = self.request(Method::GET, "/os-session/events");
        request.headers_mut().insert("accept", "text/event-stream".parse().unwrap());
        let (parts, body) = self.browser.open(request).await.into_parts();
        Events { status: parts.status, headers: parts.headers, body: Box::pin(body) }
    }

    /// The same, and what it says first.
    async fn hear(&mut self) -> (Events, Value) {
        let mut events = self.listen().await;
        assert_eq!(events.status, StatusCode::OK);
        let (name, state) = events.next().await.expect("a stream begins with a state");
        assert_eq!(name, "state");
        (events, state["connection"].clone())
    }
}

/// A stream of events, as it comes in.
struct Events {
    status: StatusCode,
    headers: HeaderMap,
    body: Pin<Box<Body>>,
}

impl Events {
    /// What comes next, unless the stream is over.
    async fn next(&mut self) -> Option<(String, Value)> {
        let frame = poll_fn(|cx| self.body.as_mut().poll_frame(cx)).await?.unwrap();
        let text = String::from_utf8(frame.into_data().unwrap().to_vec()).unwrap();
        let (name, data) = text.strip_prefix("event: ").unwrap().split_once("\ndata: ").unwrap();
        let data = data.strip_suffix("\n\n").unwrap();
        Some((name.to_owned(), serde_json::from_str(data).unwrap_or_default()))
    }

    /// It hears of a change by this tab, and of nothing after it.
    #[track_caller]
    fn assert_changed(self, by: Option<&str>) -> impl Future<Output = ()> {
        let place = std::panic::Location::caller();
        let expected = ("change".to_owned(), json!({ "by": by }));
        async move {
            let mut events = self;
            // No time passes: whatever is told was told before.
            let heard = timeout(Duration::ZERO, events.next()).await.ok().flatten();
            assert_eq!(heard, Some(expected), "{place}");
            assert_eq!(events.next().await, None, "{place}");
        }
    }

    #[track_caller]
    fn assert_unchanged(&mut self) -> impl Future<Output = ()> {
        let place = std::panic::Location::caller();
        async move {
            let heard = timeout(Duration::ZERO, self.next()).await.ok();
            assert_eq!(heard, None, "{place}");
        }
    }
}
