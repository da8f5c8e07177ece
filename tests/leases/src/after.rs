//! What is after a step.

use crate::protocol::{LEASE, Look, Part};
use crate::state::{
    Answer, Because, Call, Entry, NODES, Node, Phase, Progress, REGISTRATIONS, Read, Request, Revocation, Revoker,
    State,
};
use crate::steps::{Step, Steps};

impl Steps {
    /// The state after a step that is possible.
    #[must_use]
    pub fn after(&self, state: &State, step: Step) -> State {
        let mut next = state.clone();
        match step {
            Step::Tick { behind } => self.tick(&mut next, behind),
            Step::Register(node) => self.register(&mut next.nodes[node]),
            Step::Renew(node) => renew(&mut next.nodes[node]),
            Step::Leave(node) => leave(&mut next.nodes[node]),
            Step::Die(node) => {
                self.give_up(&mut next.nodes[node]);
                let Node { registrations, late, .. } = next.nodes[node];
                next.nodes[node] = Node { dead: true, registrations, late, ..Node::new() };
            }
            Step::GiveUp(node) => self.give_up(&mut next.nodes[node]),
            Step::StoreAnswers(node) => self.store_answers(&mut next, node),
            Step::ReplicaAnswers(node) => replica_answers(&mut next, node),
            Step::LateCall(node) => {
                if let Some(request) = next.nodes[node].late.take() {
                    self.write(&mut next, node, request);
                }
            }
            Step::AnswerArrives(node) => self.answer_arrives(&mut next.nodes[node]),
            Step::AnswerDone(node) => self.answer_done(&mut next.nodes[node]),
            Step::SendRead(node) => {
                next.nodes[node].read = Some(Read {
                    answered: false,
                    overtaken_by_revocation: false,
                    overtaken_by_registration: false,
                    too_late: state.returned(),
                });
            }
            Step::StoreReads(node) => {
                let found = state.store.session;
                next.nodes[node].read =
                    next.nodes[node].read.map(|read| Read { answered: true, ..read }).filter(|_| found);
            }
            Step::Join(node) => {
                next.nodes[node].read = next.nodes[node].read.map(|read| Read { too_late: true, ..read });
            }
            Step::ReadArrives(node) => self.read_arrives(&mut next, node),
            Step::Begin(revoker) => self.begin(&mut next, revoker),
            Step::RollBack(revoker) => {
                next.revokers[revoker] = Revoker::new(state.revokers[revoker].revocation);
                next.revokers[revoker].phase = Phase::RolledBack;
            }
            Step::Commit(revoker) => self.commit(&mut next, revoker),
            Step::Look(revoker) => self.look(&mut next, revoker),
            Step::ReturnApplied(revoker) => returns(&mut next, revoker, Because::Applied),
            Step::ReturnTime(revoker) => returns(&mut next, revoker, Because::Time),
            Step::TakeOff { revoker, node, registration } => {
                *next.store.entry(node, registration) = Entry::TakenOff;
                next.revokers[revoker].seen[node][usize::from(registration)] = None;
            }
            Step::Cut => next.store.log = self.cut(state),
        }
        self.tidy(&mut next);
        next
    }

    fn tick(&self, state: &mut State, behind: [bool; NODES]) {
        for (node, behind) in state.nodes.iter_mut().zip(behind) {
            if behind {
                node.steady = LEASE;
            } else {
                node.steady = node.steady.saturating_sub(1);
                node.lease = node.lease.saturating_sub(1);
                if let Some(call) = &mut node.call {
                    call.age = LEASE.min(call.age + 1);
                }
            }
        }
        for revoker in &mut state.revokers {
            if matches!(revoker.phase, Phase::Committed | Phase::Waiting) {
                revoker.waited = self.protocol.wait().min(revoker.waited + 1);
            }
        }
    }

    fn register(&self, node: &mut Node) {
        // The entry is the node's, or the registration's.
        let registration = if self.protocol.has(Part::RegistrationsDiffer) { node.registrations } else { 0 };
        node.dead = false;
        node.registrations += 1;
        node.call = Some(Call { request: Request::Register { registration }, age: 0, progress: Progress::Sent });
    }

    fn give_up(&self, node: &mut Node) {
        let Some(call) = node.call.take() else { return };
        if self.scenario.late && call.progress == Progress::Sent {
            node.late = Some(call.request);
        }
    }

    fn answer_arrives(&self, node: &mut Node) {
        let Some(Call { request, age, progress: Progress::Answered(answer) }) = node.call.clone() else { return };
        match (request, answer) {
            (Request::Register { registration }, Answer::Registered { position }) => {
                node.registration = Some(registration);
                node.applied = position;
                if self.protocol.has(Part::MemoryEmptied) {
                    node.memory = false;
                }
                if let Some(read) = &mut node.read {
                    read.overtaken_by_registration = true;
                }
                self.extend(node, age);
                node.call = None;
            }
            (_, Answer::Renewed { .. }) => {
                if self.protocol.has(Part::AppliedBeforeExtended) {
                    apply(node, answer);
                } else {
                    self.extend(node, age);
                }
                node.call = Some(Call { request, age, progress: Progress::HalfDone(answer) });
            }
            _ => {
                if self.protocol.has(Part::LeaseEndsUnknown) {
                    node.lease = 0;
                }
                let before = node.registration.take().map(|registration| Request::Leave { registration });
                node.late = node.late.or(before);
                if self.protocol.has(Part::MemoryEmptied) {
                    node.memory = false;
                }
                node.call = None;
            }
        }
    }

    fn answer_done(&self, node: &mut Node) {
        let Some(Call { age, progress: Progress::HalfDone(answer), .. }) = node.call.take() else { return };
        if self.protocol.has(Part::AppliedBeforeExtended) {
            self.extend(node, age);
        } else {
            apply(node, answer);
        }
    }

    fn extend(&self, node: &mut Node, age: u8) {
        let age = if self.protocol.has(Part::LeaseCountsFromSending) { age } else { 0 };
        node.lease = node.lease.max(LEASE - age);
    }

    fn read_arrives(&self, state: &mut State, number: usize) {
        let node = &mut state.nodes[number];
        let Some(read) = node.read.take() else { return };
        node.memory |= self.may_keep(read);
        state.admitted_too_late |= read.too_late;
    }

    fn begin(&self, state: &mut State, number: usize) {
        let repeated = state.revokers[number].revocation == Revocation::Session && !state.store.session;
        let taken = state.revokers.iter().filter_map(|revoker| revoker.position).max().unwrap_or_default();
        let store = &state.store;
        let revoker = &mut state.revokers[number];
        revoker.phase = Phase::Open;
        if store.any_node() && (!repeated || self.protocol.has(Part::RepeatedWaits)) {
            // One that was rolled back gave its position back, as the row does.
            let position = taken.max(store.position) + 1;
            revoker.position = Some(position);
            if self.protocol.look() == Look::InTransaction {
                revoker.seen = store.behind(position);
            }
        }
    }

    fn commit(&self, state: &mut State, number: usize) {
        let revoker = &mut state.revokers[number];
        let store = &mut state.store;
        if revoker.revocation == Revocation::Session {
            store.session = false;
        }
        if let Some(position) = revoker.position {
            store.position = store.position.max(position);
            store.log[usize::from(position) - 1] = Some(revoker.revocation);
        }
        revoker.phase = if revoker.position.is_none() || !self.protocol.has(Part::RevokerWaits) {
            revoker.position = None;
            Phase::Returned(Because::Nobody)
        } else if self.protocol.look() == Look::InTransaction {
            Phase::Waiting
        } else {
            Phase::Committed
        };
    }

    fn look(&self, state: &mut State, number: usize) {
        let revoker = &mut state.revokers[number];
        revoker.seen = state.store.behind(revoker.position.unwrap_or_default());
        revoker.phase = Phase::Waiting;
        if self.protocol.has(Part::CountedBeforeWait) {
            revoker.waited = 0;
        }
    }

    /// What the primary does with a call.
    fn write(&self, state: &mut State, number: usize, request: Request) -> Answer {
        let position = state.store.position;
        match request {
            Request::Register { registration } => {
                *state.store.entry(number, registration) = Entry::On { applied: position, renewals: 0, told: position };
                Answer::Registered { position }
            }
            Request::Renew { registration, applied } => {
                let entry = state.store.entry(number, registration);
                let Entry::On { renewals, told, .. } = *entry else { return Answer::NotListed };
                if applied > told && self.protocol.has(Part::LossNoticed) {
                    if !self.protocol.has(Part::ListedUntilItLeaves) {
                        *entry = Entry::Free;
                    }
                    return Answer::NotListed;
                }
                *entry = Entry::On { applied, renewals: renewals + 1, told: position };
                let news = || state.store.log.iter().skip(usize::from(applied)).flatten();
                let names_session = news().any(|entry| *entry == Revocation::Session);
                Answer::Renewed { position, news: news().count() > 0, names_session }
            }
            Request::Leave { registration } => {
                let entry = state.store.entry(number, registration);
                if matches!(entry, Entry::On { .. }) {
                    *entry = Entry::Free;
                }
                Answer::NotListed
            }
        }
    }

    fn store_answers(&self, state: &mut State, number: usize) {
        let Some(request) = state.nodes[number].call.as_ref().map(|call| call.request) else { return };
        let answer = self.write(state, number, request);
        if let Some(call) = &mut state.nodes[number].call {
            call.progress = Progress::Answered(answer);
        }
    }
}

fn renew(node: &mut Node) {
    let Some(registration) = node.registration else { return };
    let request = Request::Renew { registration, applied: node.applied };
    node.call = Some(Call { request, age: 0, progress: Progress::Sent });
}

/// It does not wait for an answer.
fn leave(node: &mut Node) {
    node.late = node.registration.take().map(|registration| Request::Leave { registration });
    node.memory = false;
    node.lease = 0;
}

/// The replica has seen nothing since the node's last renewal.
fn replica_answers(state: &mut State, number: usize) {
    let node = &mut state.nodes[number];
    let answer = Answer::Renewed { position: node.applied, news: false, names_session: false };
    if let Some(call) = &mut node.call {
        call.progress = Progress::Answered(answer);
    }
}

fn apply(node: &mut Node, answer: Answer) {
    let Answer::Renewed { position, news, names_session } = answer else { return };
    node.applied = position;
    node.memory &= !names_session;
    if let Some(read) = &mut node.read {
        read.overtaken_by_revocation |= news;
    }
}

fn returns(state: &mut State, revoker: usize, because: Because) {
    let revoker = &mut state.revokers[revoker];
    revoker.phase = Phase::Returned(because);
    revoker.position = None;
    revoker.waited = 0;
    if because == Because::Applied {
        revoker.seen = [[None; REGISTRATIONS]; NODES];
    }
}
