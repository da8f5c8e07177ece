//! What somebody can do.

use std::fmt::{self, Display, Formatter};

use crate::protocol::Protocol;
use crate::scenario::Scenario;
use crate::state::NODES;

/// One step of somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// Every clock advances by a tick, except those of the nodes that are marked.
    Tick {
        /// Whose clock falls behind.
        behind: [bool; NODES],
    },
    /// A node asks to be put on the list.
    Register(usize),
    /// A node asks to stay on the list.
    Renew(usize),
    /// A node stops to admit from memory and asks to be taken off the list.
    Leave(usize),
    /// A node dies.
    Die(usize),
    /// A node gives up on its call.
    GiveUp(usize),
    /// The store answers a node's call.
    StoreAnswers(usize),
    /// A replica that has seen nothing new answers a node's renewal.
    ReplicaAnswers(usize),
    /// A call that the node has given up on reaches the store.
    LateCall(usize),
    /// A node does the first thing with its answer.
    AnswerArrives(usize),
    /// A node does the second thing with its answer.
    AnswerDone(usize),
    /// A request that cannot be admitted from memory reads the store.
    SendRead(usize),
    /// The store looks for the session.
    StoreReads(usize),
    /// A request joins another's read.
    Join(usize),
    /// The session that was found arrives.
    ReadArrives(usize),
    /// A revocation begins its transaction.
    Begin(usize),
    /// A revocation dies in its transaction.
    RollBack(usize),
    /// A revocation commits.
    Commit(usize),
    /// A revocation looks at the list.
    Look(usize),
    /// A revocation returns, because every node has applied it.
    ReturnApplied(usize),
    /// A revocation returns, because the time passed.
    ReturnTime(usize),
    /// A revocation takes a node off the list.
    TakeOff {
        /// Which revocation.
        revoker: usize,
        /// Which node.
        node: usize,
        /// Which registration.
        registration: u8,
    },
    /// The store cuts its log.
    Cut,
}

impl Display for Step {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Tick { behind } => {
                write!(f, "a tick passes")?;
                let fell = (0..NODES).filter(|node| behind[*node]);
                fell.into_iter().try_for_each(|node| write!(f, ", but not on the clock of node {node}"))
            }
            Self::Register(node) => write!(f, "node {node} asks to be put on the list"),
            Self::Renew(node) => write!(f, "node {node} asks to renew"),
            Self::Leave(node) => write!(f, "node {node} leaves"),
            Self::Die(node) => write!(f, "node {node} dies"),
            Self::GiveUp(node) => write!(f, "node {node} gives up on its call"),
            Self::StoreAnswers(node) => write!(f, "the store answers node {node}"),
            Self::ReplicaAnswers(node) => write!(f, "a replica that lags answers node {node}"),
            Self::LateCall(node) => write!(f, "a call that node {node} gave up on reaches the store"),
            Self::AnswerArrives(node) => {
                write!(f, "the answer arrives at node {node}, which does the first thing with it")
            }
            Self::AnswerDone(node) => write!(f, "node {node} does the second thing with the answer"),
            Self::SendRead(node) => write!(f, "a request at node {node} sends a read"),
            Self::StoreReads(node) => write!(f, "the store looks for the session that node {node} asks for"),
            Self::Join(node) => write!(f, "a new request at node {node} joins the read under way"),
            Self::ReadArrives(node) => write!(f, "the read arrives at node {node}: the session is there"),
            Self::Begin(revoker) => {
                write!(f, "revoker {revoker} begins its transaction, and appends if a node is on the list")
            }
            Self::RollBack(revoker) => write!(f, "revoker {revoker} dies, and its transaction is rolled back"),
            Self::Commit(revoker) => write!(f, "revoker {revoker} commits"),
            Self::Look(revoker) => write!(f, "revoker {revoker} looks at the list"),
            Self::ReturnApplied(revoker) => write!(f, "revoker {revoker} returns: every node has applied it"),
            Self::ReturnTime(revoker) => write!(f, "revoker {revoker} returns: the time passed"),
            Self::TakeOff { revoker, node, .. } => write!(f, "revoker {revoker} takes node {node} off the list"),
            Self::Cut => write!(f, "the store cuts its log"),
        }
    }
}

/// The protocol within bounds.
#[derive(Debug, Clone, Copy)]
pub struct Steps {
    /// The protocol.
    pub protocol: Protocol,
    /// The bounds.
    pub scenario: Scenario,
}
