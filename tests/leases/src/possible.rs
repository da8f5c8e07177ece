//! What can happen next.

use crate::protocol::Part;
use crate::state::{
    Because, Entry, NODES, Node, Phase, Progress, REGISTRATIONS, REVOKERS, Read, Request, Revocation, State,
};
use crate::steps::{Step, Steps};
use crate::tidy::counts;

/// How many renewals of one registration are looked at where their numbers cannot be [tidied](Steps::tidy) away.
const RENEWALS: u8 = 2;

impl Steps {
    /// Every step that is possible now.
    pub fn possible(&self, state: &State, steps: &mut Vec<Step>) {
        if state.is_over() || state.is_unsafe() {
            return;
        }
        for node in 0..self.scenario.nodes {
            self.of_node(state, node, steps);
        }
        for revoker in 0..REVOKERS {
            self.of_revoker(state, revoker, steps);
        }
        if self.cut(state) != state.store.log {
            steps.push(Step::Cut);
        }
        self.ticks(state, steps);
    }

    fn ticks(&self, state: &State, steps: &mut Vec<Step>) {
        let falls = |number: usize| self.may_fall_behind(&state.nodes[number]);
        for behind in [[false, false], [true, false], [false, true], [true, true]] {
            if (0..NODES).all(|number| !behind[number] || falls(number)) {
                steps.push(Step::Tick { behind });
            }
        }
    }

    /// A clock falls behind by at most one tick during a lease; one that stops with its process, by any number. It matters only while the node counts.
    fn may_fall_behind(&self, node: &Node) -> bool {
        (node.steady == 0 || !self.protocol.has(Part::ClockRunsWhilePaused)) && counts(node)
    }

    fn of_node(&self, state: &State, number: usize, steps: &mut Vec<Step>) {
        let node = &state.nodes[number];
        match &node.call {
            None => {
                if node.registration.is_some() {
                    if may_renew(state, number) {
                        steps.push(Step::Renew(number));
                    }
                    if self.scenario.ends && node.late.is_none() {
                        steps.push(Step::Leave(number));
                    }
                } else if node.registrations < self.scenario.registrations {
                    steps.push(Step::Register(number));
                }
            }
            Some(call) => match call.progress {
                Progress::Sent => {
                    steps.push(Step::GiveUp(number));
                    if self.store_can_answer(state, call.request) {
                        steps.push(Step::StoreAnswers(number));
                    }
                    if !self.protocol.has(Part::PrimaryAnswers) && matches!(call.request, Request::Renew { .. }) {
                        steps.push(Step::ReplicaAnswers(number));
                    }
                }
                Progress::Answered(_) => steps.extend([Step::GiveUp(number), Step::AnswerArrives(number)]),
                Progress::HalfDone(_) => steps.push(Step::AnswerDone(number)),
            },
        }
        if node.late.is_some_and(|request| self.store_can_answer(state, request)) {
            steps.push(Step::LateCall(number));
        }
        if self.scenario.ends && !node.dead && (node.registration.is_some() || node.call.is_some()) {
            steps.push(Step::Die(number));
        }
        match node.read {
            // One that finds nothing leaves nothing.
            None if state.store.session && !node.admits() && !node.dead => steps.push(Step::SendRead(number)),
            None => {}
            Some(read) => {
                steps.push(if read.answered { Step::ReadArrives(number) } else { Step::StoreReads(number) });
                // One that began before a revocation returned may be admitted.
                if state.returned() && !read.too_late && self.may_join(node, read) {
                    steps.push(Step::Join(number));
                }
            }
        }
    }

    /// Another request's read is joined only while the lease is valid, and unless it was overtaken.
    fn may_join(&self, node: &Node, read: Read) -> bool {
        (node.lease > 0 || !self.protocol.has(Part::JoinedUnderLease)) && self.may_join_ever(read)
    }

    /// Whether a read may be joined as far as the read goes.
    pub(crate) fn may_join_ever(&self, read: Read) -> bool {
        let overtaken = read.overtaken_by_revocation || read.overtaken_by_registration;
        !overtaken || !self.protocol.has(Part::OvertakenNotJoined)
    }

    /// What a read found is kept unless it was overtaken.
    pub(crate) fn may_keep(&self, read: Read) -> bool {
        (!read.overtaken_by_revocation || !self.protocol.has(Part::NotKeptAfterRevocation))
            && (!read.overtaken_by_registration || !self.protocol.has(Part::NotKeptAfterRegistration))
    }

    /// A registration waits for the revocations under way.
    fn store_can_answer(&self, state: &State, request: Request) -> bool {
        let open = || state.revokers.iter().any(|revoker| revoker.phase == Phase::Open);
        !matches!(request, Request::Register { .. }) || !self.protocol.has(Part::RegistrationExcludes) || !open()
    }

    fn of_revoker(&self, state: &State, number: usize, steps: &mut Vec<Step>) {
        let revoker = &state.revokers[number];
        match revoker.phase {
            Phase::Idle if revoker.revocation != Revocation::Never && self.may_begin(state) => {
                steps.push(Step::Begin(number));
            }
            Phase::Open => steps.extend([Step::RollBack(number), Step::Commit(number)]),
            Phase::Committed => steps.push(Step::Look(number)),
            Phase::Waiting => {
                let position = revoker.position.unwrap_or_default();
                if state.store.behind(position).iter().flatten().all(Option::is_none) {
                    steps.push(Step::ReturnApplied(number));
                } else if revoker.waited >= self.protocol.wait() {
                    steps.push(Step::ReturnTime(number));
                }
            }
            Phase::Returned(Because::Time) => self.take_off(state, number, steps),
            Phase::Idle | Phase::RolledBack | Phase::Returned(_) => {}
        }
    }

    /// The row of the position is locked from the append to the commit.
    fn may_begin(&self, state: &State) -> bool {
        let locked = state.revokers.iter().any(|revoker| revoker.phase == Phase::Open && revoker.position.is_some());
        !locked || !self.protocol.has(Part::PositionsInOrder)
    }

    /// A node that was waited for to the end is taken off, unless it has renewed.
    fn take_off(&self, state: &State, revoker: usize, steps: &mut Vec<Step>) {
        for node in 0..NODES {
            for registration in 0..REGISTRATIONS {
                let Some(seen) = state.revokers[revoker].seen[node][registration] else { continue };
                let Entry::On { renewals, .. } = state.store.list[node][registration] else { continue };
                if seen == renewals || !self.protocol.has(Part::RenewalsCompared) {
                    steps.push(Step::TakeOff {
                        revoker,
                        node,
                        registration: u8::try_from(registration).unwrap_or_default(),
                    });
                }
            }
        }
    }

    /// The log without what every node on the list has applied.
    pub(crate) fn cut(&self, state: &State) -> [Option<Revocation>; REVOKERS] {
        let mut log = state.store.log;
        for (position, entry) in (1..).zip(&mut log) {
            let needed = state.store.behind(position).iter().flatten().any(Option::is_some);
            if !needed || !self.protocol.has(Part::CutBelowApplied) {
                *entry = None;
            }
        }
        log
    }
}

/// Any number of times, unless the numbers have to be told apart for ever.
fn may_renew(state: &State, number: usize) -> bool {
    let few = |entry: &Entry| !matches!(entry, Entry::On { renewals, .. } if *renewals >= RENEWALS);
    state.store.list[number].iter().all(few)
}
