//! Who listens, who admits from memory, and what was taken away.

use std::collections::BTreeMap;
use std::time::Duration;

use os_session::{Change, Listener, NodeBehind, Renewal};

use super::flaw::{Event, NodeFlaw};

#[derive(Default)]
pub(super) struct State {
    listeners: BTreeMap<u64, Listener>,
    nodes: BTreeMap<String, Member>,
    position: u64,
    log: BTreeMap<u64, Vec<Change>>,
}

/// A node that admits from memory.
struct Member {
    applied: u64,
    told: u64,
    renewals: u64,
    lease: Duration,
}

/// An entry of the log, with its position.
pub(super) type Entry = (u64, Vec<Change>);

impl State {
    pub(super) fn listen<F: NodeFlaw>(&mut self, number: u64, listener: Listener) {
        if F::LISTENS_AGAIN || !self.listeners.contains_key(&number) {
            self.listeners.insert(number, listener);
        }
    }

    pub(super) fn tell<F: NodeFlaw>(&self, by: u64, events: &[Event]) {
        let told =
            F::message(events.iter().filter(|event| F::tells(event)).map(|event| event.change.clone()).collect());
        for (number, listener) in &self.listeners {
            for news in told.iter().filter_map(|change| F::news(change.clone(), *number == by)) {
                listener.tell(news);
            }
        }
    }

    /// A new entry, if there is anything to log and anybody who reads it.
    pub(super) fn next_entry<F: NodeFlaw>(&mut self, events: &[Event]) -> Option<Entry> {
        let changes: Vec<_> = events.iter().filter(|event| F::logs(event)).map(|event| event.change.clone()).collect();
        if changes.is_empty() || self.nodes.is_empty() {
            return None;
        }
        self.position += 1;
        Some((self.position, changes))
    }

    pub(super) fn log(&mut self, entry: Option<Entry>) {
        self.log.extend(entry);
    }

    pub(super) fn reached(&self) -> u64 {
        self.position
    }

    pub(super) fn join(&mut self, node: &str, lease: Duration) -> u64 {
        let (applied, told) = (self.position, self.position);
        self.nodes.insert(node.to_owned(), Member { applied, told, renewals: 0, lease });
        self.position
    }

    pub(super) fn renew<F: NodeFlaw>(&mut self, node: &str, applied: u64) -> Option<Renewal> {
        let member = self.nodes.get_mut(node)?;
        let reached = self.position;
        if !F::believes(applied, member.told, reached) {
            if F::TAKES_OFF_WHO_KNOWS_MORE {
                self.nodes.remove(node);
            }
            return None;
        }
        member.applied = F::notes(applied, reached);
        member.told = reached;
        member.renewals += 1;
        let all = || self.nodes.values().map(|member| member.applied);
        let cut = F::cut(all().min().unwrap_or(reached), all().max().unwrap_or(reached));
        self.log.retain(|position, _| *position > cut);
        let told = self.log.iter().filter(|(position, _)| **position > F::tells_behind(applied));
        Some(Renewal { reached, revoked: told.flat_map(|(_, changes)| changes.clone()).collect() })
    }

    pub(super) fn leave<F: NodeFlaw>(&mut self, node: &str) {
        if F::TAKES_OFF_WHO_LEAVES {
            self.nodes.remove(node);
        }
    }

    pub(super) fn behind<F: NodeFlaw>(&self, position: u64) -> Vec<NodeBehind> {
        let waited_for = self.nodes.iter().enumerate().filter(|(place, _)| F::waits_for(*place));
        waited_for
            .filter(|(_, (_, member))| member.applied < position)
            .map(|(_, (node, member))| NodeBehind {
                node: node.clone(),
                renewals: member.renewals,
                lease: F::lease(member.lease),
            })
            .collect()
    }

    pub(super) fn remove<F: NodeFlaw>(&mut self, behind: &NodeBehind) {
        self.nodes.retain(|node, member| *node != behind.node || !F::removes(behind.renewals, member.renewals));
    }
}
