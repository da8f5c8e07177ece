//! Random sequences of operations, on a store and on a model of it: every answer is compared.

mod check;
mod look_ups;
mod membership;
mod operations;
mod sessions;
mod slots;

use std::future::Future;

use os_session::MemoryStore;
use os_session::testing::Clock;
use proptest::collection::vec;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

use self::check::Run;
use self::operations::{Operation, operation};
use crate::backends::{Backend, Memory, Postgres, Redis, Sqlite};
use crate::flawed::{Flaw, Flawed, NoFlaw, browsers, ends, groups, life, limits, shared, slots as wrong_slots, values};

/// How many sequences are tried: `PROPTEST_CASES`, or this many.
fn config(cases: u32) -> Config {
    let asked_for = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    Config { cases: asked_for.unwrap_or(cases), failure_persistence: None, max_shrink_iters: 2000, ..Config::default() }
}

/// The shortest sequence found that the store answers otherwise than the model, and the answer.
fn refuted<B: Backend>(mut runner: TestRunner) -> Option<(Vec<Operation>, String)> {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let tried = runner.run(&vec(operation(), 1..60), |operations| {
        runtime.block_on(async {
            let clock = Clock::new();
            let mut run = Run::new(B::open(clock.clone()).await, clock);
            for operation in operations {
                run.step(&operation).await.map_err(TestCaseError::fail)?;
            }
            run.end().await.map_err(TestCaseError::fail)
        })
    });
    match tried {
        Ok(()) => None,
        Err(TestError::Fail(reason, operations)) => Some((operations, reason.to_string())),
        Err(TestError::Abort(reason)) => panic!("the sequences could not be tried: {reason}"),
    }
}

fn follows_the_model<B: Backend>(cases: u32) {
    if let Some((operations, reason)) = refuted::<B>(TestRunner::new(config(cases))) {
        panic!("{reason}, at the end of {operations:#?}");
    }
}

#[test]
fn the_memory_store_follows_the_model() {
    follows_the_model::<Memory>(500);
}

#[test]
fn the_sqlite_store_follows_the_model() {
    follows_the_model::<Sqlite>(40);
}

#[test]
fn the_postgres_store_follows_the_model() {
    follows_the_model::<Postgres>(16);
}

#[test]
fn the_redis_store_follows_the_model() {
    follows_the_model::<Redis>(40);
}

/// A store with a flaw, and another process beside it.
pub(crate) struct Wrong<F>([Flawed<F>; 2]);

impl<F: Flaw> Backend for Wrong<F> {
    type Store = Flawed<F>;

    fn open(clock: Clock) -> impl Future<Output = Self> {
        let store = Flawed::new(clock);
        std::future::ready(Self([store.beside(), store]))
    }

    fn handles(&self) -> [Flawed<F>; 2] {
        self.0.clone()
    }
}

#[test]
fn a_store_around_the_memory_store_follows_the_model() {
    follows_the_model::<Wrong<NoFlaw>>(100);
}

/// Four thousand sequences that are the same in every run: whether a flaw is noticed is no matter of luck.
fn same_every_time() -> TestRunner {
    let config = Config { cases: 4000, ..config(4000) };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

macro_rules! refuted {
    ($($test:ident: $($subject:ident::$flaw:ident)*;)*) => {$(
        #[test]
        fn $test() {
            $(
                let (operations, reason) = refuted::<Wrong<$subject::$flaw>>(same_every_time())
                    .expect(concat!("the model does not notice ", stringify!($flaw)));
                assert!(operations.len() <= 24, "{}: {reason} at the end of {operations:#?}", stringify!($flaw));
            )*
        }
    )*};
}

// What a shrunk counterexample says can be read: it is short.
refuted! {
    what_lives_too_long_is_refuted: life::UpsertsOnTouch life::UpsertsOnRotate life::IgnoresIdleness life::MovesTheEnd life::TellsTheEndForTheExpiry;
    what_is_found_under_a_wrong_key_is_refuted: life::KeepsTheOldKey life::FindsNothingAtOnce life::RotatesOverOthers;
    activity_that_is_lost_is_refuted: life::ForgetsActivity life::TouchesTheExpired life::AlwaysAuthenticates;
    a_wrong_limit_is_refuted: limits::ForgetsTheLimit limits::EvictsTheLatest limits::InsertsWhenFull limits::KeepsTheReplaced;
    a_wrong_end_is_refuted: ends::ClosesEverybody ends::ClosesTheExceptionToo ends::TellsTwice ends::PurgesTheLiving;
    a_purge_that_takes_too_many_is_refuted: ends::PurgesAtOnce ends::PurgesAllForNone ends::ListsEverybody;
    wrong_values_are_refuted: values::RoundsHandles;
    wrong_groups_are_refuted: groups::ForgetsWhoIsInAGroup groups::FindsNoGroups groups::RemembersGroups groups::RemovesFromAll;
    wrong_versions_are_refuted: wrong_slots::IgnoresWhatIsExpected wrong_slots::CountsVersionsFromOne;
    wrong_slots_are_refuted: wrong_slots::KeepsSlotsByKey wrong_slots::ForgetsTheTab wrong_slots::IgnoresTheCaseOfNames;
    wrong_limits_of_slots_are_refuted: wrong_slots::ForgetsTheLimitOfSlots;
    wrong_browsers_are_refuted: browsers::IgnoresIdleness browsers::ForgetsNothing;
    what_the_other_does_not_see_is_refuted: shared::CachesLookUps shared::CountsItsOwn shared::KnowsItsOwnMembers;
}

/// The memory store itself, so that what is refuted above is refuted for its flaw.
#[test]
fn an_empty_sequence_says_nothing() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let clock = Clock::new();
        let store = MemoryStore::with_clock(clock.clone());
        let run = Run::new(Memory([store.clone(), store]), clock);
        assert_eq!(run.end().await, Ok(()));
    });
}
