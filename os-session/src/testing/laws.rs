//! The contract of [`Store`], as checks that any implementation has to pass.

mod browsers;
mod closing;
mod dropped;
mod ear;
mod groups;
mod lab;
mod lease_lab;
mod leases;
mod life;
mod limit;
mod list;
mod news;
mod parallel;
mod purge;
mod rotation;
mod shared;
mod slot_lab;
mod slot_limits;
mod slots;
mod slots_at_once;
mod values;

use std::any::Any;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;

use futures_util::FutureExt as _;

use self::lab::Lab;
use self::lease_lab::LeaseLab;
use self::news::Nodes;
use self::shared::Pair;
use crate::clock::Clock;
use crate::lease::LeaseStore;
use crate::store::Store;

/// Checks the whole contract of [`Store`] against an implementation.
///
/// `make` is called once for each law, and makes an empty store whose time is the given clock's: one that asks a database for the
/// time adds [`Clock::turned`] to the answer.
///
/// Groups are told apart as far as rules of the binary name them, so a test of a store declares one handler with a rule.
///
/// ```
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use os_session::MemoryStore;
/// use os_session::testing::store_laws;
///
/// store_laws(|clock| async { MemoryStore::with_clock(clock) }).await;
/// # });
/// ```
///
/// # Panics
///
/// At the first law that does not hold, with its name.
pub async fn store_laws<F, Fut>(make: F)
where
    F: Fn(Clock) -> Fut,
    Fut: Future<Output: Store>,
{
    for (name, law) in LAWS {
        keep(name, *law, &make).await;
    }
}

/// Checks one law of [`store_laws`], by its name: for the search after what broke it.
///
/// ```
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use os_session::MemoryStore;
/// use os_session::testing::store_law;
///
/// store_law("a_key_is_inserted_once", |clock| async { MemoryStore::with_clock(clock) }).await;
/// # });
/// ```
///
/// # Panics
///
/// If the law does not hold, and if there is none of that name.
pub async fn store_law<F, Fut>(name: &str, make: F)
where
    F: Fn(Clock) -> Fut,
    Fut: Future<Output: Store>,
{
    keep(name, named(name, LAWS), &make).await;
}

/// The names of the laws, in the order in which [`store_laws`] checks them.
///
/// ```
/// assert!(os_session::testing::law_names().contains(&"a_key_is_inserted_once"));
/// ```
#[must_use]
pub fn law_names() -> Vec<&'static str> {
    LAWS.iter().map(|(name, _)| *name).collect()
}

/// Checks what a store has to keep that several processes share, beside [`store_laws`]: what is done through one handle,
/// the other obeys at once.
///
/// `make` is called once for each law, and makes two handles on one empty store, as two processes would have them: each with
/// its own connections and caches. The clock is told as for [`store_laws`].
///
/// ```
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use os_session::MemoryStore;
/// use os_session::testing::shared_store_laws;
///
/// shared_store_laws(|clock| async {
///     let store = MemoryStore::with_clock(clock);
///     (store.clone(), store)
/// })
/// .await;
/// # });
/// ```
///
/// # Panics
///
/// At the first law that does not hold, with its name.
pub async fn shared_store_laws<F, Fut, A, B>(make: F)
where
    F: Fn(Clock) -> Fut,
    Fut: Future<Output = (A, B)>,
    A: Store,
    B: Store,
{
    for (name, law) in SHARED_LAWS {
        keep_shared(name, *law, &make).await;
    }
}

/// Checks one law of [`shared_store_laws`], by its name.
///
/// ```
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use os_session::MemoryStore;
/// use os_session::testing::{shared_law_names, shared_store_law};
///
/// for name in shared_law_names() {
///     shared_store_law(name, |clock| async {
///         let store = MemoryStore::with_clock(clock);
///         (store.clone(), store)
///     })
///     .await;
/// }
/// # });
/// ```
///
/// # Panics
///
/// If the law does not hold, and if there is none of that name.
pub async fn shared_store_law<F, Fut, A, B>(name: &str, make: F)
where
    F: Fn(Clock) -> Fut,
    Fut: Future<Output = (A, B)>,
    A: Store,
    B: Store,
{
    keep_shared(name, named(name, SHARED_LAWS), &make).await;
}

/// The names of the laws that [`shared_store_laws`] checks, in their order.
///
/// ```
/// assert!(!os_session::testing::shared_law_names().is_empty());
/// ```
#[must_use]
pub fn shared_law_names() -> Vec<&'static str> {
    SHARED_LAWS.iter().map(|(name, _)| *name).collect()
}

/// Checks that a store [tells](Store::listen) one node what another does, beside [`shared_store_laws`]: what is changed through one handle is told to
/// the other, and the first knows that it did it itself.
///
/// `make` is called once for each law, and makes two handles on one empty store, as two processes would have them. The clock is told as for
/// [`store_laws`].
///
/// ```no_run
/// # use os_session::{Store, testing::Clock};
/// # trait Twice: Store + Clone { async fn twice(clock: Clock) -> (Self, Self); }
/// # async fn check<MyStore: Twice>() {
/// use os_session::testing::news_laws;
///
/// news_laws(|clock| async { MyStore::twice(clock).await }).await;
/// # }
/// ```
///
/// # Panics
///
/// At the first law that does not hold, with its name.
pub async fn news_laws<F, Fut, A, B>(make: F)
where
    F: Fn(Clock) -> Fut,
    Fut: Future<Output = (A, B)>,
    A: Store + Clone,
    B: Store + Clone,
{
    for (name, law) in NEWS_LAWS {
        keep_news(name, *law, &make).await;
    }
}

/// Checks one law of [`news_laws`], by its name.
///
/// ```no_run
/// # use os_session::{Store, testing::Clock};
/// # trait Twice: Store + Clone { async fn twice(clock: Clock) -> (Self, Self); }
/// # async fn check<MyStore: Twice>() {
/// use os_session::testing::news_law;
///
/// news_law("a_log_out_is_told", |clock| async { MyStore::twice(clock).await }).await;
/// # }
/// ```
///
/// # Panics
///
/// If the law does not hold, and if there is none of that name.
pub async fn news_law<F, Fut, A, B>(name: &str, make: F)
where
    F: Fn(Clock) -> Fut,
    Fut: Future<Output = (A, B)>,
    A: Store + Clone,
    B: Store + Clone,
{
    keep_news(name, named(name, NEWS_LAWS), &make).await;
}

/// The names of the laws that [`news_laws`] checks, in their order.
///
/// ```
/// assert!(os_session::testing::news_law_names().contains(&"a_log_out_is_told"));
/// ```
#[must_use]
pub fn news_law_names() -> Vec<&'static str> {
    NEWS_LAWS.iter().map(|(name, _)| *name).collect()
}

/// Checks the contract of [`LeaseStore`], beside [`shared_store_laws`]: what is taken away is logged, and whoever took it away waits for the nodes.
///
/// `make` is called once for each law, and makes two handles on one empty store, as two processes would have them. The clock is told as for
/// [`store_laws`].
///
/// ```no_run
/// # use os_session::{LeaseStore, testing::Clock};
/// # trait Twice: LeaseStore + Clone { async fn twice(clock: Clock) -> (Self, Self); }
/// # async fn check<MyStore: Twice>() {
/// use os_session::testing::lease_laws;
///
/// lease_laws(|clock| async { MyStore::twice(clock).await }).await;
/// # }
/// ```
///
/// # Panics
///
/// At the first law that does not hold, with its name.
pub async fn lease_laws<F, Fut, A, B>(make: F)
where
    F: Fn(Clock) -> Fut,
    Fut: Future<Output = (A, B)>,
    A: LeaseStore + Clone,
    B: LeaseStore + Clone,
{
    for (name, law) in LEASE_LAWS {
        keep_leases(name, *law, &make).await;
    }
}

/// Checks one law of [`lease_laws`], by its name.
///
/// ```no_run
/// # use os_session::{LeaseStore, testing::Clock};
/// # trait Twice: LeaseStore + Clone { async fn twice(clock: Clock) -> (Self, Self); }
/// # async fn check<MyStore: Twice>() {
/// use os_session::testing::lease_law;
///
/// lease_law("a_log_out_waits_until_it_is_applied", |clock| async { MyStore::twice(clock).await }).await;
/// # }
/// ```
///
/// # Panics
///
/// If the law does not hold, and if there is none of that name.
pub async fn lease_law<F, Fut, A, B>(name: &str, make: F)
where
    F: Fn(Clock) -> Fut,
    Fut: Future<Output = (A, B)>,
    A: LeaseStore + Clone,
    B: LeaseStore + Clone,
{
    keep_leases(name, named(name, LEASE_LAWS), &make).await;
}

/// The names of the laws that [`lease_laws`] checks, in their order.
///
/// ```
/// assert!(os_session::testing::lease_law_names().contains(&"a_log_out_waits_until_it_is_applied"));
/// ```
#[must_use]
pub fn lease_law_names() -> Vec<&'static str> {
    LEASE_LAWS.iter().map(|(name, _)| *name).collect()
}

type Law<L> = fn(L) -> Pin<Box<dyn Future<Output = ()> + Send>>;

fn named<L>(wanted: &str, laws: &[(&'static str, Law<L>)]) -> Law<L> {
    let law = laws.iter().find(|(name, _)| *name == wanted);
    law.unwrap_or_else(|| panic!("there is no law `{wanted}`")).1
}

async fn keep<F, Fut>(name: &str, law: Law<Lab>, make: &F)
where
    F: Fn(Clock) -> Fut,
    Fut: Future<Output: Store>,
{
    let clock = Clock::new();
    let store = Arc::new(make(clock.clone()).await);
    report(name, AssertUnwindSafe(law(Lab { store, clock })).catch_unwind().await);
}

async fn keep_shared<F, Fut, A, B>(name: &str, law: Law<Pair>, make: &F)
where
    F: Fn(Clock) -> Fut,
    Fut: Future<Output = (A, B)>,
    A: Store,
    B: Store,
{
    let clock = Clock::new();
    let (one, other) = make(clock.clone()).await;
    let pair =
        Pair { one: Lab { store: Arc::new(one), clock: clock.clone() }, other: Lab { store: Arc::new(other), clock } };
    report(name, AssertUnwindSafe(law(pair)).catch_unwind().await);
}

async fn keep_news<F, Fut, A, B>(name: &str, law: Law<Nodes>, make: &F)
where
    F: Fn(Clock) -> Fut,
    Fut: Future<Output = (A, B)>,
    A: Store + Clone,
    B: Store,
{
    let clock = Clock::new();
    let (one, other) = make(clock.clone()).await;
    let nodes = Nodes {
        same: Lab { store: Arc::new(one.clone()), clock: clock.clone() },
        one: Lab { store: Arc::new(one), clock: clock.clone() },
        other: Lab { store: Arc::new(other), clock },
    };
    report(name, AssertUnwindSafe(law(nodes)).catch_unwind().await);
}

async fn keep_leases<F, Fut, A, B>(name: &str, law: Law<LeaseLab>, make: &F)
where
    F: Fn(Clock) -> Fut,
    Fut: Future<Output = (A, B)>,
    A: LeaseStore,
    B: LeaseStore,
{
    let clock = Clock::new();
    let (one, other) = make(clock.clone()).await;
    let list = Arc::new(other);
    let lab = LeaseLab {
        one: Lab { store: Arc::new(one), clock: clock.clone() },
        other: Lab { store: list.clone(), clock },
        list,
    };
    report(name, AssertUnwindSafe(law(lab)).catch_unwind().await);
}

fn report(name: &str, outcome: Result<(), Box<dyn Any + Send>>) {
    if let Err(broken) = outcome {
        let text = broken.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| broken.downcast_ref::<&str>().copied()).unwrap_or("it panicked");
        panic!("the store breaks the law `{name}`: {text}");
    }
}

macro_rules! laws {
    ($list:ident of $lab:ident: $($subject:ident { $($law:ident,)* })*) => {
        const $list: &[(&str, Law<$lab>)] = &[$($((stringify!($law), |lab| Box::pin($subject::$law(lab))),)*)*];
    };
}

laws! { LAWS of Lab:
    life {
        what_is_inserted_is_found_until_it_is_closed,
        a_key_that_was_never_inserted_is_nothing,
        a_key_is_inserted_once,
        a_taken_key_changes_nothing,
        a_session_ends_when_it_was_idle_too_long,
        activity_lengthens_a_session_but_not_beyond_its_absolute_end,
        activity_is_of_one_session,
        what_ended_is_not_brought_back,
        an_expired_session_is_nothing_even_before_it_is_purged,
    }
    values {
        moments_are_kept_to_the_millisecond,
        a_lifetime_may_be_as_long_as_any_duration,
        a_handle_may_be_any_number,
        a_device_is_kept_as_it_was_given,
        users_are_told_apart_by_every_byte,
        groups_are_told_apart_by_every_byte,
        what_is_not_kept_whole_is_refused,
    }
    rotation {
        a_rotation_moves_the_session_to_the_new_key,
        a_rotation_changes_nothing_else,
        a_rotation_says_when_the_user_was_authenticated,
        a_rotation_onto_a_taken_key_changes_nothing,
        a_rotation_onto_its_own_key_loses_nothing,
        a_log_in_replaces_the_session_that_it_names_under_whichever_key,
        a_key_is_rotated_once,
    }
    closing {
        a_session_is_closed_once_however_many_try,
        a_handle_closes_sessions_of_its_user_only,
        a_handle_may_be_given_again,
        all_of_a_user_are_closed_and_nobody_elses,
        many_are_closed_at_once,
        what_expired_is_told_once_whoever_removes_it,
    }
    list {
        a_list_shows_the_users_live_sessions_latest_first,
        of_sessions_seen_together_the_latest_opened_is_listed_first,
    }
    limit {
        the_limit_closes_the_least_recently_seen,
        of_sessions_seen_together_the_first_opened_is_closed,
        the_limit_that_refuses_changes_nothing,
        the_limit_counts_only_what_stays,
        the_limit_counts_the_sessions_of_that_user,
        the_limit_holds_under_parallel_log_ins,
        a_session_takes_the_place_of_another_in_one_step,
        what_expired_is_not_replaced,
    }
    purge {
        a_purge_removes_what_expired_and_nothing_else,
        a_purge_of_none_removes_none,
        many_are_purged_in_batches,
        purges_and_log_ins_at_once_tell_each_end_once,
    }
    groups {
        groups_are_created_once_and_listed_in_order,
        members_come_and_go,
        a_membership_is_of_one_user_and_one_group,
        groups_are_read_with_the_session,
        membership_outlives_the_sessions,
    }
    parallel {
        of_parallel_rotations_one_wins,
        a_rotation_or_a_log_out_wins_never_both,
        parallel_activity_revives_nothing,
        a_log_out_everywhere_among_log_ins_tells_each_end_once,
    }
    dropped {
        a_dropped_log_in_is_done_or_undone,
        a_dropped_log_out_is_done_or_undone,
        a_dropped_rotation_is_done_or_undone,
    }
    slots {
        a_slot_holds_what_was_written_until_it_is_removed,
        a_slot_is_written_if_it_holds_what_is_expected,
        a_version_is_used_once,
        a_value_is_kept_to_the_byte,
        names_of_slots_are_told_apart_by_every_byte,
        a_slot_is_of_one_owner_and_of_one_tab,
        a_slot_of_a_session_ends_with_it,
        slots_of_a_session_survive_a_new_token,
        a_write_for_no_live_session_writes_nothing,
        a_slot_is_no_activity_of_its_session,
        slots_of_a_user_outlive_the_sessions,
    }
    slot_limits {
        the_limit_of_slots_refuses_one_more,
        the_limit_of_tabs_removes_the_one_least_recently_written,
        a_write_that_is_refused_removes_no_tab,
        the_limits_hold_under_parallel_writes,
    }
    slots_at_once {
        parallel_increments_all_survive,
        of_parallel_first_writes_one_wins,
        a_write_among_log_outs_leaves_nothing_behind,
        a_dropped_write_is_done_or_undone,
    }
    browsers {
        a_browser_is_made_by_the_write_of_a_value_and_by_nothing_else,
        a_browser_lives_until_it_was_not_seen_for_long,
        a_browser_lives_shortly_until_its_cookie_has_come_back,
        browsers_that_never_came_back_make_room_first,
        of_parallel_browsers_as_many_are_kept_as_have_room,
        an_expired_browser_is_nothing_even_before_it_is_purged,
        a_browser_keeps_its_slots_under_another_key,
        a_browser_is_not_rotated_onto_another,
        of_parallel_rotations_of_a_browser_one_wins,
        parallel_writes_make_one_browser,
        a_browser_is_forgotten_with_its_slots,
        browsers_are_forgotten_by_the_session_that_is_open_in_them,
        a_purge_removes_expired_browsers_and_tells_of_none,
    }
}

laws! { SHARED_LAWS of Pair:
    shared {
        a_log_in_is_known_to_both,
        a_log_out_is_obeyed_by_both,
        a_log_out_everywhere_is_obeyed_by_both,
        a_new_token_is_obeyed_by_both,
        activity_counts_for_both,
        the_limit_holds_over_both,
        groups_are_the_same_for_both,
        a_session_is_closed_once_by_both,
        what_expired_is_told_once_by_both,
        a_slot_is_the_same_for_both,
        slots_end_with_their_session_for_both,
        increments_by_both_all_survive,
        a_browser_is_the_same_for_both,
    }
}

laws! { NEWS_LAWS of Nodes:
    news {
        a_store_that_nodes_share_says_so,
        a_store_that_listens_says_so,
        whoever_listens_again_is_told,
        what_changes_nothing_for_others_is_not_told,
        a_log_out_is_told,
        a_new_token_is_told,
        what_a_log_in_closes_is_told,
        a_log_out_everywhere_is_told,
        a_change_of_groups_is_told_once,
        what_is_published_is_told,
        many_ends_at_once_are_told,
        what_a_node_does_itself_is_told_as_its_own,
        what_a_clone_does_is_told_as_the_nodes_own,
    }
}

laws! { LEASE_LAWS of LeaseLab:
    leases {
        what_takes_nothing_away_is_not_logged,
        a_log_out_waits_until_it_is_applied,
        a_log_out_of_what_seems_expired_waits_as_well,
        a_new_token_waits_until_it_is_applied,
        a_log_in_waits_until_what_it_closes_is_applied,
        a_log_in_that_closes_nothing_waits_for_nobody,
        a_log_out_everywhere_waits_until_it_is_applied,
        a_change_of_groups_waits_until_it_is_applied,
        who_comes_second_waits_as_well,
        every_node_is_waited_for_and_told,
        what_is_not_applied_is_told_again,
        no_position_is_passed_over,
        who_does_not_renew_is_removed_after_its_lease,
        a_node_that_renewed_meanwhile_stays,
        a_node_that_left_is_not_waited_for,
        who_applied_more_than_it_was_told_is_not_known,
    }
}
