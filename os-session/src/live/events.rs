//! The stream that tells a browser's pages of changes of their connection.
//!
//! It begins with the state of the connection, authorised afresh, and ends with the first change: what follows is for a new stream to find
//! out, with the cookies that the browser has by then.

use std::convert::Infallible;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde_json::json;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use crate::awaited::{Over, Waiting};
use crate::context::{Context, Session};
use crate::error::Error;
use crate::group::GroupSet;
use crate::process::ProcessId;
use crate::sessions::Sessions;
use crate::shown::Shown;
use crate::store::{Found, SessionHandle};
use crate::token::SessionKey;
use crate::user::UserId;

/// How often the stream says that it is still there: more often than proxies lose patience.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// nginx collects what it passes on, unless an answer says this.
const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// Answers a request for the stream. No hook runs, and it is no activity of the session: a page that is merely open keeps nobody connected.
pub(super) async fn answer(sessions: &Sessions, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let session = Session(Arc::new(Context::new(sessions, &parts)));
    let mut response = match open(&session).await {
        Ok((state, listener)) => {
            let told = stream::unfold(Telling::First(state, Box::new(listener)), Telling::next);
            let mut response = Sse::new(told).into_response();
            let headers = response.headers_mut();
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            headers.insert(X_ACCEL_BUFFERING, HeaderValue::from_static("no"));
            response
        }
        Err(error) => error.into_response(),
    };
    session.0.finish(&mut response);
    response
}

async fn open(session: &Session) -> Result<(Event, Listener), Error> {
    let Session(context) = session;
    let sessions = session.sessions();
    let found = match context.unread_key()? {
        Some(key) => sessions.0.store.find(&key).await?.map(|found| (key, found)),
        None => None,
    };
    let connected = match found {
        Some((key, found)) => Connected::listen(sessions, key, found).await?,
        None => None,
    };
    let (shown, waiting, connected) = if let Some((shown, waiting, connected)) = connected {
        (shown, waiting, Some(connected))
    } else {
        let browser = context.named_browser().map_err(Error::Random)?;
        (Shown::Nobody, sessions.0.awaited.of_browser(browser), None)
    };
    let state = json!({ "connection": shown.to_string(), "heartbeat": HEARTBEAT.as_secs() });
    let listener = Listener {
        waiting,
        connected,
        stopping: sessions.0.tasks.stopping(),
        heartbeat: Instant::now() + HEARTBEAT,
        sessions: sessions.clone(),
    };
    Ok((Event::default().event("state").data(state.to_string()), listener))
}

/// A stream, between two things that it tells.
enum Telling {
    First(Event, Box<Listener>),
    Next(Box<Listener>),
    Over,
}

impl Telling {
    async fn next(self) -> Option<(Result<Event, Infallible>, Self)> {
        let (event, then) = match self {
            Self::First(state, listener) => (state, Self::Next(listener)),
            Self::Next(mut listener) => match listener.news().await {
                News::None => (Event::default().event("heartbeat").data("-"), Self::Next(listener)),
                News::Change { by } => {
                    let by = by.as_ref().map(ProcessId::as_str);
                    (Event::default().event("change").data(json!({ "by": by }).to_string()), Self::Over)
                }
                News::Lost => return None,
            },
            Self::Over => return None,
        };
        Some((Ok(event), then))
    }
}

/// Waits for changes on behalf of one browser.
struct Listener {
    sessions: Sessions,
    waiting: Waiting,
    /// Who is connected in it.
    connected: Option<Connected>,
    stopping: watch::Receiver<bool>,
    /// When the next one is due.
    heartbeat: Instant,
}

struct Connected {
    key: SessionKey,
    handle: SessionHandle,
    user: UserId,
    groups: GroupSet,
    /// When to look although nobody told anything.
    look: Instant,
}

enum News {
    /// None, for the time of a heartbeat.
    None,
    /// The connection is another one, by the wish of this tab, if it was one that said so.
    Change { by: Option<ProcessId> },
    /// It cannot be told any more.
    Lost,
}

impl Listener {
    async fn news(&mut self) -> News {
        loop {
            let look = self.connected.as_ref().map(|connected| connected.look);
            let look = async {
                match look {
                    Some(look) => sleep_until(look).await,
                    None => pending().await,
                }
            };
            tokio::select! {
                _ = self.stopping.wait_for(|stop| *stop) => return News::Lost,
                () = self.waiting.news() => {}
                () = look => {}
                () = sleep_until(self.heartbeat) => {
                    self.heartbeat += HEARTBEAT;
                    return News::None;
                }
            }
            if let Some(news) = self.look().await {
                return news;
            }
        }
    }

    async fn look(&mut self) -> Option<News> {
        let latest = self.waiting.latest();
        if let Some(Over { by }) = latest.over {
            return Some(News::Change { by });
        }
        let Self { sessions, connected: Some(connected), .. } = self else { return None };
        connected.key = latest.key.unwrap_or(connected.key);
        match connected.is_changed(sessions).await {
            Ok(true) => Some(News::Change { by: None }),
            Ok(false) => None,
            Err(error) => {
                tracing::debug!(%error, "a page is no longer told of its connection; it will ask again");
                Some(News::Lost)
            }
        }
    }
}

impl Connected {
    /// Begins to wait for changes of a session that was found. `None`: it has ended meanwhile.
    async fn listen(
        sessions: &Sessions,
        key: SessionKey,
        found: Found,
    ) -> Result<Option<(Shown, Waiting, Self)>, Error> {
        let Found { handle, user, .. } = found;
        // First the list, then the look: what happens in between is news.
        let waiting = sessions.0.awaited.of_session(handle, &user);
        let Some((key, found)) = sessions.look_again(key, handle, &user).await? else { return Ok(None) };
        let groups = sessions.groups_of_found(&found).await?;
        let shown = Shown::User(handle, Some(sessions.0.shown.tag(handle, &groups)));
        let look = Instant::now() + sessions.next_look(&key, &found);
        Ok(Some((shown, waiting, Self { key, handle, user, groups, look })))
    }

    async fn is_changed(&mut self, sessions: &Sessions) -> Result<bool, Error> {
        let Some((key, found)) = sessions.look_again(self.key, self.handle, &self.user).await? else { return Ok(true) };
        self.key = key;
        self.look = Instant::now() + sessions.next_look(&key, &found);
        let groups = sessions.groups_of_found(&found).await?;
        Ok(groups != self.groups)
    }
}
