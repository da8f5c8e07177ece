//! A small site over a file, that can be closed and opened again.

use std::path::PathBuf;

use axum::Router;
use os_session::routing::{self, get, post};
use os_session::testing::{Browser, Clock};
use os_session::{Error, Session, Sessions, SqliteStore, UserId, connected};
use rusqlite::Connection;
use tempfile::TempDir;

/// The name of the session cookie.
pub(crate) const COOKIE: &str = "__Host-os-session";

#[connected]
async fn me(user: UserId) -> String {
    user.to_string()
}

#[connected(allow = "admin")]
async fn admin() {}

#[connected(opt)]
async fn logout(session: Session) -> Result<(), Error> {
    session.disconnect().await
}

#[connected(opt)]
async fn logout_everywhere(session: Session) -> Result<(), Error> {
    session.disconnect_all().await
}

/// A folder with a file of sessions in it, for one test.
pub(crate) struct Folder {
    folder: TempDir,
    pub(crate) clock: Clock,
}

impl Folder {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder of its own"), clock: Clock::new() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.path("app.db")
    }

    /// The site over the file: everything that a process has in memory begins anew.
    pub(crate) async fn open(&self) -> Site {
        let store = SqliteStore::builder().clock(self.clock.clone()).open(self.file()).await.expect("the file opens");
        let sessions = Sessions::builder().store(store).build().await.expect("the configuration works");
        let groups = sessions.groups();
        groups.create("admin").await.expect("the group is made, or there");
        let app = routing::Router::new()
            .route("/me", get(me))
            .route("/admin", get(admin))
            .route("/logout", post(logout))
            .route("/logout-everywhere", post(logout_everywhere))
            .with_sessions(&sessions)
            .expect("the rules name known groups");
        Site { sessions, app }
    }

    /// The file, for somebody else.
    pub(crate) fn connection(&self) -> Connection {
        Connection::open(self.file()).expect("the file is there")
    }

    /// The number that a query answers with.
    pub(crate) fn number(&self, query: &str) -> i64 {
        self.connection().query_row(query, [], |row| row.get(0)).expect("a number")
    }
}

pub(crate) struct Site {
    pub(crate) sessions: Sessions,
    pub(crate) app: Router,
}

impl Site {
    pub(crate) async fn log_in(&self, user: &str) -> Browser {
        Browser::connected(&self.app, &self.sessions, user).await.expect("a log-in succeeds")
    }

    /// A browser that has kept the cookie of an earlier session.
    pub(crate) fn with_cookie(&self, cookie: &str) -> Browser {
        let mut browser = Browser::new(&self.app);
        browser.set_cookie(COOKIE, cookie);
        browser
    }

    /// Ends the site as a process that goes would.
    pub(crate) async fn close(self) {
        self.sessions.shutdown().await;
    }
}

/// The session cookie, which outlives the site; a `Browser` holds on to it.
pub(crate) fn cookie_of(browser: &Browser) -> String {
    browser.cookie(COOKIE).expect("it is logged in").to_owned()
}
