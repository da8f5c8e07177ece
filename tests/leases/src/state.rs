//! What there is at one moment: the store, the nodes with their messages under way, those who revoke.
//!
//! There is one session. It is time that is relative here, never a date: how much of a lease is left, how long ago a message was sent, how long somebody has waited.

use crate::protocol::LEASE;

/// How many nodes a state has room for.
pub const NODES: usize = 2;
/// How many revocations a state has room for, and so positions of the log.
pub const REVOKERS: usize = 2;
/// How many registrations a node can make.
pub const REGISTRATIONS: usize = 2;

/// One value for each registration of each node.
pub type ByRegistration<T> = [[T; REGISTRATIONS]; NODES];

/// Everything at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct State {
    /// What is committed at the primary.
    pub store: Store,
    /// The nodes.
    pub nodes: [Node; NODES],
    /// The revocations, each made by a process of its own.
    pub revokers: [Revoker; REVOKERS],
    /// A request was admitted that began after a revocation of the session had returned. (Admissions from memory leave no trace; [`State::is_unsafe`] looks for them.)
    pub admitted_too_late: bool,
}

/// What is committed at the primary.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Store {
    /// Whether the session is there.
    pub session: bool,
    /// The position of the log: the highest that was committed.
    pub position: u8,
    /// The entries of the log, by position from 1.
    pub log: [Option<Revocation>; REVOKERS],
    /// The list of registered nodes.
    pub list: ByRegistration<Entry>,
}

/// What a revocation takes away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Revocation {
    /// The session that requests come for.
    Session,
    /// Something else.
    Other,
    /// Nothing: it never begins.
    Never,
}

/// A place on the list of nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Entry {
    /// Nobody registered here, or they left.
    Free,
    /// A node.
    On {
        /// The position up to which it said that it has applied the log.
        applied: u8,
        /// How often it renewed.
        renewals: u8,
        /// How much of the log it was told.
        told: u8,
    },
    /// A revoker took it off. The store does not know this any more; it is kept for the tests.
    TakenOff,
}

/// A node.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Node {
    /// It died; if it goes on, it is as a new process.
    pub dead: bool,
    /// Which of its registrations it lives under, if any.
    pub registration: Option<u8>,
    /// How many registrations it sent.
    pub registrations: u8,
    /// Whether its memory holds the session.
    pub memory: bool,
    /// The position up to which it has applied the log.
    pub applied: u8,
    /// How much is left of its lease, in ticks of its own clock.
    pub lease: u8,
    /// For how many ticks its clock may not fall behind again.
    pub steady: u8,
    /// Its call to the store.
    pub call: Option<Call>,
    /// A call that it gave up on, and that may still reach the store.
    pub late: Option<Request>,
    /// The read under way.
    pub read: Option<Read>,
}

/// A call of a node to the store.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Call {
    /// What it asks.
    pub request: Request,
    /// How long ago it was sent, in ticks of the node's clock, at most a lease.
    pub age: u8,
    /// How far it got.
    pub progress: Progress,
}

/// What a node asks the store to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Request {
    /// To be put on the list.
    Register {
        /// The number of this registration.
        registration: u8,
    },
    /// To stay on the list.
    Renew {
        /// Under which registration.
        registration: u8,
        /// Up to where it has applied the log.
        applied: u8,
    },
    /// To be taken off the list.
    Leave {
        /// Which registration.
        registration: u8,
    },
}

/// How far a call got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Progress {
    /// The request is on its way.
    Sent,
    /// The answer is on its way.
    Answered(Answer),
    /// The node did the first of the two things that it does with an answer.
    HalfDone(Answer),
}

/// What the store answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Answer {
    /// You are on the list.
    Registered {
        /// Where the log is.
        position: u8,
    },
    /// You are still on the list, and this was revoked.
    Renewed {
        /// Where the log is.
        position: u8,
        /// Whether there is any revocation in the answer.
        news: bool,
        /// Whether the session is among them.
        names_session: bool,
    },
    /// You are not on the list.
    NotListed,
}

/// A request's read of the store. One that finds no session refuses, and nothing is left of it; so one that was answered found it.
#[expect(clippy::struct_excessive_bools, reason = "four independent facts")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Read {
    /// The store looked, and the answer is on its way.
    pub answered: bool,
    /// A revocation was applied since it was sent.
    pub overtaken_by_revocation: bool,
    /// The node registered anew since it was sent.
    pub overtaken_by_registration: bool,
    /// It was sent, or joined, by a request that began after a revocation of the session had returned.
    pub too_late: bool,
}

/// A revocation.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Revoker {
    /// What it takes away.
    pub revocation: Revocation,
    /// How far it got.
    pub phase: Phase,
    /// Its position in the log, if it appended to it.
    pub position: Option<u8>,
    /// How long it has waited, in ticks of its own clock.
    pub waited: u8,
    /// The nodes that it waits for, with their numbers of renewals when it looked.
    pub seen: ByRegistration<Option<u8>>,
}

/// How far a revocation got. One that stays in a phase for ever has died there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Not begun.
    Idle,
    /// Its transaction is open.
    Open,
    /// It died in its transaction, which was rolled back.
    RolledBack,
    /// Committed, and it has yet to look at the list.
    Committed,
    /// It waits.
    Waiting,
    /// It has returned.
    Returned(Because),
}

/// Why a revocation returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Because {
    /// There was nobody to wait for.
    Nobody,
    /// Every node has applied it.
    Applied,
    /// The time passed.
    Time,
}

impl State {
    /// The beginning: a session, and nobody on the list; or a node on the list that has followed the log further than it goes, since the store has lost its last
    /// writes.
    #[must_use]
    pub fn new(revocations: [Revocation; REVOKERS], lost: bool) -> Self {
        let mut state = Self {
            store: Store {
                session: true,
                position: 0,
                log: [None; REVOKERS],
                list: [[Entry::Free; REGISTRATIONS]; NODES],
            },
            nodes: [const { Node::new() }; NODES],
            revokers: revocations.map(Revoker::new),
            admitted_too_late: false,
        };
        if lost {
            let applied = state.store.log.iter().fold(0, |applied, _| applied + 1);
            state.nodes[0] =
                Node { registration: Some(0), registrations: 1, memory: true, applied, lease: LEASE, ..Node::new() };
            *state.store.entry(0, 0) = Entry::On { applied: 0, renewals: 0, told: 0 };
        }
        state
    }

    /// Whether a revocation of the session has returned.
    #[must_use]
    pub fn returned(&self) -> bool {
        let session = self.revokers.iter().filter(|revoker| revoker.revocation == Revocation::Session);
        session.into_iter().any(|revoker| matches!(revoker.phase, Phase::Returned(_)))
    }

    /// Whether a request was admitted, or would be if it came now, though a revocation of the session had returned before it began.
    #[must_use]
    pub fn is_unsafe(&self) -> bool {
        self.admitted_too_late || self.returned() && self.nodes.iter().any(Node::admits)
    }

    /// Whether nothing can go wrong any more: nobody knows the session, or nobody will revoke it.
    #[must_use]
    pub fn is_over(&self) -> bool {
        let knows = |node: &Node| node.memory || node.read.is_some_and(|read| read.answered);
        let forgotten = !self.store.session && !self.nodes.iter().any(knows);
        let never = |revoker: &Revoker| revoker.revocation != Revocation::Session || revoker.phase == Phase::RolledBack;
        forgotten || self.revokers.iter().all(never)
    }
}

impl Store {
    /// The nodes on the list that have not applied a position, with their numbers of renewals.
    #[must_use]
    pub fn behind(&self, position: u8) -> ByRegistration<Option<u8>> {
        self.list.map(|entries| {
            entries.map(|entry| match entry {
                Entry::On { applied, renewals, .. } if applied < position => Some(renewals),
                _ => None,
            })
        })
    }

    /// Whether any node is on the list.
    #[must_use]
    pub fn any_node(&self) -> bool {
        self.list.iter().flatten().any(|entry| matches!(entry, Entry::On { .. }))
    }

    /// The entry of a node's registration.
    pub fn entry(&mut self, node: usize, registration: u8) -> &mut Entry {
        &mut self.list[node][usize::from(registration)]
    }
}

impl Node {
    /// A process that has just started.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            dead: false,
            registration: None,
            registrations: 0,
            memory: false,
            applied: 0,
            lease: 0,
            steady: 0,
            call: None,
            late: None,
            read: None,
        }
    }

    /// Whether a request that comes now is admitted from memory.
    #[must_use]
    pub fn admits(&self) -> bool {
        self.lease > 0 && self.memory
    }
}

impl Default for Node {
    fn default() -> Self {
        Self::new()
    }
}

impl Revoker {
    /// One that has not begun.
    #[must_use]
    pub fn new(revocation: Revocation) -> Self {
        Self { revocation, phase: Phase::Idle, position: None, waited: 0, seen: [[None; REGISTRATIONS]; NODES] }
    }
}
