//! The laws of stores: the memory store keeps them all, and stores with one flaw each are caught by the law for it.

mod flawed;

use os_session::testing::store_laws;
use os_session::{MemoryStore, connected};

use self::flawed::{Flaw, Flawed};

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
    store_laws(|clock| async { Flawed::new(clock, Flaw::None) }).await;
}

/// What the laws say of a store with this flaw.
async fn verdict(flaw: Flaw) -> String {
    let laws = tokio::spawn(store_laws(move |clock| async move { Flawed::new(clock, flaw) }));
    let panic = laws.await.expect_err(&format!("no law was broken by {flaw:?}")).into_panic();
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).expect("a panic has a text").to_owned()
}

macro_rules! caught {
    ($($test:ident: $flaw:ident by $law:ident;)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
        async fn $test() {
            let text = verdict(Flaw::$flaw).await;
            assert!(text.contains(stringify!($law)), "another law was the first to complain: {text}");
        }
    )*};
}

// `store_laws` panics at the first law that does not hold, with its name.
caught! {
    an_upsert_by_activity: UpsertsOnTouch by what_ended_is_not_brought_back;
    an_upsert_by_a_rotation: UpsertsOnRotate by what_ended_is_not_brought_back;
    a_key_that_is_inserted_over_another: OverwritesKeys by a_key_is_inserted_once;
    a_session_that_is_never_idle: IgnoresIdleness by a_session_ends_when_it_was_idle_too_long;
    an_absolute_end_that_activity_moves: MovesTheEnd by activity_lengthens_a_session_but_not_beyond_its_absolute_end;
    activity_that_is_not_written: ForgetsActivity by activity_lengthens_a_session_but_not_beyond_its_absolute_end;
    a_rotation_of_what_expired: RotatesTheExpired by an_expired_session_is_nothing_even_before_it_is_purged;
    a_rotation_that_keeps_the_old_key: KeepsTheOldKey by a_rotation_moves_the_session_to_the_new_key;
    a_session_that_is_told_to_have_ended_twice: TellsTwice by a_session_is_closed_once_however_many_try;
    a_handle_that_closes_other_users_sessions: ClosesOthersHandles by a_handle_closes_sessions_of_its_user_only;
    a_log_out_everywhere_of_everybody: ClosesEverybody by all_of_a_user_are_closed_and_nobody_elses;
    an_exception_that_is_forgotten: ClosesTheExceptionToo by all_of_a_user_are_closed_and_nobody_elses;
    a_list_of_everybodys_sessions: ListsEverybody by a_list_shows_the_users_live_sessions_latest_first;
    a_limit_that_is_forgotten: ForgetsTheLimit by the_limit_closes_the_least_recently_seen;
    a_limit_that_closes_the_latest: EvictsTheLatest by the_limit_closes_the_least_recently_seen;
    a_refusal_that_inserts_all_the_same: InsertsWhenFull by the_limit_that_refuses_changes_nothing;
    a_limit_that_is_checked_before_the_insertion: ChecksTheLimitBefore by the_limit_holds_under_parallel_log_ins;
    a_session_that_is_not_replaced: KeepsTheReplaced by the_limit_counts_only_what_stays;
    a_purge_of_the_living: PurgesTheLiving by a_purge_removes_what_expired_and_nothing_else;
    a_purge_that_takes_more_than_was_asked: PurgesAtOnce by a_purge_removes_what_expired_and_nothing_else;
    a_group_for_everybody: ForgetsWhoIsInAGroup by members_come_and_go;
    a_look_up_without_groups: FindsNoGroups by groups_are_read_with_the_session;
    a_quick_look_up_of_its_own_mind: FindsNothingAtOnce by what_is_inserted_is_found_until_it_is_closed;
}
