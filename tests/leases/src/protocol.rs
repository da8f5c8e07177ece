//! The parts of the protocol, each of which can be left out.

/// How long a lease lasts, in ticks of the node's own clock.
pub const LEASE: u8 = 2;

/// How long a revoker waits, in ticks of its own clock: `1.01 L`, where a clock may fall one tick behind during a lease.
pub const WAIT: u8 = LEASE + 1;

/// One rule of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// A lease counts from before its registration or renewal was sent. Without: from when the answer arrives.
    LeaseCountsFromSending,
    /// The revocations in an answer are applied before the lease is extended. Without: after.
    AppliedBeforeExtended,
    /// What a read found is not kept if a revocation was applied since it was sent.
    NotKeptAfterRevocation,
    /// What a read found is not kept if the node registered anew since it was sent.
    NotKeptAfterRegistration,
    /// Another request's read is joined only while the lease is valid.
    JoinedUnderLease,
    /// A read is not joined if a revocation was applied since it was sent.
    OvertakenNotJoined,
    /// The position is kept in one row, locked until the commit. Without: a sequence, and commits in any order.
    PositionsInOrder,
    /// The revoker waits.
    RevokerWaits,
    /// The revoker waits for 1.01 of a lease. Without: for one.
    WaitsLonger,
    /// A clock runs while its process is paused. Without: it stands still.
    ClockRunsWhilePaused,
    /// A registration waits for the revocations under way.
    RegistrationExcludes,
    /// A node is taken off the list only if it has not renewed since it was looked at.
    RenewalsCompared,
    /// Renewals are counted no later than the wait begins. Without: some time during the wait, as a look at the list after the commit does.
    CountedBeforeWait,
    /// A node that registers anew empties its memory.
    MemoryEmptied,
    /// The log is cut only below what every node on the list has applied. Without: anywhere.
    CutBelowApplied,
    /// The primary answers a renewal. Without: a replica that lags.
    PrimaryAnswers,
    /// Every registration is an entry of its own on the list. Without: a node has one entry, which each registration replaces.
    RegistrationsDiffer,
    /// A revocation that finds nothing left to remove is logged and waits like any other. Without: it returns at once.
    RepeatedWaits,
    /// A node that has applied more than the store has told it is told that it is not known: the store lost its last writes. Without: it is told what follows.
    LossNoticed,
    /// Such a node stays on the list until it leaves. Without: the store takes it off when it notices.
    ListedUntilItLeaves,
    /// A node that is not known ends its lease before it leaves. Without: it only leaves.
    LeaseEndsUnknown,
}

impl Part {
    /// All of them, in the order in which `main` and the tests number them.
    pub const ALL: [Self; 21] = [
        Self::LeaseCountsFromSending,
        Self::AppliedBeforeExtended,
        Self::NotKeptAfterRevocation,
        Self::NotKeptAfterRegistration,
        Self::JoinedUnderLease,
        Self::PositionsInOrder,
        Self::RevokerWaits,
        Self::WaitsLonger,
        Self::ClockRunsWhilePaused,
        Self::RegistrationExcludes,
        Self::RenewalsCompared,
        Self::MemoryEmptied,
        Self::CutBelowApplied,
        Self::PrimaryAnswers,
        Self::OvertakenNotJoined,
        Self::CountedBeforeWait,
        Self::RegistrationsDiffer,
        Self::RepeatedWaits,
        Self::LossNoticed,
        Self::ListedUntilItLeaves,
        Self::LeaseEndsUnknown,
    ];
}

/// When a revoker looks at the list of nodes that it waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Look {
    /// In its transaction, under the lock that keeps registrations out.
    InTransaction,
    /// After the commit; then it waits from this look on, and not from the commit.
    AfterCommit,
}

/// The protocol, whole or with one part left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Protocol {
    without: Option<Part>,
    look: Look,
}

impl Protocol {
    /// The whole of it.
    #[must_use]
    pub const fn whole(look: Look) -> Self {
        Self { without: None, look }
    }

    /// All but one part.
    #[must_use]
    pub const fn without(part: Part) -> Self {
        Self { without: Some(part), look: Look::InTransaction }
    }

    /// Whether this part is in.
    #[must_use]
    pub fn has(self, part: Part) -> bool {
        self.without != Some(part)
    }

    /// When a revoker looks at the list.
    #[must_use]
    pub fn look(self) -> Look {
        if self.has(Part::CountedBeforeWait) { self.look } else { Look::AfterCommit }
    }

    /// How long a revoker waits, in ticks.
    #[must_use]
    pub fn wait(self) -> u8 {
        if self.has(Part::WaitsLonger) { WAIT } else { LEASE }
    }
}
