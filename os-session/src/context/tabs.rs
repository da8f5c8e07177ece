//! What a change of the connection means for the tabs of this browser: all of them hear of it, except the one that asked.

use std::sync::atomic::Ordering;

use crate::awaited::Subject;
use crate::change::Change;
use crate::context::connection::Connection;
use crate::context::{Context, Session};
use crate::process::ProcessId;
use crate::shown::Shown;
use crate::store::SessionHandle;
use crate::token::{BrowserKey, Token};

impl Context {
    /// This is the session that the request came with.
    pub(crate) fn note_came_with(&self, session: SessionHandle) {
        self.state().came_with = Some(session);
    }

    /// The tab that knows of the end of this session already, since it asked for it: it is not to restart, unless that was asked for
    /// as well. A form's answer is a new page in any case.
    pub(crate) fn told_already(&self, ended: SessionHandle) -> Option<ProcessId> {
        let tab = if self.state().came_with == Some(ended) { self.calling_tab() } else { None };
        if tab.is_some() {
            self.more().changed_by_caller.store(true, Ordering::Relaxed);
        }
        tab
    }

    /// Whether the answer has to tell its tab that it changed the connection: where the tab's stream is another node's, that node does not know.
    pub(super) fn tells_caller(&self, logged_in: bool) -> bool {
        let ended = self.more.get().is_some_and(|more| more.changed_by_caller.load(Ordering::Relaxed));
        ended || logged_in && self.calling_tab().is_some()
    }

    fn calling_tab(&self) -> Option<ProcessId> {
        let restarts = self.more.get().is_some_and(|more| more.restarts_caller.load(Ordering::Relaxed));
        if restarts { None } else { self.process.clone() }
    }

    /// The tab that sent this restarts with all others.
    pub(crate) fn restart_caller(&self) {
        self.more().restarts_caller.store(true, Ordering::Relaxed);
    }

    /// Whether the answer has to say so, since it is for htmx.
    pub(super) fn refreshes_htmx(&self) -> bool {
        self.origin.by(|sender| sender.htmx)
            && self.more.get().is_some_and(|more| more.restarts_caller.load(Ordering::Relaxed))
    }

    /// Somebody was connected in a browser in which nobody was, and the answer that says so leaves: a tab that restarts sooner would be
    /// without the cookie.
    pub(super) fn tell_of_log_in(&self) {
        let Some(token) = &self.browser_token else { return };
        let before = token.browser_key();
        for browser in [Some(before), self.browser().filter(|now| *now != before)].into_iter().flatten() {
            self.sessions.0.awaited.over(Subject::Browser(browser), self.calling_tab());
        }
        let _nobody_waits = self.sessions.tell_others(Change::Browser(before));
    }

    /// The browser that the request names, or a name for it from now on. Nothing is stored for it, and it is forgotten when the browser exits.
    pub(crate) fn named_browser(&self) -> Result<BrowserKey, getrandom::Error> {
        if let Some(browser) = self.browser() {
            return Ok(browser);
        }
        if let Some(token) = self.browser_token.as_ref().filter(|_| self.has_old_browser_token()) {
            // The browser has a newer token, or will get it: nothing is to take its place.
            return Ok(token.browser_key());
        }
        let token = Token::random()?;
        self.name_browser(&token);
        Ok(token.browser_key())
    }
}

impl Session {
    /// The connection as a page that this request makes is to know it; `None` if nobody has looked, so that the page does not depend on it.
    pub(crate) fn shown(&self) -> Option<Shown> {
        let Self(context) = self;
        let connected = match &context.state().connection {
            Connection::User(connected) => connected.clone(),
            Connection::Nobody | Connection::Unread(None) => return Some(Shown::Nobody),
            Connection::Unread(Some(_)) | Connection::Ignored(_) => return None,
        };
        let groups = context.groups_at_once(&connected);
        let tag = groups.map(|groups| context.sessions.0.shown.tag(connected.handle, &groups));
        Some(Shown::User(connected.handle, tag))
    }
}
