//! The laws of stores: the memory store keeps them all, and stores with one flaw each are caught by the law for it.

/// Stores with a flaw each, the law that catches it, and how it is asked.
macro_rules! caught {
    ($catch:ident by $verdict:ident: $($test:ident: $subject:ident::$flaw:ident by $law:ident;)*) => {
        pub(crate) const $catch: &[&str] = &[$(stringify!($law)),*];

        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $test() {
                let text = $verdict::<$subject::$flaw>(stringify!($law)).await;
                assert!(text.starts_with(concat!("the store breaks the law `", stringify!($law), "`")), "{text}");
            }
        )*
    };
}

mod backends;
mod flawed;
mod late;
mod model;
mod nodes;
mod nodes_laws;

use std::collections::BTreeSet;

use os_session::testing::{
    law_names, lease_law_names, news_law_names, shared_law_names, shared_store_law, shared_store_laws, store_law,
    store_laws,
};
use os_session::{MemoryStore, connected};
use tokio::task::JoinError;

use self::flawed::{Flaw, Flawed, NoFlaw, browsers, ends, groups, life, limits, shared, slots, values};

/// The laws of groups tell apart the groups that rules name.
#[connected(allow = "admin", deny = "banned")]
async fn _names_groups() {}

#[tokio::test]
async fn the_memory_store_keeps_the_laws() {
    store_laws(|clock| async { MemoryStore::with_clock(clock) }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_memory_store_keeps_the_laws_on_many_threads() {
    store_laws(|clock| async { MemoryStore::with_clock(clock) }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_handles_on_a_memory_store_keep_the_laws_of_shared_stores() {
    shared_store_laws(|clock| async {
        let store = MemoryStore::with_clock(clock);
        (store.clone(), store)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_sqlite_store_keeps_the_laws() {
    let folder = tempfile::tempdir().unwrap();
    let files = std::sync::atomic::AtomicUsize::new(0);
    store_laws(|clock| {
        let file = folder.path().join(files.fetch_add(1, std::sync::atomic::Ordering::Relaxed).to_string());
        async move { os_session::SqliteStore::builder().clock(clock).open(file).await.unwrap() }
    })
    .await;
}

/// A store that is made around the memory store, by others, is held to the same laws and keeps them.
#[tokio::test]
async fn a_store_around_the_memory_store_keeps_the_laws() {
    store_laws(|clock| async { Flawed::<NoFlaw>::new(clock) }).await;
    shared_store_laws(|clock| async { pair::<NoFlaw>(Flawed::new(clock)) }).await;
}

fn pair<F: Flaw>(store: Flawed<F>) -> (Flawed<F>, Flawed<F>) {
    (store.beside(), store)
}

/// What a law says of a store with this flaw.
async fn verdict<F: Flaw>(law: &'static str) -> String {
    let checking = if law_names().contains(&law) {
        tokio::spawn(store_law(law, |clock| async { Flawed::<F>::new(clock) }))
    } else {
        tokio::spawn(shared_store_law(law, |clock| async { pair::<F>(Flawed::new(clock)) }))
    };
    text_of_panic(checking.await, law)
}

/// What a law that was broken says.
fn text_of_panic(checked: Result<(), JoinError>, law: &str) -> String {
    let Err(panic) = checked else { panic!("the law `{law}` is not broken") };
    let panic = panic.into_panic();
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).expect("a panic has a text").to_owned()
}

/// A law that no flaw breaks may say nothing.
#[test]
fn each_law_catches_a_flaw() {
    let catch: BTreeSet<_> = CATCH.iter().chain(nodes_laws::CATCH).copied().collect();
    let names = [law_names(), shared_law_names(), news_law_names(), lease_law_names()];
    let laws: BTreeSet<_> = names.into_iter().flatten().collect();
    assert_eq!(laws, catch);
}

caught! { CATCH by verdict:
    a_quick_look_up_of_its_own_mind: life::FindsNothingAtOnce by what_is_inserted_is_found_until_it_is_closed;
    a_key_that_is_adopted: life::AdoptsUnknownKeys by a_key_that_was_never_inserted_is_nothing;
    a_key_that_is_inserted_over_another: life::OverwritesKeys by a_key_is_inserted_once;
    a_replacement_before_the_key_is_looked_at: life::ReplacesBeforeItLooks by a_taken_key_changes_nothing;
    the_end_told_for_the_expiry: life::TellsTheEndForTheExpiry by what_is_inserted_is_found_until_it_is_closed;
    a_session_that_is_never_idle: life::IgnoresIdleness by a_session_ends_when_it_was_idle_too_long;
    an_absolute_end_that_activity_moves: life::MovesTheEnd by activity_lengthens_a_session_but_not_beyond_its_absolute_end;
    activity_that_is_not_written: life::ForgetsActivity by activity_lengthens_a_session_but_not_beyond_its_absolute_end;
    activity_of_all_at_once: life::TouchesAll by activity_is_of_one_session;
    an_upsert_by_activity: life::UpsertsOnTouch by what_ended_is_not_brought_back;
    an_upsert_by_a_rotation: life::UpsertsOnRotate by what_ended_is_not_brought_back;
    a_list_of_what_expired: life::ListsTheExpired by an_expired_session_is_nothing_even_before_it_is_purged;
    activity_of_what_expired: life::TouchesTheExpired by an_expired_session_is_nothing_even_before_it_is_purged;
    a_rotation_of_what_expired: life::RotatesTheExpired by an_expired_session_is_nothing_even_before_it_is_purged;
    a_limit_that_counts_what_expired: life::CountsTheExpired by an_expired_session_is_nothing_even_before_it_is_purged;
    an_expired_session_that_was_closed: ends::CallsTheExpiredClosed by an_expired_session_is_nothing_even_before_it_is_purged;

    moments_in_seconds: values::KeepsSeconds by moments_are_kept_to_the_millisecond;
    a_lifetime_that_overflows: values::OverflowsLifetimes by a_lifetime_may_be_as_long_as_any_duration;
    a_handle_that_is_rounded: values::RoundsHandles by a_handle_may_be_any_number;
    an_empty_device_that_is_none: values::TakesEmptyForNone by a_device_is_kept_as_it_was_given;
    users_without_their_case: values::IgnoresCase by users_are_told_apart_by_every_byte;
    groups_as_numbers: values::ComparesGroupsAsNumbers by groups_are_told_apart_by_every_byte;
    users_up_to_a_nul: values::CutsAtNul by what_is_not_kept_whole_is_refused;

    a_rotation_that_keeps_the_old_key: life::KeepsTheOldKey by a_rotation_moves_the_session_to_the_new_key;
    a_rotation_that_is_activity: life::SeesOnRotate by a_rotation_changes_nothing_else;
    a_rotation_that_loses_the_device: values::ForgetsTheDevice by a_rotation_changes_nothing_else;
    a_rotation_that_always_authenticates: life::AlwaysAuthenticates by a_rotation_says_when_the_user_was_authenticated;
    a_rotation_over_another_session: life::RotatesOverOthers by a_rotation_onto_a_taken_key_changes_nothing;
    a_replacement_by_its_key_alone: life::ReplacesByKeyAlone by a_log_in_replaces_the_session_that_it_names_under_whichever_key;
    a_rotation_that_deletes_its_old_key: life::DeletesTheOldKey by a_rotation_onto_its_own_key_loses_nothing;
    an_old_key_that_is_followed: life::FollowsOldKeys by a_key_is_rotated_once;

    a_session_that_is_told_to_have_ended_twice: ends::TellsTwice by a_session_is_closed_once_however_many_try;
    a_handle_that_closes_other_users_sessions: ends::ClosesOthersHandles by a_handle_closes_sessions_of_its_user_only;
    a_handle_that_closes_once: ends::ClosesAHandleOnce by a_handle_may_be_given_again;
    a_log_out_everywhere_of_everybody: ends::ClosesEverybody by all_of_a_user_are_closed_and_nobody_elses;
    an_exception_that_is_forgotten: ends::ClosesTheExceptionToo by all_of_a_user_are_closed_and_nobody_elses;
    a_log_out_of_a_hundred: ends::ClosesAHundred by many_are_closed_at_once;
    an_end_that_nobody_is_told: ends::ForgetsToTellTheExpired by what_expired_is_told_once_whoever_removes_it;

    a_list_of_everybodys_sessions: ends::ListsEverybody by a_list_shows_the_users_live_sessions_latest_first;
    a_list_with_ties_backwards: ends::ListsTiesBackwards by of_sessions_seen_together_the_latest_opened_is_listed_first;

    a_limit_that_is_forgotten: limits::ForgetsTheLimit by the_limit_closes_the_least_recently_seen;
    a_limit_that_closes_the_latest: limits::EvictsTheLatest by the_limit_closes_the_least_recently_seen;
    a_limit_with_ties_backwards: limits::EvictsTiesBackwards by of_sessions_seen_together_the_first_opened_is_closed;
    a_refusal_that_inserts_all_the_same: limits::InsertsWhenFull by the_limit_that_refuses_changes_nothing;
    a_refusal_that_replaces: limits::ReplacesWhenFull by the_limit_that_refuses_changes_nothing;
    a_session_that_is_not_replaced: limits::KeepsTheReplaced by the_limit_counts_only_what_stays;
    a_limit_for_everybody_together: limits::CountsEverybody by the_limit_counts_the_sessions_of_that_user;
    a_limit_that_is_checked_before_the_insertion: limits::ChecksTheLimitBefore by the_limit_holds_under_parallel_log_ins;
    another_users_session_that_stays: limits::ReplacesOnlyOwn by a_session_takes_the_place_of_another_in_one_step;
    an_expired_session_that_was_replaced: ends::CallsTheExpiredReplaced by what_expired_is_not_replaced;

    a_purge_of_the_living: ends::PurgesTheLiving by a_purge_removes_what_expired_and_nothing_else;
    a_purge_that_takes_more_than_was_asked: ends::PurgesAtOnce by a_purge_removes_what_expired_and_nothing_else;
    a_purge_of_all_for_none: ends::PurgesAllForNone by a_purge_of_none_removes_none;
    a_purge_that_stops_early: ends::PurgesHalfABatch by many_are_purged_in_batches;
    a_purge_in_two_steps: ends::PurgesInTwoSteps by purges_and_log_ins_at_once_tell_each_end_once;

    groups_backwards: groups::ListsGroupsBackwards by groups_are_created_once_and_listed_in_order;
    a_group_for_everybody: groups::ForgetsWhoIsInAGroup by members_come_and_go;
    a_member_that_leaves_all: groups::RemovesFromAll by a_membership_is_of_one_user_and_one_group;
    a_look_up_without_groups: groups::FindsNoGroups by groups_are_read_with_the_session;
    a_look_up_with_the_groups_of_yesterday: groups::RemembersGroups by groups_are_read_with_the_session;
    a_membership_that_ends_with_the_session: groups::DeletesMembersWithSessions by membership_outlives_the_sessions;

    a_rotation_that_reads_and_writes_back: life::WritesBack by of_parallel_rotations_one_wins;
    a_rotation_of_what_was_closed_meanwhile: life::WritesBack by a_rotation_or_a_log_out_wins_never_both;
    activity_that_reads_and_writes_back: life::WritesBack by parallel_activity_revives_nothing;
    a_log_out_that_tells_what_it_listed: ends::TellsWhatItListed by a_log_out_everywhere_among_log_ins_tells_each_end_once;

    a_log_in_in_two_steps: limits::InsertsInTwoSteps by a_dropped_log_in_is_done_or_undone;
    a_log_out_in_steps: ends::ClosesInSteps by a_dropped_log_out_is_done_or_undone;
    a_rotation_in_two_steps: life::RotatesInTwoSteps by a_dropped_rotation_is_done_or_undone;

    a_slot_that_is_never_empty: slots::FindsEmptyForNone by a_slot_holds_what_was_written_until_it_is_removed;
    a_write_over_whatever_is_there: slots::IgnoresWhatIsExpected by a_slot_is_written_if_it_holds_what_is_expected;
    versions_that_begin_again: slots::CountsVersionsFromOne by a_version_is_used_once;
    values_up_to_a_nul: slots::CutsValuesAtNul by a_value_is_kept_to_the_byte;
    an_empty_value_that_is_none: slots::TakesEmptyForRemoval by a_value_is_kept_to_the_byte;
    names_of_slots_without_their_case: slots::IgnoresTheCaseOfNames by names_of_slots_are_told_apart_by_every_byte;
    tabs_that_are_one: slots::ForgetsTheTab by a_slot_is_of_one_owner_and_of_one_tab;
    a_slot_that_a_later_session_finds: slots::KeepsSlotsByKey by a_slot_of_a_session_ends_with_it;
    a_slot_that_the_new_token_does_not_find: slots::KeepsSlotsByKey by slots_of_a_session_survive_a_new_token;
    a_write_for_nobody: slots::SaysThatItWrote by a_write_for_no_live_session_writes_nothing;
    a_write_that_is_activity: slots::SeesOnWrite by a_slot_is_no_activity_of_its_session;
    slots_of_a_user_that_a_log_out_removes: slots::EndsSlotsOfUsers by slots_of_a_user_outlive_the_sessions;
    slots_without_a_limit: slots::ForgetsTheLimitOfSlots by the_limit_of_slots_refuses_one_more;
    tabs_without_a_limit: slots::ForgetsTheLimitOfTabs by the_limit_of_tabs_removes_the_one_least_recently_written;
    room_for_a_tab_that_is_refused: slots::MakesRoomBefore by a_write_that_is_refused_removes_no_tab;
    a_limit_of_slots_that_is_checked_before: slots::CountsBeforeItWrites by the_limits_hold_under_parallel_writes;
    increments_that_are_lost: slots::ComparesBeforeItWrites by parallel_increments_all_survive;
    first_writes_that_all_win: slots::ComparesBeforeItWrites by of_parallel_first_writes_one_wins;
    a_late_write_that_a_later_session_finds: slots::KeepsSlotsByKey by a_write_among_log_outs_leaves_nothing_behind;
    a_write_in_two_steps: slots::MakesRoomBefore by a_dropped_write_is_done_or_undone;

    a_browser_that_nobody_asked_for: browsers::MakesABrowserUnasked by a_browser_is_made_by_the_write_of_a_value_and_by_nothing_else;
    a_browser_that_a_read_keeps_alive: browsers::SeesOnRead by a_browser_lives_until_it_was_not_seen_for_long;
    a_browser_that_comes_back_by_any_write: browsers::TakesAnyWriteForTheCookie by a_browser_lives_shortly_until_its_cookie_has_come_back;
    a_browser_that_came_back_and_makes_room: browsers::EvictsTheLeastRecentlySeen by browsers_that_never_came_back_make_room_first;
    browsers_without_number: browsers::EvictsNone by of_parallel_browsers_as_many_are_kept_as_have_room;
    a_browser_that_is_never_idle: browsers::IgnoresIdleness by an_expired_browser_is_nothing_even_before_it_is_purged;
    slots_that_another_key_loses: browsers::LosesSlotsOnRotation by a_browser_keeps_its_slots_under_another_key;
    a_browser_that_takes_the_place_of_another: browsers::RotatesOverOthers by a_browser_is_not_rotated_onto_another;
    a_browser_that_is_rotated_twice: browsers::SaysThatItRotated by of_parallel_rotations_of_a_browser_one_wins;
    a_browser_that_is_made_twice: browsers::MakesItAnew by parallel_writes_make_one_browser;
    a_browser_that_is_not_forgotten: browsers::ForgetsNothing by a_browser_is_forgotten_with_its_slots;
    a_browser_of_an_earlier_session: browsers::KnowsTheFirstSession by browsers_are_forgotten_by_the_session_that_is_open_in_them;
    expired_browsers_that_stay: browsers::PurgesNoBrowser by a_purge_removes_expired_browsers_and_tells_of_none;
    live_browsers_that_are_purged: browsers::PurgesLiveBrowsers by a_purge_removes_expired_browsers_and_tells_of_none;

    a_log_in_that_the_other_does_not_see: shared::CachesLookUps by a_log_in_is_known_to_both;
    a_log_out_that_the_other_does_not_see: shared::CachesLookUps by a_log_out_is_obeyed_by_both;
    a_log_out_everywhere_that_the_other_does_not_see: shared::CachesLookUps by a_log_out_everywhere_is_obeyed_by_both;
    a_new_token_that_the_other_does_not_see: shared::CachesLookUps by a_new_token_is_obeyed_by_both;
    activity_that_the_other_does_not_see: shared::CachesLookUps by activity_counts_for_both;
    a_limit_for_each_process: shared::CountsItsOwn by the_limit_holds_over_both;
    members_that_the_other_does_not_know: shared::KnowsItsOwnMembers by groups_are_the_same_for_both;
    an_end_that_each_process_is_told: shared::TellsEachProcess by a_session_is_closed_once_by_both;
    an_expiry_that_each_process_is_told: shared::TellsEachProcess by what_expired_is_told_once_by_both;
    a_slot_that_the_other_does_not_see: shared::CachesSlots by a_slot_is_the_same_for_both;
    a_slot_that_the_other_still_sees: shared::CachesSlots by slots_end_with_their_session_for_both;
    increments_that_each_process_compares_before: slots::ComparesBeforeItWrites by increments_by_both_all_survive;
    a_browser_that_the_other_still_sees: shared::CachesSlots by a_browser_is_the_same_for_both;
}
