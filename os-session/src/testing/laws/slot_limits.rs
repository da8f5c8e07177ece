//! How many values there may be.

use super::lab::{Lab, session};
use super::slot_lab::{of_session, of_user, put, written};
use crate::slots::{SlotKey, SlotWritten};

fn slot(owner: &SlotKey, number: u64) -> SlotKey {
    owner.clone().named(format!("slot {number}"))
}

/// Which of so many slots hold something.
async fn held(lab: &Lab, owner: &SlotKey, many: u64) -> Vec<u64> {
    let mut held = Vec::new();
    for number in 0..many {
        held.extend(lab.slot(&slot(owner, number)).await.map(|_| number));
    }
    held
}

pub(super) async fn the_limit_of_slots_refuses_one_more(lab: Lab) {
    lab.open(session("alice", 1)).await;
    for owner in [of_user("alice"), of_user("alice").in_tab(1), of_user("bob"), of_session(1), of_session(1).in_tab(1)]
    {
        for number in 0..3 {
            written(lab.write(&slot(&owner, number), put("value").within(3, 9)).await);
        }
        let more = lab.write(&slot(&owner, 3), put("value").within(3, 9)).await;
        assert_eq!(more, SlotWritten::TooManySlots, "three are there, of {:?}", owner.owner);
        assert_eq!(held(&lab, &owner, 4).await, [0, 1, 2], "and nothing changed");
        written(lab.write(&slot(&owner, 1), put("other").within(3, 9)).await);
        written(lab.write(&slot(&owner, 2), put("other").within(1, 9)).await);
        lab.remove_slot(&slot(&owner, 0)).await;
        written(lab.write(&slot(&owner, 3), put("value").within(3, 9)).await);
        assert_eq!(held(&lab, &owner, 4).await, [1, 2, 3], "what was removed made room");
    }
}

pub(super) async fn the_limit_of_tabs_removes_the_one_least_recently_written(lab: Lab) {
    for owner in [of_user("alice"), of_user("bob")] {
        let tab = |number| owner.clone().in_tab(number);
        lab.put(&owner, "of no tab").await;
        for number in 1..=3 {
            for name in 0..2 {
                written(lab.write(&slot(&tab(number), name), put("value").within(9, 3)).await);
            }
        }
        written(lab.write(&slot(&tab(1), 0), put("again").within(9, 3)).await);
        written(lab.write(&slot(&tab(3), 2), put("one more").within(9, 3)).await);
        written(lab.write(&slot(&tab(4), 0), put("value").within(9, 3)).await);
        assert_eq!(held(&lab, &tab(2), 3).await, [0; 0], "2 was written least recently: all of it is gone");
        assert_eq!(held(&lab, &tab(1), 3).await, [0, 1], "1 was written again");
        assert_eq!(held(&lab, &tab(3), 3).await, [0, 1, 2]);
        assert_eq!(held(&lab, &tab(4), 3).await, [0], "and the new one is there");
        written(lab.write(&slot(&tab(5), 0), put("value").within(9, 1)).await);
        for number in 1..=4 {
            assert_eq!(held(&lab, &tab(number), 3).await, [0; 0], "a limit that was lowered is kept at once");
        }
        assert_eq!(held(&lab, &tab(5), 3).await, [0], "the one that is written is never removed");
        assert_eq!(lab.value(&owner).await.as_deref(), Some("of no tab"), "what is of no tab stays");
    }
    assert_eq!(held(&lab, &of_user("alice").in_tab(5), 1).await, [0], "and so does what is another's");
}

pub(super) async fn a_write_that_is_refused_removes_no_tab(lab: Lab) {
    let tab = |number| of_user("alice").in_tab(number);
    lab.put(&tab(1), "value").await;
    for expected in [crate::slots::Expected::Version(1), crate::slots::Expected::Version(u64::MAX)] {
        let refused = lab.write(&tab(2), put("value").within(1, 1).expecting(expected)).await;
        assert_eq!(refused, SlotWritten::Conflict);
        assert!(lab.slot(&tab(1)).await.is_some(), "a conflict makes no room");
    }
    let refused = lab.write(&tab(1).named("other"), put("value").within(1, 1)).await;
    assert_eq!(refused, SlotWritten::TooManySlots);
    assert!(lab.slot(&tab(1)).await.is_some(), "nor does a value too many");
    lab.remove_slot(&tab(2)).await;
    assert!(lab.slot(&tab(1)).await.is_some(), "nor a removal");
}

pub(super) async fn the_limits_hold_under_parallel_writes(lab: Lab) {
    lab.open(session("alice", 1)).await;
    for owner in [of_user("alice"), of_session(1)] {
        let writer = owner.clone();
        let answers = lab
            .at_once(24, move |lab, number| {
                let slot = slot(&writer, number);
                async move { lab.write(&slot, put("value").within(3, 2)).await }
            })
            .await;
        let done = answers.iter().filter(|answer| matches!(answer, SlotWritten::Written(_))).count();
        assert_eq!(done, 3, "three are written");
        let refused = answers.iter().filter(|answer| **answer == SlotWritten::TooManySlots).count();
        assert_eq!(refused, 21, "and the others are told that they are not");
        assert_eq!(held(&lab, &owner, 24).await.len(), 3);

        let writer = owner.clone();
        lab.at_once(12, move |lab, number| {
            let slot = writer.clone().in_tab(number);
            async move { written(lab.write(&slot, put("value").within(3, 2)).await) }
        })
        .await;
        let mut tabs = 0;
        for number in 0..12 {
            tabs += usize::from(lab.slot(&owner.clone().in_tab(number)).await.is_some());
        }
        assert_eq!(tabs, 2, "two tabs are left");
    }
}
