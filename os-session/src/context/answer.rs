//! What changes of the connection mean for the answer, and for an answer that never leaves.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;

use crate::context::connection::{Connected, Connection, read_at};
use crate::context::{Context, caching};
use crate::store::{Authenticated, Timestamp};
use crate::token::{SessionKey, Token};

/// What htmx does as a browser reloads a page.
const HX_REFRESH: &str = "hx-refresh";

/// Headers by which a handler leads htmx to a new page by itself.
const HX_LEAD_ELSEWHERE: [&str; 2] = ["hx-redirect", "hx-location"];

#[derive(Debug)]
pub(super) enum SetCookie {
    Token(HeaderValue),
    Remove,
}

/// A change whose cookie the browser has not got yet.
#[derive(Debug, Clone)]
pub(crate) enum Undelivered {
    /// A session was opened: it is closed again.
    Opened,
    /// A token was exchanged: the old one is put back.
    Rotated { from: SessionKey, authenticated: Option<Timestamp> },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Awaited,
    Sent,
    Dropped,
}

/// Changes of the connection, and how they reach the browser.
impl Context {
    pub(crate) fn is_answered(&self) -> bool {
        self.state().answer != Answer::Awaited
    }

    /// The session is open in the store. `false`: nobody is there any more to be told, and it has to be closed again.
    #[must_use]
    pub(crate) fn opened(&self, connected: Connected, token: &Token) -> bool {
        let cookie = self.sessions.0.config.cookie.write(token, connected.times.cookie_life());
        self.end_request_values();
        let mut state = self.state();
        state.looked_at = true;
        state.connection = Connection::User(connected);
        state.read_at = read_at();
        state.cookie = Some(SetCookie::Token(cookie));
        state.undelivered = Some(Undelivered::Opened);
        state.answer == Answer::Awaited
    }

    /// The session has another token in the store. `false`: as for [`opened`](Context::opened).
    #[must_use]
    pub(crate) fn rotated(&self, before: Connected, token: &Token, authenticated: Authenticated) -> bool {
        let cookie = self.sessions.0.config.cookie.write(token, before.times.cookie_life());
        let mut state = self.state();
        state.cookie = Some(SetCookie::Token(cookie));
        state.undelivered.get_or_insert(Undelivered::Rotated {
            from: before.key,
            authenticated: before.groups.is_some().then_some(before.times.authenticated),
        });
        let mut times = before.times;
        if authenticated == Authenticated::Now {
            times.authenticated = times.now;
        }
        state.connection = Connection::User(Connected { key: token.key(), times, groups: None, ..before });
        state.answer == Answer::Awaited
    }

    /// The session has the token back that it had before.
    pub(crate) fn rotated_back(&self, key: SessionKey) {
        let mut state = self.state();
        state.cookie = None;
        if let Connection::User(connected) = &mut state.connection {
            connected.key = key;
        }
    }

    /// Who is connected changes: what was kept for the request belongs to the one before.
    fn end_request_values(&self) {
        if let Some(more) = self.more.get() {
            // Dropped when the lock is free: a value may run code of the application.
            let _ended = std::mem::take(&mut *more.values.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }

    /// Nobody is connected any more.
    pub(crate) fn ended(&self) {
        self.end_request_values();
        let mut state = self.state();
        state.connection = Connection::Nobody;
        state.undelivered = None;
        if matches!(state.cookie, Some(SetCookie::Token(_))) {
            state.cookie = None;
        }
    }

    /// The browser shall forget its cookie: only a log-out says so.
    pub(crate) fn remove_cookie(&self) {
        self.state().cookie = Some(SetCookie::Remove);
    }

    /// What must be taken back, with the session as it is now.
    pub(crate) fn take_undelivered(&self) -> Option<(Undelivered, Connected)> {
        let mut state = self.state();
        let undelivered = state.undelivered.take()?;
        match &state.connection {
            Connection::User(connected) => Some((undelivered, connected.clone())),
            _ => None,
        }
    }

    /// The answer will not leave. From now on what is opened is closed at once.
    pub(crate) fn drop_answer(&self) {
        self.state().answer = Answer::Dropped;
    }

    /// Writes into the answer what the connection means for it.
    pub(crate) fn finish(&self, response: &mut Response) {
        let mut state = self.state();
        state.answer = Answer::Sent;
        let logged_in = matches!(state.undelivered.take(), Some(Undelivered::Opened));
        let config = &self.sessions.0.config.cookie;
        let (cookie, left) = match state.cookie.take() {
            Some(SetCookie::Token(value)) => (Some(value), false),
            Some(SetCookie::Remove) => (Some(config.remove()), self.origin.by(|sender| sender.person)),
            None => (None, false),
        };
        let mark = match left {
            true => Some(config.mark_left()),
            false => self.left.then(|| config.unmark_left()),
        };
        let connected = matches!(state.connection, Connection::User(_));
        let looked_at = state.looked_at;
        drop(state);

        let browser_cookie = self.take_browser_cookie();
        let (browser_looked_at, browser_known) = self.browser_looked_at();
        let sets_cookies = cookie.is_some() || browser_cookie.is_some() || mark.is_some();

        let headers = response.headers_mut();
        caching::vary(headers, looked_at || browser_looked_at, self.judged_by_site.load(Ordering::Relaxed));
        if sets_cookies || self.handed_out_process() {
            caching::forbid_storing(headers);
        } else if connected || browser_known {
            caching::advise_no_store(headers);
        }
        if connected {
            caching::restrict_embedding(headers, !self.sessions.0.cross_site.trusted_origins.is_empty());
        }
        if sets_cookies {
            for cookie in [cookie, browser_cookie, mark].into_iter().flatten() {
                headers.append(header::SET_COOKIE, cookie);
            }
        }
        if self.refreshes_htmx() && !HX_LEAD_ELSEWHERE.iter().any(|name| headers.contains_key(*name)) {
            headers.insert(HX_REFRESH, HeaderValue::from_static("true"));
        }
        if self.tells_caller(logged_in) {
            headers.insert(OS_CONNECTION, HeaderValue::from_static("changed"));
        }
        if logged_in {
            self.tell_of_log_in();
        }
    }
}

/// Tells the page's client that its own request changed the connection.
const OS_CONNECTION: HeaderName = HeaderName::from_static("os-connection");
