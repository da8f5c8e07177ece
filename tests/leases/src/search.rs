//! The search: breadth first, so that what it finds is as short as can be.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use stateright::{Checker, HasDiscoveries, Path, Property};

use crate::protocol::Protocol;
use crate::scenario::Scenario;
use crate::state::{Because, Entry, Node, Phase, Revocation, State};
use crate::steps::{Step, Steps};

/// The property that matters: no request is admitted that begins after a revocation has returned.
const SAFE: &str = "returned means revoked";

/// The protocol within bounds, as something to be searched.
#[derive(Debug, Clone, Copy)]
pub struct Model(pub Steps);

/// What a search found.
#[derive(Debug)]
pub struct Searched {
    /// How many states there are, or how many were looked at until the first request was admitted too late.
    pub states: usize,
    /// How long it took.
    pub time: Duration,
    /// How a request is admitted too late.
    pub counterexample: Option<Vec<(State, Option<Step>)>>,
    /// What came about of the things that should be [`POSSIBLE`].
    pub possible: BTreeSet<&'static str>,
}

/// Whether something is so in a state.
type Condition = fn(&Model, &State) -> bool;

/// What must be possible in a protocol that is of any use, and in a search that has looked everywhere.
pub const POSSIBLE: [(&str, Condition); 7] = [
    ("a request is admitted from memory", |_, state| state.nodes.iter().any(Node::admits)),
    ("a revocation returns because every node has applied it", |_, state| returned(state, Because::Applied)),
    ("a revocation returns because the time passed", |_, state| returned(state, Because::Time)),
    ("a revocation returns because there is nobody to wait for", |_, state| returned(state, Because::Nobody)),
    ("a dead node is taken off the list", |_, state| state.nodes.iter().any(|node| node.dead) && taken_off(state)),
    ("a node that was taken off comes back and admits from memory", |_, state| {
        let back = |node: usize| state.nodes[node].admits() && state.store.list[node].contains(&Entry::TakenOff);
        (0..state.nodes.len()).any(back)
    }),
    ("a node still admits while the revocation of the session waits", |_, state| {
        let waits =
            state.revokers.iter().any(|one| one.phase == Phase::Waiting && one.revocation == Revocation::Session);
        waits && state.nodes.iter().any(Node::admits)
    }),
];

impl Model {
    /// A protocol within bounds.
    #[must_use]
    pub fn new(protocol: Protocol, scenario: Scenario) -> Self {
        Self(Steps { protocol, scenario })
    }

    /// Looks at every state, or stops at the first request that is admitted too late.
    #[must_use]
    pub fn search(self) -> Searched {
        let start = Instant::now();
        // Without this it ends with the first of each property, before all states were seen.
        let checker = stateright::Model::checker(self).finish_when(HasDiscoveries::AnyFailures).spawn_bfs().join();
        let mut found = checker.discoveries();
        Searched {
            states: checker.unique_state_count(),
            time: start.elapsed(),
            counterexample: found.remove(SAFE).map(Path::into_vec),
            possible: found.into_keys().collect(),
        }
    }
}

impl stateright::Model for Model {
    type State = State;
    type Action = Step;

    fn init_states(&self) -> Vec<State> {
        vec![State::new(self.0.scenario.revocations, self.0.scenario.lost)]
    }

    fn actions(&self, state: &State, steps: &mut Vec<Step>) {
        self.0.possible(state, steps);
    }

    fn next_state(&self, state: &State, step: Step) -> Option<State> {
        Some(self.0.after(state, step))
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let safe = Property::always(SAFE, |_: &Self, state: &State| !state.is_unsafe());
        let possible = POSSIBLE.map(|(name, condition)| Property::sometimes(name, condition));
        [safe].into_iter().chain(possible).collect()
    }
}

fn returned(state: &State, because: Because) -> bool {
    state.revokers.iter().any(|revoker| revoker.phase == Phase::Returned(because))
}

fn taken_off(state: &State) -> bool {
    state.store.list.iter().flatten().any(|entry| *entry == Entry::TakenOff)
}
