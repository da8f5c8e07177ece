//! Writes that meet others, or the end of what they write to, and writes that are dropped on their way.

use super::lab::{Lab, drop_after, session};
use super::slot_lab::{of_session, of_user, put};
use crate::slots::{Expected, SlotWritten};

pub(super) async fn parallel_increments_all_survive(lab: Lab) {
    const MANY: u64 = 64;
    lab.open(session("alice", 1)).await;
    for slot in [of_user("alice"), of_session(1).in_tab(1)] {
        let counter = slot.clone();
        lab.at_once(MANY, move |lab, _| {
            let counter = counter.clone();
            async move { lab.increment(&counter).await }
        })
        .await;
        assert_eq!(lab.value(&slot).await, Some(MANY.to_string()), "none is lost");
    }
}

pub(super) async fn of_parallel_first_writes_one_wins(lab: Lab) {
    lab.open(session("alice", 1)).await;
    for slot in [of_user("alice"), of_session(1)] {
        let writer = slot.clone();
        let answers = lab
            .at_once(16, move |lab, number| {
                let slot = writer.clone();
                async move { lab.write(&slot, put(number.to_string()).expecting(Expected::Absent)).await }
            })
            .await;
        let winners: Vec<_> =
            answers.iter().enumerate().filter(|(_, answer)| **answer != SlotWritten::Conflict).collect();
        assert_eq!(winners.len(), 1, "one finds nothing");
        assert_eq!(lab.value(&slot).await, Some(winners[0].0.to_string()), "and its value is there");
    }
}

pub(super) async fn a_write_among_log_outs_leaves_nothing_behind(lab: Lab) {
    for round in 0..10 {
        lab.open(session("alice", 1)).await;
        lab.at_once(8, move |lab, task| async move {
            match task {
                4 => drop(match round % 3 {
                    0 => lab.close(1).await.into_iter().collect(),
                    1 => lab.close_handle("alice", 1).await.into_iter().collect::<Vec<_>>(),
                    _ => lab.close_all("alice", None).await,
                }),
                _ => match lab.write(&of_session(1).named(format!("slot {task}")), put("late")).await {
                    SlotWritten::Written(_) | SlotWritten::NoOwner => {}
                    other => panic!("the session was live or not, which is not {other:?}"),
                },
            }
        })
        .await;
        assert!(!lab.is_live(1).await, "what was closed stays closed");
        lab.open(session("alice", 1)).await;
        for task in 0..8 {
            let slot = of_session(1).named(format!("slot {task}"));
            assert_eq!(lab.slot(&slot).await, None, "nothing was written after the log-out");
        }
        lab.close_all("alice", None).await;
    }
}

pub(super) async fn a_dropped_write_is_done_or_undone(lab: Lab) {
    for (round, polls) in (0..).zip(super::dropped::POLLS) {
        let owner = of_user(&format!("user {round}"));
        let (old, new) = (owner.clone().in_tab(1), owner.in_tab(2));
        for number in 0..3 {
            lab.put(&old.clone().named(format!("slot {number}")), "old").await;
        }
        drop_after(polls, lab.store.write_slot(&new, put("new").within(9, 1))).await;
        // What was dropped may be under way.
        let mut halves = (0, false);
        for _ in 0..100 {
            let mut kept = 0;
            for number in 0..3 {
                kept += usize::from(lab.slot(&old.clone().named(format!("slot {number}"))).await.is_some());
            }
            halves = (kept, lab.slot(&new).await.is_some());
            if matches!(halves, (3, false) | (0, true)) {
                break;
            }
            tokio::task::yield_now().await;
        }
        let whole = matches!(halves, (3, false) | (0, true));
        assert!(whole, "the new tab is there, or the old one with all that it had, and not {halves:?}");
    }
}
