//! The laws of stores that nodes share: what they tell each other, and what a revocation waits for.

use os_session::testing::{lease_law, lease_laws, news_law, news_law_names, news_laws};

use crate::flawed::{leases, news};
use crate::nodes::{Node, NodeFlaw, Sound};
use crate::text_of_panic;

fn two<F: NodeFlaw>(node: Node<F>) -> (Node<F>, Node<F>) {
    (node.beside(), node)
}

#[tokio::test]
async fn a_store_in_memory_for_many_nodes_keeps_the_laws_of_news() {
    news_laws(|clock| async { two::<Sound>(Node::new(clock)) }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_store_in_memory_for_many_nodes_keeps_the_laws_of_leases() {
    lease_laws(|clock| async { two::<Sound>(Node::new(clock)) }).await;
}

/// What a law says of a store with this flaw.
async fn verdict<F: NodeFlaw>(law: &'static str) -> String {
    let checking = if news_law_names().contains(&law) {
        tokio::spawn(news_law(law, |clock| async { two::<F>(Node::new(clock)) }))
    } else {
        tokio::spawn(lease_law(law, |clock| async { two::<F>(Node::new(clock)) }))
    };
    text_of_panic(checking.await, law)
}

caught! { CATCH by verdict:
    a_store_that_seems_to_be_one_nodes_own: news::SaysThatItIsAlone by a_store_that_nodes_share_says_so;
    a_listener_that_does_not_say_so: news::ListensInSilence by a_store_that_listens_says_so;
    a_listener_that_is_told_no_more: news::ListensOnce by whoever_listens_again_is_told;
    activity_that_is_told: news::TellsActivity by what_changes_nothing_for_others_is_not_told;
    a_log_in_that_is_told: news::TellsLogIns by what_changes_nothing_for_others_is_not_told;
    a_log_out_that_is_not_told: news::SilentOnLogOut by a_log_out_is_told;
    a_log_out_of_a_device_that_is_not_told: news::SilentOnDevice by a_log_out_is_told;
    a_new_token_that_is_not_told: news::SilentOnNewToken by a_new_token_is_told;
    a_replaced_session_that_is_not_told: news::SilentOnReplaced by what_a_log_in_closes_is_told;
    an_evicted_session_that_is_not_told: news::SilentOnEvicted by what_a_log_in_closes_is_told;
    one_of_two_evicted_sessions: news::TellsTheFirst by what_a_log_in_closes_is_told;
    a_log_out_elsewhere_that_is_not_told: news::SilentOnElsewhere by a_log_out_everywhere_is_told;
    a_log_out_everywhere_that_is_not_told: news::SilentOnEverywhere by a_log_out_everywhere_is_told;
    a_log_out_with_browsers_that_is_not_told: news::SilentWithBrowsers by a_log_out_everywhere_is_told;
    a_member_that_is_not_told: news::SilentOnJoining by a_change_of_groups_is_told_once;
    a_member_no_more_that_is_not_told: news::SilentOnLeaving by a_change_of_groups_is_told_once;
    a_membership_that_is_told_again: news::TellsEveryMembership by a_change_of_groups_is_told_once;
    what_is_published_in_vain: news::SilentOnPublished by what_is_published_is_told;
    a_name_that_is_cut_off: news::CutsNamesAtSpaces by what_is_published_is_told;
    a_message_that_is_cut_off: news::CutsLongMessages by many_ends_at_once_are_told;
    a_node_that_hears_itself: news::TellsEverybody by what_a_node_does_itself_is_told_as_its_own;
    a_node_that_does_not_hear_itself: news::LeavesOutTheOwn by what_a_node_does_itself_is_told_as_its_own;
    a_clone_that_is_another_node: news::TakesAClonesWordsForAnothers by what_a_clone_does_is_told_as_the_nodes_own;

    activity_that_is_logged: leases::LogsActivity by what_takes_nothing_away_is_not_logged;
    a_log_out_that_is_not_logged: leases::ForgetsLogOuts by a_log_out_waits_until_it_is_applied;
    a_log_out_of_a_device_that_is_not_logged: leases::ForgetsDevices by a_log_out_waits_until_it_is_applied;
    a_log_out_that_does_not_wait: leases::HastyAtLogOuts by a_log_out_waits_until_it_is_applied;
    a_log_out_of_a_device_that_does_not_wait: leases::HastyAtDevices by a_log_out_waits_until_it_is_applied;
    a_log_out_of_what_seems_expired_that_is_not_logged: leases::ForgetsTheExpired by a_log_out_of_what_seems_expired_waits_as_well;
    a_new_token_that_is_not_logged: leases::ForgetsNewTokens by a_new_token_waits_until_it_is_applied;
    a_new_token_that_does_not_wait: leases::HastyAtNewTokens by a_new_token_waits_until_it_is_applied;
    a_replaced_session_that_is_not_logged: leases::ForgetsTheReplaced by a_log_in_waits_until_what_it_closes_is_applied;
    an_evicted_session_that_is_not_logged: leases::ForgetsTheEvicted by a_log_in_waits_until_what_it_closes_is_applied;
    a_log_in_over_another_that_does_not_wait: leases::HastyAtLogIns by a_log_in_waits_until_what_it_closes_is_applied;
    a_log_in_that_waits_for_nothing: leases::WaitsAtLogIns by a_log_in_that_closes_nothing_waits_for_nobody;
    a_log_out_elsewhere_that_is_not_logged: leases::ForgetsElsewhere by a_log_out_everywhere_waits_until_it_is_applied;
    a_log_out_everywhere_that_is_not_logged: leases::ForgetsEverywhere by a_log_out_everywhere_waits_until_it_is_applied;
    a_log_out_with_browsers_that_is_not_logged: leases::ForgetsWithBrowsers by a_log_out_everywhere_waits_until_it_is_applied;
    a_log_out_elsewhere_that_does_not_wait: leases::HastyElsewhere by a_log_out_everywhere_waits_until_it_is_applied;
    a_log_out_everywhere_that_does_not_wait: leases::HastyEverywhere by a_log_out_everywhere_waits_until_it_is_applied;
    a_log_out_with_browsers_that_does_not_wait: leases::HastyWithBrowsers by a_log_out_everywhere_waits_until_it_is_applied;
    a_member_that_is_not_logged: leases::ForgetsJoining by a_change_of_groups_waits_until_it_is_applied;
    a_member_no_more_that_is_not_logged: leases::ForgetsLeaving by a_change_of_groups_waits_until_it_is_applied;
    groups_of_the_application_that_are_not_logged: leases::ForgetsPublished by a_change_of_groups_waits_until_it_is_applied;
    a_member_that_does_not_wait: leases::HastyAtJoining by a_change_of_groups_waits_until_it_is_applied;
    a_member_no_more_that_does_not_wait: leases::HastyAtLeaving by a_change_of_groups_waits_until_it_is_applied;
    groups_of_the_application_that_do_not_wait: leases::HastyAtPublished by a_change_of_groups_waits_until_it_is_applied;
    a_second_log_out_that_does_not_wait: leases::WaitsForItsOwn by who_comes_second_waits_as_well;
    a_second_new_token_that_does_not_wait: leases::HastyAtNewTokens by who_comes_second_waits_as_well;
    a_second_node_that_is_not_waited_for: leases::WaitsForOneNode by every_node_is_waited_for_and_told;
    a_log_that_is_cut_too_early: leases::CutsTheLogAtTheQuickest by every_node_is_waited_for_and_told;
    an_answer_that_must_arrive: leases::TakesToldForApplied by what_is_not_applied_is_told_again;
    a_log_that_is_told_from_its_beginning: leases::TellsTheWholeLog by what_is_not_applied_is_told_again;
    positions_out_of_order: leases::DrawsPositionsBefore by no_position_is_passed_over;
    a_lease_that_is_cut_short: leases::ShortensLeases by who_does_not_renew_is_removed_after_its_lease;
    a_dead_node_that_stays: leases::KeepsTheDead by who_does_not_renew_is_removed_after_its_lease;
    a_slow_node_that_is_removed: leases::RemovesTheSlow by a_node_that_renewed_meanwhile_stays;
    a_node_that_left_and_is_waited_for: leases::KeepsWhoLeft by a_node_that_left_is_not_waited_for;
    a_node_that_knows_what_was_lost: leases::BelievesNodes by who_applied_more_than_it_was_told_is_not_known;
    a_node_that_knows_what_it_was_not_told: leases::LooksAtTheLogAlone by who_applied_more_than_it_was_told_is_not_known;
    a_node_that_knows_more_and_is_dropped: leases::DropsWhoKnowsMore by who_applied_more_than_it_was_told_is_not_known;
}
