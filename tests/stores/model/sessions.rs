//! The model: a list of sessions, searched from one end to the other. Time is counted in ticks.

use std::collections::BTreeSet;

use super::slots::Slots;

/// A session, removed or not yet.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) key: u64,
    pub(crate) user: &'static str,
    pub(crate) handle: u64,
    pub(crate) device: Option<String>,
    pub(crate) expire: bool,
    pub(crate) opened: u64,
    pub(crate) seen: u64,
    pub(crate) authenticated: u64,
    pub(crate) idle: u64,
    pub(crate) absolute: u64,
}

/// Everything that a store is to know.
#[derive(Debug, Default)]
pub(crate) struct Model {
    pub(crate) now: u64,
    pub(crate) sessions: Vec<Session>,
    pub(crate) groups: BTreeSet<&'static str>,
    pub(crate) members: BTreeSet<(&'static str, &'static str)>,
    pub(super) slots: Slots,
}

impl Model {
    pub(crate) fn is_live(&self, session: &Session) -> bool {
        self.now < session.seen + session.idle && self.now < session.opened + session.absolute
    }

    pub(crate) fn live(&self, key: u64) -> Option<&Session> {
        self.sessions.iter().find(|session| session.key == key && self.is_live(session))
    }

    pub(crate) fn live_mut(&mut self, key: u64) -> Option<&mut Session> {
        let position = self.sessions.iter().position(|session| session.key == key && self.is_live(session))?;
        Some(&mut self.sessions[position])
    }

    /// Whether what expired may still have this key: what a store says of it then is its own business.
    pub(crate) fn is_unclear(&self, key: u64) -> bool {
        self.sessions.iter().any(|session| session.key == key && !self.is_live(session))
    }

    /// The user's live sessions, the latest seen first.
    pub(crate) fn of_user(&self, user: &str) -> Vec<Session> {
        let mut live: Vec<_> =
            self.sessions.iter().filter(|session| session.user == user && self.is_live(session)).cloned().collect();
        live.sort_by_key(|session| std::cmp::Reverse(session.seen));
        live
    }

    pub(crate) fn remove(&mut self, handle: u64) -> Option<Session> {
        let position = self.sessions.iter().position(|session| session.handle == handle)?;
        Some(self.sessions.remove(position))
    }

    pub(crate) fn expired(&self) -> usize {
        self.sessions.iter().filter(|session| !self.is_live(session)).count()
    }

    pub(crate) fn groups_of(&self, user: &str) -> Vec<&'static str> {
        self.members.iter().filter(|(member, _)| *member == user).map(|(_, group)| *group).collect()
    }
}
