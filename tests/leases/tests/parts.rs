//! Every part of the protocol is necessary: without it, a request is admitted that begins after a revocation has returned.

use os_session_leases::{Model, Part, Protocol, SCENARIOS};

fn is_necessary(part: Part) {
    let search = |scenario| Model::new(Protocol::without(part), scenario).search().counterexample;
    let path = SCENARIOS.into_iter().find_map(search);
    let path = path.unwrap_or_else(|| panic!("nothing goes wrong without {part:?}"));
    assert!(path.last().is_some_and(|(state, _)| state.is_unsafe()), "{part:?}");
}

macro_rules! parts {
    ($($test:ident: $part:ident,)*) => {
        $(
            #[test]
            fn $test() {
                is_necessary(Part::$part);
            }
        )*

        #[test]
        fn each_is_tested() {
            assert_eq!([$(Part::$part),*], Part::ALL);
        }
    };
}

parts! {
    lease_counts_from_sending: LeaseCountsFromSending,
    applied_before_extended: AppliedBeforeExtended,
    not_kept_after_revocation: NotKeptAfterRevocation,
    not_kept_after_registration: NotKeptAfterRegistration,
    joined_under_lease: JoinedUnderLease,
    positions_in_order: PositionsInOrder,
    revoker_waits: RevokerWaits,
    waits_longer: WaitsLonger,
    clock_runs_while_paused: ClockRunsWhilePaused,
    registration_excludes: RegistrationExcludes,
    renewals_compared: RenewalsCompared,
    memory_emptied: MemoryEmptied,
    cut_below_applied: CutBelowApplied,
    primary_answers: PrimaryAnswers,
    overtaken_not_joined: OvertakenNotJoined,
    counted_before_wait: CountedBeforeWait,
    registrations_differ: RegistrationsDiffer,
    repeated_waits: RepeatedWaits,
    loss_noticed: LossNoticed,
    listed_until_it_leaves: ListedUntilItLeaves,
    lease_ends_unknown: LeaseEndsUnknown,
}
