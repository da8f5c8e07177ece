//! What can happen next, and what is then.

use crate::protocol::{LEASE, Look, Part, Protocol};
use crate::scenario::Scenario;
use crate::state::{
    Answer, Because, Call, Entry, NODES, Node, Phase, Progress, REGISTRATIONS, REVOKERS, Read, Request, Revocation,
    State,
};

/// How many renewals of one registration are looked at where their number is not [tidied](Steps::after) away.
const RENEWALS: u8 = 2;

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

/// The protocol within bounds.
#[derive(Debug, Clone, Copy)]
pub struct Steps {
    /// The protocol.
    pub protocol: Protocol,
    /// The bounds.
    pub scenario: Scenario,
}

/// What can happen.
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
                    if self.may_renew(state, number) {
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

    fn may_join_ever(&self, read: Read) -> bool {
        let overtaken = read.overtaken_by_revocation || read.overtaken_by_registration;
        !overtaken || !self.protocol.has(Part::OvertakenNotJoined)
    }

    /// What a read found is kept unless it was overtaken.
    fn may_keep(&self, read: Read) -> bool {
        (!read.overtaken_by_revocation || !self.protocol.has(Part::NotKeptAfterRevocation))
            && (!read.overtaken_by_registration || !self.protocol.has(Part::NotKeptAfterRegistration))
    }

    /// Any number of times, unless the numbers have to be told apart for ever.
    fn may_renew(&self, state: &State, number: usize) -> bool {
        let few = |entry: &Entry| !matches!(entry, Entry::On { renewals, .. } if *renewals >= RENEWALS);
        state.store.list[number].iter().all(few)
    }

    /// A registration waits for the revocations under way.
    fn store_can_answer(&self, state: &State, request: Request) -> bool {
        let open = || state.revokers.iter().any(|revoker| revoker.phase == Phase::Open);
        !matches!(request, Request::Register { .. }) || !self.protocol.has(Part::RegistrationExcludes) || !open()
    }

    fn of_revoker(&self, state: &State, number: usize, steps: &mut Vec<Step>) {
        let revoker = &state.revokers[number];
        match revoker.phase {
            Phase::Idle if self.may_begin(state) => steps.push(Step::Begin(number)),
            Phase::Idle | Phase::RolledBack => {}
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
            Phase::Returned(_) => {}
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
    fn cut(&self, state: &State) -> [Option<Revocation>; REVOKERS] {
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

/// Whether a node's clock matters to it.
fn counts(node: &Node) -> bool {
    node.lease > 0 || node.call.as_ref().is_some_and(|call| call.age < LEASE)
}

/// What is then.
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
                next.revokers[revoker] = crate::state::Revoker::new(state.revokers[revoker].revocation);
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

    /// Brings states together that differ in nothing that matters, so that there are finitely many.
    fn tidy(&self, state: &mut State) {
        for (number, node) in state.nodes.iter_mut().enumerate() {
            // The drift is counted for each lease.
            if !counts(node) {
                node.steady = 0;
            }
            if node.registration.is_none() {
                node.applied = 0;
            }
            // A read that can be neither kept nor joined only answers the request that sent it.
            if node.read.is_some_and(|read| !read.too_late && !self.may_keep(read) && !self.may_join_ever(read)) {
                node.read = None;
            }
            // A late call about an entry that is gone changes nothing.
            if let Some(Request::Renew { registration, .. } | Request::Leave { registration }) = node.late {
                let gone = !matches!(state.store.list[number][usize::from(registration)], Entry::On { .. });
                if gone && self.protocol.has(Part::RegistrationsDiffer) {
                    node.late = None;
                }
            }
        }
        // Of a number of renewals only matters whether it is still the one that was seen, unless numbers can come back.
        if !self.protocol.has(Part::RegistrationsDiffer) {
            return;
        }
        for (number, entry) in state.store.list.iter_mut().flatten().enumerate() {
            for revoker in &mut state.revokers {
                let seen = &mut revoker.seen[number / REGISTRATIONS][number % REGISTRATIONS];
                *seen = match (*seen, *entry) {
                    (Some(seen), Entry::On { renewals, .. })
                        if seen == renewals || !self.protocol.has(Part::RenewalsCompared) =>
                    {
                        Some(0)
                    }
                    _ => None,
                };
            }
            if let Entry::On { renewals, .. } = entry {
                *renewals = 0;
            }
        }
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

    fn store_answers(&self, state: &mut State, number: usize) {
        let Some(request) = state.nodes[number].call.as_ref().map(|call| call.request) else { return };
        let answer = self.write(state, number, request);
        if let Some(call) = &mut state.nodes[number].call {
            call.progress = Progress::Answered(answer);
        }
    }

    /// What the primary does with a call.
    fn write(&self, state: &mut State, number: usize, request: Request) -> Answer {
        let position = state.store.position;
        match request {
            Request::Register { registration } => {
                *state.store.entry(number, registration) = Entry::On { applied: position, renewals: 0 };
                Answer::Registered { position }
            }
            Request::Renew { registration, applied } => {
                let entry = state.store.entry(number, registration);
                let Entry::On { renewals, .. } = *entry else { return Answer::NotListed };
                *entry = Entry::On { applied, renewals: renewals + 1 };
                let news = || state.store.log.iter().skip(usize::from(applied)).flatten();
                let names_session = news().any(|entry| *entry == Revocation::Session);
                Answer::Renewed { position, news: news().count() > 0, names_session }
            }
            Request::Leave { registration } => {
                *state.store.entry(number, registration) = Entry::Free;
                Answer::NotListed
            }
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
                node.registration = None;
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
        if store.any_node() && !(repeated && !self.protocol.has(Part::RepeatedWaits)) {
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
