//! Browsers, connected or not: how they come to be known, live and are forgotten.

use std::num::NonZeroU32;
use std::time::Duration;

use super::lab::{IDLE, Lab, NEARLY_IDLE, SHORT, handle, session, short};
use super::slot_lab::{NEW, browser, of_browser, put, removal, written};
use crate::slots::{Expected, NewBrowser, SlotWrite, SlotWritten};
use crate::store::End;

pub(super) async fn a_browser_is_made_by_the_write_of_a_value_and_by_nothing_else(lab: Lab) {
    let slot = of_browser(1);
    assert_eq!(lab.slot(&slot).await, None, "a read makes none");
    assert_eq!(lab.write(&slot, put("value")).await, SlotWritten::NoOwner, "nor does a write that was not told to");
    assert_eq!(lab.write(&slot, removal().anew()).await, SlotWritten::NoOwner, "nor a removal");
    let conflict = lab.write(&slot, put("value").anew().expecting(Expected::Version(1))).await;
    assert_eq!(conflict, SlotWritten::Conflict, "nor a write that expects what is not there");
    assert!(!lab.touch_browser(1).await, "there is nothing to see");
    assert!(!lab.rotate_browser(1, 2, None).await, "nor to rotate");
    assert!(!lab.forget_browser(1).await, "nor to forget");
    assert_eq!(lab.browsers(1..=2).await, [0; 0]);
    assert_eq!(lab.write(&slot, put("value")).await, SlotWritten::NoOwner, "and none of that made one");

    written(lab.write(&slot, put("first").anew()).await);
    assert_eq!(lab.value(&slot).await.as_deref(), Some("first"), "the write of a value does");
    written(lab.write(&slot.clone().named("other"), put("second")).await);
    written(lab.write(&slot.clone().in_tab(1), put("third").anew()).await);
    lab.remove_slot(&slot).await;
    assert!(lab.touch_browser(1).await, "it is there without a value as well");
    assert_eq!(lab.value(&slot.clone().named("other")).await.as_deref(), Some("second"), "with what else it has");
    assert_eq!(lab.value(&slot.in_tab(1)).await.as_deref(), Some("third"));
}

pub(super) async fn a_browser_lives_until_it_was_not_seen_for_long(lab: Lab) {
    let (slot, minute) = (of_browser(1), Duration::from_mins(1));
    lab.browse(1, NEW).await;
    for way in 0..3 {
        lab.clock.advance(NEARLY_IDLE);
        let unseen = lab.slot(&slot).await.expect("it is live until then").unseen;
        assert!(unseen >= NEARLY_IDLE && unseen < IDLE, "it tells how long ago that was, and not {unseen:?}");
        match way {
            0 => assert!(lab.touch_browser(1).await, "a live browser is seen"),
            1 => drop(written(lab.write(&slot, put("again")).await)),
            _ => lab.remove_slot(&slot.clone().named("other")).await,
        }
        assert!(lab.slot(&slot).await.expect("it is live").unseen < minute, "now it was seen");
    }
    lab.clock.advance(NEARLY_IDLE);
    let conflict = lab.write(&slot, put("wrong").expecting(Expected::Absent)).await;
    assert_eq!(conflict, SlotWritten::Conflict);
    let refused = lab.write(&slot.clone().named("other"), put("wrong").within(1, 1)).await;
    assert_eq!(refused, SlotWritten::TooManySlots);
    assert!(lab.slot(&slot).await.is_some());
    lab.clock.advance(minute);
    assert_eq!(lab.slot(&slot).await, None, "neither a read nor what changed nothing has lengthened its life");

    let forever = NewBrowser { idle: Duration::MAX, ..NEW };
    lab.browse(2, forever).await;
    lab.clock.advance(Duration::from_hours(24 * 365 * 100));
    assert_eq!(lab.browsers(2..=2).await, [2], "a life may be as long as any duration");
    assert!(lab.touch_browser(2).await);
    assert_eq!(lab.browsers(2..=2).await, [2]);
}

pub(super) async fn a_browser_lives_shortly_until_its_cookie_has_come_back(lab: Lab) {
    let new = NewBrowser { new_idle: Some(SHORT), ..NEW };
    let nearly = SHORT.mul_f32(0.9);
    lab.browse(1, new).await;
    lab.browse(2, new).await;
    lab.clock.advance(nearly);
    assert!(!lab.slot(&of_browser(1)).await.expect("it is live until then").came_back);
    written(lab.write(&of_browser(1), put("by the same request")).await);
    lab.clock.advance(nearly);
    assert_eq!(
        lab.browsers(1..=2).await,
        [1],
        "what is not seen is gone soon, and what is written lives a little longer"
    );
    lab.clock.advance(nearly);
    assert_eq!(lab.browsers(1..=1).await, [0; 0], "but no write without the cookie makes a life longer than that");

    for number in 3..=6 {
        lab.browse(number, new).await;
    }
    assert!(lab.touch_browser(3).await);
    written(lab.write(&of_browser(4), put("by a later request").coming_back()).await);
    lab.put(&of_browser(5).named("other"), "value").await;
    let removed = lab.write(&of_browser(5).named("other"), removal().coming_back()).await;
    assert_eq!(removed, SlotWritten::Removed);
    assert!(lab.rotate_browser(6, 16, Some(1)).await);
    lab.browse(7, NEW).await;
    for number in [3, 4, 5, 16, 7] {
        assert!(lab.slot(&of_browser(number)).await.expect("it is live").came_back, "{number} came back");
    }
    lab.clock.advance(NEARLY_IDLE);
    assert_eq!(lab.browsers([3, 4, 5, 16, 7]).await, [3, 4, 5, 16, 7], "from then on they live as long as any");

    lab.browse(8, new).await;
    lab.browse(9, new).await;
    let conflict = lab.write(&of_browser(8), put("wrong").expecting(Expected::Absent).coming_back()).await;
    assert_eq!(conflict, SlotWritten::Conflict);
    assert!(lab.rotate_browser(9, 19, None).await);
    for number in [8, 19] {
        assert!(
            !lab.slot(&of_browser(number)).await.expect("it is live").came_back,
            "what changed nothing notes nothing"
        );
    }
    lab.clock.advance(SHORT);
    assert_eq!(lab.browsers([8, 19]).await, [0; 0]);
}

pub(super) async fn browsers_that_never_came_back_make_room_first(lab: Lab) {
    let minute = Duration::from_mins(1);
    let new = NewBrowser { new_idle: Some(IDLE), most: at_most(4), ..NEW };
    let kept = NewBrowser { new_idle: None, ..new };
    // The customers were seen before all others, the first of them last.
    for (number, browser) in [(1, kept), (2, kept), (3, new), (4, new)] {
        lab.browse(number, browser).await;
        lab.clock.advance(minute);
    }
    assert!(lab.touch_browser(1).await);
    lab.clock.advance(minute);
    written(lab.write(&of_browser(3), put("seen again")).await);
    lab.clock.advance(minute);
    assert_eq!(lab.browsers(1..=4).await, [1, 2, 3, 4], "so many have room");
    for (number, left) in [(5, vec![1, 2, 3, 5]), (6, vec![1, 2, 5, 6]), (7, vec![1, 2, 6, 7])] {
        lab.browse(number, new).await;
        lab.clock.advance(minute);
        assert_eq!(lab.browsers(1..=7).await, left, "the one that was seen longest ago makes room, of those alone");
    }
    for number in [6, 7] {
        written(lab.write(&of_browser(number), put("back").coming_back()).await);
        lab.clock.advance(minute);
    }
    lab.browse(8, new).await;
    assert_eq!(lab.browsers(1..=8).await, [1, 6, 7, 8], "where all others came back, the least recently seen of them");
    lab.browse(9, new).await;
    assert_eq!(lab.browsers(1..=9).await, [1, 6, 7, 9], "and of them no more than one");
    assert!(!lab.touch_browser(2).await, "what made room is no more");

    lab.browse(10, NewBrowser { new_idle: Some(SHORT), most: at_most(5), ..NEW }).await;
    lab.clock.advance(SHORT);
    lab.browse(11, NewBrowser { most: at_most(5), ..new }).await;
    assert_eq!(lab.browsers(1..=11).await, [1, 6, 7, 9, 11], "what has expired is in the way of none");
}

pub(super) async fn of_parallel_browsers_as_many_are_kept_as_have_room(lab: Lab) {
    const MOST: u32 = 8;
    let new = NewBrowser { new_idle: Some(IDLE), most: at_most(MOST), ..NEW };
    lab.browse(1000, NewBrowser { new_idle: None, ..new }).await;
    lab.at_once(8, move |lab, task| async move {
        for number in (task..64).step_by(8) {
            lab.browse(number, new).await;
        }
    })
    .await;
    let left = lab.browsers((0..64).chain([1000])).await;
    assert!(left.len() == MOST as usize && left.contains(&1000), "so many, and the one that came back: {left:?}");
}

fn at_most(browsers: u32) -> NonZeroU32 {
    NonZeroU32::new(browsers).expect("a limit is positive")
}

pub(super) async fn an_expired_browser_is_nothing_even_before_it_is_purged(lab: Lab) {
    let slot = of_browser(1);
    lab.browse(1, NEW).await;
    lab.put(&slot.clone().named("old"), "private").await;
    lab.clock.advance(IDLE);
    assert_eq!(lab.slot(&slot).await, None, "it is not found");
    assert_eq!(lab.write(&slot, put("late")).await, SlotWritten::NoOwner, "nor written");
    assert_eq!(lab.write(&slot, removal().anew()).await, SlotWritten::NoOwner, "nor removed");
    assert!(!lab.touch_browser(1).await, "nor seen");
    assert!(!lab.rotate_browser(1, 2, None).await, "nor rotated");
    assert_eq!(lab.browsers(1..=2).await, [0; 0], "and none of that revived it");
    written(lab.write(&slot, put("new").anew().expecting(Expected::Absent)).await);
    assert_eq!(lab.value(&slot).await.as_deref(), Some("new"), "what is made under its key is another");
    assert_eq!(lab.slot(&slot.named("old")).await, None, "without what the first one had");
    lab.browse(3, NEW).await;
    lab.clock.advance(IDLE);
    assert!(!lab.forget_browser(3).await, "there is nothing live to forget");
}

pub(super) async fn a_browser_keeps_its_slots_under_another_key(lab: Lab) {
    lab.browse(1, NEW).await;
    lab.put(&of_browser(1).in_tab(1), "in a tab").await;
    let before = lab.slot(&of_browser(1)).await.unwrap();
    lab.clock.advance(NEARLY_IDLE);
    assert!(lab.rotate_browser(1, 2, Some(1)).await);
    assert_eq!(lab.browsers(1..=2).await, [2], "it is there under the new key alone");
    let after = lab.slot(&of_browser(2)).await.unwrap();
    assert_eq!((after.value, after.version), (before.value, before.version), "as it was");
    assert_eq!(lab.value(&of_browser(2).in_tab(1)).await.as_deref(), Some("in a tab"));
    assert!(!lab.touch_browser(1).await && !lab.rotate_browser(1, 3, None).await, "the old key is nobody's");
    lab.clock.advance(IDLE.saturating_sub(NEARLY_IDLE));
    assert_eq!(lab.browsers(1..=3).await, [0; 0], "and another key is no activity");
}

pub(super) async fn a_browser_is_not_rotated_onto_another(lab: Lab) {
    lab.browse(1, NEW).await;
    lab.browse(2, NEW).await;
    assert!(lab.store.rotate_browser(&browser(1), &browser(2), None).await.is_err(), "a taken key is an error");
    for number in 1..=2 {
        assert_eq!(lab.value(&of_browser(number)).await, Some(format!("of {number}")), "and nothing changed");
    }
    if let Ok(rotated) = lab.store.rotate_browser(&browser(1), &browser(1), None).await {
        assert!(rotated, "the browser is live, so if its own key is no error, it is done");
    }
    assert_eq!(lab.browsers(1..=2).await, [1, 2], "and it is there");
}

pub(super) async fn of_parallel_rotations_of_a_browser_one_wins(lab: Lab) {
    for round in 0..5 {
        let first = 100 * round;
        lab.browse(first, NEW).await;
        let rotated = lab
            .at_once(8, move |lab, task| async move {
                lab.rotate_browser(first, first + 1 + task, None).await.then_some(first + 1 + task)
            })
            .await;
        let winners: Vec<_> = rotated.into_iter().flatten().collect();
        assert_eq!(winners.len(), 1, "the key is exchanged once");
        assert_eq!(lab.browsers(first..first + 10).await, winners, "for the key that won");
    }
}

pub(super) async fn parallel_writes_make_one_browser(lab: Lab) {
    const MANY: u64 = 16;
    for round in 0..3 {
        let slot = of_browser(round);
        let writer = slot.clone();
        lab.at_once(MANY, move |lab, number| {
            let slot = writer.clone().named(format!("slot {number}"));
            async move { written(lab.write(&slot, put("value").anew()).await) }
        })
        .await;
        for number in 0..MANY {
            let slot = slot.clone().named(format!("slot {number}"));
            assert!(lab.slot(&slot).await.is_some(), "what each of them wrote is there");
        }
    }
}

pub(super) async fn a_browser_is_forgotten_with_its_slots(lab: Lab) {
    for number in 1..=2 {
        lab.browse(number, NEW).await;
        lab.put(&of_browser(number).in_tab(1), "private").await;
    }
    assert!(lab.forget_browser(1).await, "there is one");
    assert_eq!(lab.browsers(1..=2).await, [2], "its slots are gone, and no others");
    assert_eq!(lab.write(&of_browser(1), put("late")).await, SlotWritten::NoOwner);
    assert!(!lab.forget_browser(1).await, "it is forgotten once");
    lab.browse(1, NEW).await;
    assert_eq!(lab.slot(&of_browser(1).in_tab(1)).await, None, "nor do they come back");
}

pub(super) async fn browsers_are_forgotten_by_the_session_that_is_open_in_them(lab: Lab) {
    for (user, number) in [("alice", 1), ("alice", 2), ("bob", 7)] {
        lab.open(session(user, number)).await;
    }
    let with = |session: u64| NewBrowser { session: Some(handle(session)), ..NEW };
    for (number, session) in [(1, 1), (2, 1), (3, 2), (4, u64::MAX), (5, 7)] {
        lab.browse(number, with(session)).await;
    }
    lab.browse(6, NEW).await;
    // What a write says of a browser that is there is no news of it.
    let late = SlotWrite { new_browser: Some(with(1)), ..put("value") };
    written(lab.write(&of_browser(3).named("other"), late).await);
    assert!(lab.rotate_browser(5, 15, Some(1)).await, "another session is open in it now");
    assert!(lab.rotate_browser(2, 12, None).await, "and in this one none");
    assert!(lab.rotate_browser(6, 16, Some(7)).await);

    assert_eq!(lab.close_all_with_browsers("carol").await, [], "nobody's sessions");
    assert_eq!(lab.browsers(1..=16).await, [1, 3, 4, 12, 15, 16], "of no session, no browser");
    assert_eq!(lab.close_all_with_browsers("alice").await.len(), 2, "all sessions of the user");
    assert!(lab.find(1).await.is_none() && lab.find(2).await.is_none(), "they are gone");
    assert_eq!(lab.browsers(1..=16).await, [4, 12, 16], "with those where one is open, and no others");
    assert!(!lab.touch_browser(3).await, "which are no more");
    lab.close_all("bob", None).await;
    assert_eq!(lab.browsers(1..=16).await, [4, 12, 16], "a session may end alone");
}

pub(super) async fn a_purge_removes_expired_browsers_and_tells_of_none(lab: Lab) {
    const MANY: u64 = 300;
    lab.at_once(4, |lab, task| async move {
        for number in (task..MANY).step_by(4) {
            lab.browse(number, NewBrowser { idle: SHORT, session: Some(handle(number)), ..NEW }).await;
        }
    })
    .await;
    lab.browse(1000, NEW).await;
    for number in 0..2 {
        lab.open(short("alice", number)).await;
    }
    lab.open(session("alice", 2)).await;
    lab.clock.advance(SHORT);
    assert_eq!(lab.purge(0).await, [], "none was asked for");
    assert_eq!(lab.purge(1).await.len(), 1, "sessions are told, as many as were asked for");
    let rest = lab.purge(2).await;
    assert!(rest.iter().all(|(_, why)| *why == End::Expired) && rest.len() == 1, "and nothing but sessions");
    assert_eq!(lab.browsers(1000..=1000).await, [1000], "what is live stays");
    // Fewer than asked for: no expired browser is left to have its key.
    let mut last = 1000;
    for number in 0..MANY {
        let freed = lab.store.rotate_browser(&browser(last), &browser(number), None).await;
        assert!(matches!(freed, Ok(true)), "the key of {number}, which had expired, is free");
        last = number;
    }
    assert_eq!(lab.browsers(0..=1000).await, [last], "and it is the same one all the time");
}
