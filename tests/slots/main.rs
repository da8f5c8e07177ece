//! Slots in real requests: who sees a value, and what ends it.

use axum::extract::Path;
use axum::http::{Method, Request};
use axum::{Json, Router};
use os_session::routing::{self, get, post};
use os_session::testing::{Answer, Browser, Clock};
use os_session::{Error, MemoryStore, Session, Sessions, SessionsBuilder, Slot, connected, scope};

mod browsers;
mod limits;
mod scopes;
mod tabs;
mod updates;
mod volatile;

static SESSION: Slot<String, scope::Session> = Slot::persistent("note");
static PROCESS: Slot<String, scope::Process> = Slot::persistent("note");
static USER: Slot<String, scope::User> = Slot::persistent("note");
static BROWSER: Slot<String, scope::UserIndepSession> = Slot::persistent("note");
static TAB: Slot<String, scope::UserIndepProcess> = Slot::persistent("note");

static COUNTER: Slot<u32, scope::UserIndepSession> = Slot::persistent("counter");
static PURSE: Slot<u32, scope::User> = Slot::persistent("purse");

/// What a page of this site is asked for: the value of a scope's slot.
#[connected(opt)]
async fn read(session: Session, Path(scope): Path<String>) -> Result<Json<Option<String>>, Error> {
    Ok(Json(match &*scope {
        "session" => SESSION.get(&session).await?,
        "process" => PROCESS.get(&session).await?,
        "user" => USER.get(&session).await?,
        "browser" => BROWSER.get(&session).await?,
        "tab" => TAB.get(&session).await?,
        "volatile-session" => volatile::SESSION.get(&session).await?,
        "volatile-process" => volatile::PROCESS.get(&session).await?,
        "volatile-user" => volatile::USER.get(&session).await?,
        "volatile-browser" => volatile::BROWSER.get(&session).await?,
        "volatile-tab" => volatile::TAB.get(&session).await?,
        other => panic!("{other} is no scope"),
    }))
}

#[connected(opt)]
async fn write(session: Session, Path(scope): Path<String>, value: String) -> Result<(), Error> {
    match &*scope {
        "session" => SESSION.set(&session, value).await,
        "process" => PROCESS.set(&session, value).await,
        "user" => USER.set(&session, value).await,
        "browser" => BROWSER.set(&session, value).await,
        "tab" => TAB.set(&session, value).await,
        "volatile-session" => volatile::SESSION.set(&session, value).await,
        "volatile-process" => volatile::PROCESS.set(&session, value).await,
        "volatile-user" => volatile::USER.set(&session, value).await,
        "volatile-browser" => volatile::BROWSER.set(&session, value).await,
        "volatile-tab" => volatile::TAB.set(&session, value).await,
        other => panic!("{other} is no scope"),
    }
}

#[connected(opt)]
async fn take(session: Session) -> Result<Json<Option<String>>, Error> {
    Ok(Json(BROWSER.take(&session).await?))
}

#[connected(opt)]
async fn count(session: Session) -> Result<Json<u32>, Error> {
    let count = COUNTER.update(&session, |count| {
        *count += 1;
        *count
    });
    Ok(Json(count.await?))
}

#[connected]
async fn earn(session: Session) -> Result<Json<u32>, Error> {
    let earned = PURSE.update_or_else(
        &session,
        || 100,
        |purse| {
            *purse += 1;
            *purse
        },
    );
    Ok(Json(earned.await?))
}

/// The process of the page, for its script to send back.
#[connected(opt)]
async fn page(session: Session) -> String {
    session.process().id().map(ToString::to_string).unwrap_or_default()
}

#[connected(opt)]
async fn login(session: Session, Path(user): Path<String>) -> Result<(), Error> {
    session.connect(user).await
}

#[connected(opt)]
async fn logout(session: Session) -> Result<(), Error> {
    session.disconnect().await
}

#[connected]
async fn logout_everywhere(session: Session, Path(user_indep): Path<bool>) -> Result<(), Error> {
    session.disconnect_all().user_indep(user_indep).await
}

#[connected]
async fn confirm(session: Session) -> Result<(), Error> {
    session.confirm().await
}

struct Site {
    app: Router,
    sessions: Sessions,
    clock: Clock,
}

fn router<S>() -> routing::Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    routing::Router::new()
        .route("/slot/{scope}", get(read).post(write))
        .route("/take", post(take))
        .route("/count", post(count))
        .route("/earn", post(earn))
        .route("/page", get(page))
        .route("/login/{user}", post(login))
        .route("/logout", post(logout))
        .route("/logout-everywhere/{user_indep}", post(logout_everywhere))
        .route("/confirm", post(confirm))
}

impl Site {
    async fn new() -> Self {
        Self::over(|clock| Sessions::builder().store(MemoryStore::with_clock(clock))).await
    }

    async fn over(builder: impl FnOnce(Clock) -> SessionsBuilder) -> Self {
        let clock = Clock::new();
        let sessions = builder(clock.clone()).build().await.unwrap();
        let app = router::<()>().with_sessions(&sessions).unwrap();
        Self { app, sessions, clock }
    }

    fn tab(&self) -> Tab {
        Tab { browser: Browser::new(&self.app), process: None }
    }
}

/// A tab of a browser, once a page was loaded into it.
#[derive(Clone)]
struct Tab {
    browser: Browser,
    process: Option<String>,
}

impl Tab {
    /// Loads a page.
    async fn load(&mut self) {
        self.process = Some(self.browser.get("/page").await.text().to_owned()).filter(|process| !process.is_empty());
    }

    /// What the script of the page sends.
    async fn fetch(&mut self, method: Method, path: &str, body: &str) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "app.example")
            .header("sec-fetch-site", "same-origin")
            .header("sec-fetch-mode", "cors")
            .header("sec-fetch-dest", "empty");
        if let Some(process) = &self.process {
            request = request.header("os-process", process);
        }
        self.browser.send(request.body(body.to_owned().into()).unwrap()).await
    }

    async fn post(&mut self, path: &str) {
        let answer = self.fetch(Method::POST, path, "").await;
        assert_eq!(answer.status(), 200, "{path}: {}", answer.text());
    }

    async fn set(&mut self, scope: &str, value: &str) {
        let answer = self.fetch(Method::POST, &format!("/slot/{scope}"), value).await;
        assert_eq!(answer.status(), 200, "{scope}: {}", answer.text());
    }

    async fn get(&mut self, scope: &str) -> Option<String> {
        self.fetch(Method::GET, &format!("/slot/{scope}"), "").await.json()
    }
}

const BROWSER_COOKIE: &str = "__Host-os-browser";
