//! Values of sessions and users, from the write to the end of what they belong to.

use std::collections::BTreeSet;
use std::time::Duration;

use super::lab::{IDLE, Lab, SHORT, handle, key, limit, session, short};
use super::slot_lab::{of_browser, of_session, of_user, put, removal, written};
use super::values::{TEXTS, long, noise};
use crate::slots::{Expected, SlotWritten};
use crate::store::{Authenticated, NewSession, WhenFull};

pub(super) async fn a_slot_holds_what_was_written_until_it_is_removed(lab: Lab) {
    lab.open(session("alice", 1)).await;
    for slot in [of_session(1), of_user("alice"), of_session(1).in_tab(1), of_user("alice").in_tab(1)] {
        assert_eq!(lab.slot(&slot).await, None, "a slot is empty until it is written");
        let version = lab.put(&slot, "first").await;
        let held = lab.slot(&slot).await.expect("what was written is there");
        assert_eq!((&*held.value, held.version), (&b"first"[..], version), "as it was written");
        assert_eq!(held.unseen, Duration::ZERO, "this is of no browser");
        lab.put(&slot, "second").await;
        assert_eq!(lab.value(&slot).await.as_deref(), Some("second"), "a write takes the place of what was there");
        lab.remove_slot(&slot).await;
        assert_eq!(lab.slot(&slot).await, None, "what was removed is not there");
        lab.remove_slot(&slot).await;
    }
}

pub(super) async fn a_slot_is_written_if_it_holds_what_is_expected(lab: Lab) {
    let slot = of_user("alice");
    for write in [put("wrong"), removal()] {
        let wrong = lab.write(&slot, write.expecting(Expected::Version(1))).await;
        assert_eq!(wrong, SlotWritten::Conflict, "nothing is no version of anything");
    }
    assert_eq!(lab.write(&slot, removal().expecting(Expected::Absent)).await, SlotWritten::Removed);
    let first = written(lab.write(&slot, put("first").expecting(Expected::Absent)).await);
    let second = written(lab.write(&slot, put("second").expecting(Expected::Version(first))).await);
    for expected in [Expected::Absent, Expected::Version(first), Expected::Version(second + 1000)] {
        for write in [put("wrong"), removal()] {
            let conflict = lab.write(&slot, write.expecting(expected)).await;
            assert_eq!(conflict, SlotWritten::Conflict, "{expected:?} is not what it holds");
        }
        let held = lab.slot(&slot).await.expect("a conflict changes nothing");
        assert_eq!((&*held.value, held.version), (&b"second"[..], second), "a conflict changes nothing");
    }
    let removed = lab.write(&slot, removal().expecting(Expected::Version(second))).await;
    assert_eq!(removed, SlotWritten::Removed, "what is expected is removed");
    assert_eq!(lab.slot(&slot).await, None);
}

pub(super) async fn a_version_is_used_once(lab: Lab) {
    lab.open(session("alice", 1)).await;
    for slot in [of_user("alice"), of_session(1)] {
        let mut versions = BTreeSet::new();
        for round in 0..5 {
            for value in ["one", "other", "one"] {
                assert!(versions.insert(lab.put(&slot, value).await), "the same value again is another version");
            }
            if round % 2 == 1 {
                lab.remove_slot(&slot).await;
            }
        }
        let last = lab.slot(&slot).await.expect("it was written").version;
        assert!(versions.contains(&last), "it is the one that was told");
        for version in versions {
            let written = lab.write(&slot, put("late").expecting(Expected::Version(version))).await;
            assert_eq!(written == SlotWritten::Conflict, version != last, "what it held before it was removed is past");
        }
    }
}

pub(super) async fn a_value_is_kept_to_the_byte(lab: Lab) {
    let all_bytes: Vec<u8> = (0..=u8::MAX).collect();
    let large = noise(1 << 20).into_bytes();
    let values: [&[u8]; 8] = [b"", b"\0", b"\0\0a\0", b" ", b"\xff\xfe", b"null", &all_bytes, &large];
    for value in values {
        let slot = of_user("alice");
        let version = written(lab.write(&slot, put(value)).await);
        let held = lab.slot(&slot).await.expect("an empty value is one");
        assert_eq!(held.value.len(), value.len(), "no byte is lost or added");
        assert!(*held.value == *value, "every byte is as it was written");
        assert_eq!(held.version, version);
    }
}

pub(super) async fn names_of_slots_are_told_apart_by_every_byte(lab: Lab) {
    let slot = |name: &str| of_user("alice").named(name);
    let long = [long('1'), long('2')];
    let names: Vec<&str> = TEXTS.iter().copied().chain(long.iter().map(String::as_str)).collect();
    for name in &names {
        assert_eq!(lab.slot(&slot(name)).await, None, "{name:?} was not written yet");
        lab.put(&slot(name), name).await;
    }
    for name in &names {
        assert_eq!(lab.value(&slot(name)).await.as_deref(), Some(*name));
    }
    lab.remove_slot(&slot(names[0])).await;
    assert_eq!(lab.value(&slot(names[1])).await.as_deref(), Some(names[1]), "and removed one by one");

    for name in ["nul\0", "nul\0a", "nul", &format!("{}1", noise(9000)), &format!("{}2", noise(9000))] {
        if lab.store.write_slot(&slot(name), put(name)).await.is_ok() {
            assert_eq!(lab.value(&slot(name)).await.as_deref(), Some(name), "what is not refused is kept");
        }
    }
}

pub(super) async fn a_slot_is_of_one_owner_and_of_one_tab(lab: Lab) {
    // All that could be taken for one another: equal bytes, the same user, the same handle.
    lab.open(session("alice", 1)).await;
    lab.open(NewSession { handle: handle(1), ..session("bob", 2) }).await;
    lab.open(session("alice", 3)).await;
    let owners = [of_session(1), of_session(2), of_session(3), of_user("alice"), of_user("bob"), of_browser(1)];
    let owners = owners.into_iter().chain(TEXTS.iter().map(|user| of_user(user).named("text")));
    let slots: Vec<_> = owners.flat_map(|slot| [slot.clone(), slot.clone().in_tab(1), slot.in_tab(2)]).collect();
    for (place, slot) in slots.iter().enumerate() {
        assert_eq!(lab.slot(slot).await, None, "nobody wrote this one yet: {:?}", slot.owner);
        written(lab.write(slot, put(place.to_string()).anew()).await);
    }
    for (place, slot) in slots.iter().enumerate() {
        assert_eq!(lab.value(slot).await, Some(place.to_string()), "each holds its own: {:?}", slot.owner);
    }
    for slot in slots.iter().step_by(2) {
        lab.remove_slot(slot).await;
    }
    for (place, slot) in slots.iter().enumerate() {
        assert_eq!(lab.slot(slot).await.is_some(), place % 2 == 1, "each is removed by itself: {:?}", slot.owner);
    }
}

pub(super) async fn a_slot_of_a_session_ends_with_it(lab: Lab) {
    for way in 0..7 {
        lab.open(short("alice", 1)).await;
        let slots = [of_session(1), of_session(1).in_tab(1)];
        for slot in &slots {
            lab.put(slot, "private").await;
        }
        match way {
            0 => drop(lab.close(1).await),
            1 => drop(lab.close_handle("alice", 1).await),
            2 => drop(lab.close_all("alice", None).await),
            3 => drop(lab.open(NewSession { replaces: Some(key(1)), ..session("bob", 2) }).await),
            4 => drop(lab.open_within(session("alice", 3), limit(1, WhenFull::CloseOldest)).await),
            // Its time is over; the next log-in removes it, or a purge.
            5 => lab.clock.advance(SHORT),
            _ => {
                lab.clock.advance(SHORT);
                lab.purge(100).await;
            }
        }
        for slot in &slots {
            assert_eq!(lab.slot(slot).await, None, "the slot of a session that ended is not there ({way})");
            assert_eq!(lab.write(slot, put("late")).await, SlotWritten::NoOwner, "nor written ({way})");
            assert_eq!(lab.write(slot, removal()).await, SlotWritten::NoOwner, "nor removed ({way})");
        }
        lab.close_all("alice", None).await;
        // Another session of all the same names.
        lab.open(session("alice", 1)).await;
        for slot in &slots {
            assert_eq!(lab.slot(slot).await, None, "no later session finds it ({way})");
        }
        lab.close_all("alice", None).await;
    }
}

pub(super) async fn slots_of_a_session_survive_a_new_token(lab: Lab) {
    lab.open(session("alice", 1)).await;
    let version = lab.put(&of_session(1), "kept").await;
    lab.put(&of_session(1).in_tab(1), "too").await;
    assert!(lab.rotate(1, 2, Authenticated::Now).await);
    let held = lab.slot(&of_session(2)).await.expect("it is there under the new key");
    assert_eq!((&*held.value, held.version), (&b"kept"[..], version), "as it was");
    assert_eq!(lab.value(&of_session(2).in_tab(1)).await.as_deref(), Some("too"));
    assert_eq!(lab.slot(&of_session(1)).await, None, "the old key reads nothing");
    assert_eq!(lab.write(&of_session(1), put("late")).await, SlotWritten::NoOwner, "and writes nothing");
    written(lab.write(&of_session(2), put("on")).await);
    lab.close_handle("alice", 1).await;
    assert_eq!(lab.slot(&of_session(2)).await, None, "and they end with the session");
}

pub(super) async fn a_write_for_no_live_session_writes_nothing(lab: Lab) {
    lab.open(session("alice", 1)).await;
    lab.close(1).await;
    lab.open(short("alice", 2)).await;
    lab.clock.advance(SHORT);
    // Ended, expired, and never there.
    for number in 1..=3 {
        for expected in [Expected::Any, Expected::Absent, Expected::Version(1)] {
            for write in [put("late"), put("late").anew(), removal()] {
                let answer = lab.write(&of_session(number), write.expecting(expected)).await;
                assert_eq!(answer, SlotWritten::NoOwner, "{number} is no live session");
            }
        }
        assert_eq!(lab.slot(&of_session(number)).await, None);
    }
    assert!(lab.live(1..=3).await.is_empty(), "and none is back");
    assert_eq!(lab.listed("alice").await, [0; 0]);
}

pub(super) async fn a_slot_is_no_activity_of_its_session(lab: Lab) {
    lab.open(session("alice", 1)).await;
    let seen = lab.seen(1).await;
    lab.clock.advance(IDLE / 2);
    lab.put(&of_session(1), "value").await;
    lab.slot(&of_session(1)).await;
    assert_eq!(lab.seen(1).await, seen, "neither a write nor a read");
    lab.clock.advance(IDLE / 2);
    assert_eq!(lab.slot(&of_session(1)).await, None, "so it ends when it would have");
}

pub(super) async fn slots_of_a_user_outlive_the_sessions(lab: Lab) {
    lab.put(&of_user("alice"), "kept").await;
    lab.open(session("alice", 1)).await;
    lab.put(&of_user("alice").in_tab(1), "too").await;
    lab.close_all("alice", None).await;
    lab.clock.advance(Duration::from_hours(24 * 365 * 10));
    lab.purge(100).await;
    assert_eq!(lab.value(&of_user("alice")).await.as_deref(), Some("kept"), "a log-out is not its end");
    assert_eq!(lab.value(&of_user("alice").in_tab(1)).await.as_deref(), Some("too"));
}
