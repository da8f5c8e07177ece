//! The browser behind a request, whoever is connected in it: its cookie of its own, once something is stored for it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::http::HeaderValue;
use tokio::sync::{Mutex as AsyncMutex, MutexGuard as AsyncMutexGuard};

use crate::context::{Context, Session};
use crate::error::Error;
use crate::process::ProcessId;
use crate::renewed::Follower;
use crate::scope::{Owner, Place};
use crate::sessions::Sessions;
use crate::store::{NewBrowser, SessionHandle, SlotWritten};
use crate::token::{BrowserKey, TabKey, Token};

/// What this request knows of its browser.
#[derive(Default)]
pub(crate) struct Browser {
    state: Mutex<State>,
    /// Held while one is made: once a request.
    making: AsyncMutex<()>,
}

#[derive(Default)]
struct State {
    current: Current,
    looked_at: bool,
    /// It was made in this request, so that its cookie has not come back.
    is_made_here: bool,
    /// The store knew it.
    was_live: bool,
    /// What its response hands over, and the key of the token in it.
    cookie: Option<(BrowserKey, HeaderValue)>,
    /// What must be taken back if the answer never leaves.
    undelivered: Option<UndeliveredBrowser>,
}

#[derive(Default)]
enum Current {
    /// It is what the cookie says.
    #[default]
    Unread,
    Known(Arc<Follower>),
    /// What the cookie said is not there.
    Gone,
}

/// A browser whose cookie has not left yet.
#[derive(Debug, Clone, Copy)]
pub(crate) enum UndeliveredBrowser {
    Made(BrowserKey),
    Rotated { from: BrowserKey, to: BrowserKey },
}

impl UndeliveredBrowser {
    /// What must be taken back of this one and of another before.
    fn after(self, before: Option<Self>) -> Self {
        match (before, self) {
            (Some(Self::Made(_)), Self::Rotated { to, .. }) => Self::Made(to),
            (Some(Self::Rotated { from, .. }), Self::Rotated { to, .. }) => Self::Rotated { from, to },
            (_, this) => this,
        }
    }
}

impl Sessions {
    /// Waits until no other request exchanges the token of that browser.
    async fn browser_turn(&self, key: BrowserKey) -> AsyncMutexGuard<'_, ()> {
        self.0.browser_turns.of("", Some(&Place::Lasting(Owner::Browser(key), None))).await
    }
}

impl Browser {
    /// Returns the browser as it is known now, wherever its token is exchanged.
    fn key(&self) -> Option<BrowserKey> {
        match &self.state().current {
            Current::Known(follower) => Some(follower.key()),
            _ => None,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Context {
    /// The browser that the request names, if it names one.
    pub(crate) fn browser(&self) -> Option<BrowserKey> {
        let mut state = self.more().browser.state();
        state.looked_at = true;
        match &state.current {
            Current::Known(follower) => Some(follower.key()),
            Current::Gone => None,
            Current::Unread => {
                let token = self.browser_token.as_ref()?;
                let follower = self.sessions.0.renewed.find(token.browser_key(), self.arrival)?;
                let key = follower.key();
                state.current = Current::Known(follower);
                Some(key)
            }
        }
    }

    /// Whether the token in the request's cookie was exchanged before the request arrived.
    pub(crate) fn has_old_browser_token(&self) -> bool {
        self.browser_token.is_some()
            && self.browser().is_none()
            && matches!(self.more().browser.state().current, Current::Unread)
    }

    /// The store knows the browser.
    pub(crate) fn browser_is_live(&self) {
        self.more().browser.state().was_live = true;
    }

    /// Whether the answer depends on the browser's cookie, and whether a browser was found by it.
    pub(super) fn browser_looked_at(&self) -> (bool, bool) {
        let Some(more) = self.more.get() else { return (false, false) };
        let state = more.browser.state();
        (state.looked_at, matches!(state.current, Current::Known(_)))
    }

    /// Whether the request came with the cookie of its browser.
    pub(crate) fn browser_came_back(&self) -> bool {
        self.more.get().is_none_or(|more| !more.browser.state().is_made_here)
    }

    /// The store does not know the browser that the request names.
    pub(crate) fn browser_is_gone(&self) {
        let mut state = self.more().browser.state();
        state.current = Current::Gone;
        state.was_live = false;
    }

    /// Hands the browser its token with the answer. `false`: the answer has left.
    #[must_use]
    fn browser_was_made(&self, token: &Token, undelivered: UndeliveredBrowser) -> bool {
        let key = token.browser_key();
        let follower = self.sessions.0.renewed.find(key, self.arrival);
        let mut state = self.more().browser.state();
        state.current = follower.map_or(Current::Gone, Current::Known);
        state.cookie = Some((key, self.sessions.0.config.cookie.write_browser(token)));
        state.is_made_here |= matches!(undelivered, UndeliveredBrowser::Made(_));
        state.undelivered = Some(undelivered.after(state.undelivered));
        !self.is_answered()
    }

    /// Hands the browser a token behind which nothing is stored.
    pub(super) fn name_browser(&self, token: &Token) {
        let key = token.browser_key();
        let follower = self.sessions.0.renewed.find(key, self.arrival);
        let mut state = self.more().browser.state();
        state.current = follower.map_or(Current::Gone, Current::Known);
        state.cookie = Some((key, self.sessions.0.config.cookie.name_browser(token)));
    }

    /// Returns the browser's cookie for the response, if there is one to be handed over.
    pub(super) fn take_browser_cookie(&self) -> Option<HeaderValue> {
        let browser = &self.more.get()?.browser;
        let current = browser.key();
        let mut state = browser.state();
        state.undelivered = None;
        // If another request has exchanged the token meanwhile, the newer one is that request's to
        // hand over.
        state.cookie.take().filter(|(key, _)| Some(*key) == current).map(|(_, cookie)| cookie)
    }

    pub(crate) fn take_undelivered_browser(&self) -> Option<UndeliveredBrowser> {
        let mut state = self.more.get()?.browser.state();
        state.cookie = None;
        state.undelivered.take()
    }

    /// Whether the answer may name a new process, which must not be that of a second page.
    pub(super) fn handed_out_process(&self) -> bool {
        self.more.get().is_some_and(|more| more.new_process.get().is_some())
    }

    /// Whether a page is loaded into a tab, and its tab is a new process.
    pub(crate) fn loads_page(&self) -> bool {
        self.destination.loads_page() && self.process.is_none()
    }

    pub(crate) fn process_id(&self) -> Option<&ProcessId> {
        match &self.process {
            Some(process) => Some(process),
            None if self.destination.loads_page() => {
                self.more().new_process.get_or_init(|| ProcessId::random().ok()).as_ref()
            }
            None => None,
        }
    }

    pub(crate) fn tab(&self) -> Option<TabKey> {
        self.process_id().map(ProcessId::key)
    }
}

impl Session {
    /// Makes the request's browser known, by the first write to one of its slots.
    pub(crate) async fn make_browser(
        &self,
        write: impl AsyncFnOnce(BrowserKey, NewBrowser) -> Result<SlotWritten, Error>,
    ) -> Result<SlotWritten, Error> {
        let Self(context) = self;
        context.judge()?;
        let _once = context.more().browser.making.lock().await;
        if context.browser().is_some() {
            // Another part of the request was faster.
            return Ok(SlotWritten::Conflict);
        }
        if context.has_old_browser_token() {
            return Err(Error::BrowserRenewed);
        }
        if context.is_answered() {
            return Err(Error::AnswerSent);
        }
        let token = Token::random().map_err(Error::Random)?;
        let key = token.browser_key();
        let session = context.connected().await?.map(|connected| connected.handle);
        let written = write(key, context.sessions.0.config.slots.new_browser(session)).await?;
        if matches!(written, SlotWritten::Written(_))
            && !context.browser_was_made(&token, UndeliveredBrowser::Made(key))
        {
            self.take_back_browser().await;
            return Err(Error::AnswerSent);
        }
        Ok(written)
    }

    /// Gives the browser another token at log-in, so that whoever planted the old one is left outside.
    pub(crate) async fn renew_browser(&self, session: SessionHandle) -> Result<(), Error> {
        let Self(context) = self;
        let Some(from) = context.browser() else { return Ok(()) };
        let sessions = &context.sessions;
        let token = Token::random().map_err(Error::Random)?;
        let to = token.browser_key();
        let turn = sessions.browser_turn(from).await;
        if !sessions.0.store.rotate_browser(&from, &to, Some(session)).await? && !sessions.0.volatile.knows(&from) {
            context.browser_is_gone();
            return Ok(());
        }
        sessions.0.volatile.browser_rotated(&from, to, Some(session));
        sessions.0.renewed.note(from, to);
        drop(turn);
        if !context.browser_was_made(&token, UndeliveredBrowser::Rotated { from, to }) {
            self.take_back_browser().await;
        }
        Ok(())
    }

    /// Takes back what the browser will never hear of.
    pub(crate) async fn take_back_browser(&self) {
        let Some(undelivered) = self.0.take_undelivered_browser() else { return };
        let sessions = self.sessions();
        let outcome = match undelivered {
            UndeliveredBrowser::Made(key) => sessions.0.store.forget_browser(&key).await,
            UndeliveredBrowser::Rotated { from, to } => {
                let _turn = sessions.browser_turn(from).await;
                let rotated = sessions.0.store.rotate_browser(&to, &from, None).await;
                sessions.0.volatile.browser_rotated(&to, from, None);
                sessions.0.renewed.take_back(from, to);
                rotated
            }
        };
        if let Err(error) = outcome {
            tracing::warn!(%error, "what a browser was given in an answer that never left could not be taken back");
        }
    }

    /// The store knows no browser of this key. If its token was exchanged meanwhile, it is found
    /// under another; else the request goes on without one.
    ///
    /// # Errors
    ///
    /// [`Error::BrowserRenewed`] if the request has met it: another node has exchanged the token,
    /// or ended the browser. To make another one would take the place of the renewed one's cookie.
    pub(crate) async fn browser_is_lost(&self, key: BrowserKey) -> Result<(), Error> {
        let Self(context) = self;
        // After an exchange that is under way.
        drop(self.sessions().browser_turn(key).await);
        if context.browser() != Some(key) {
            return Ok(());
        }
        if context.more().browser.state().was_live {
            return Err(Error::BrowserRenewed);
        }
        context.browser_is_gone();
        Ok(())
    }

    /// Marks the browser as seen, and lets its cookie live as long from now on if that was long
    /// ago.
    pub(crate) async fn browser_is_seen(&self, key: &BrowserKey, was_long_ago: bool) {
        let Self(context) = self;
        match context.sessions.0.store.touch_browser(key).await {
            Ok(true) => {
                if was_long_ago
                    && let Some(token) = context.browser_token.as_ref().filter(|token| token.browser_key() == *key)
                {
                    let mut state = context.more().browser.state();
                    let cookie = || (*key, context.sessions.0.config.cookie.write_browser(token));
                    state.cookie.get_or_insert_with(cookie);
                }
            }
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "the activity of a browser could not be written"),
        }
    }
}
