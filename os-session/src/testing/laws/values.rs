//! Values as they come: a store keeps them whole, or refuses them.

use std::time::Duration;

use super::lab::{ABSOLUTE, Lab, ROOMY, handle, key, session};
use crate::store::{Authenticated, End, Inserted, NewSession, SessionHandle};

/// Texts that a query, a pattern, a collation or a typed column would take for one another or spoil.
pub(super) const TEXTS: &[&str] = &[
    "1",
    "01",
    "1.0",
    "1e0",
    "-1",
    "9223372036854775808",
    "null",
    "NULL",
    "true",
    "alice",
    "Alice",
    "ALICE",
    "alice ",
    " alice",
    "alice\t",
    "alice\n",
    "a%",
    "a_",
    "a*",
    "a?",
    "ab",
    "o'brien",
    "o''brien",
    "\"quoted\"",
    "back\\slash",
    "back\\\\slash",
    "a:b",
    "a;b",
    "a,b",
    "{a}",
    "[a]",
    "$1",
    "?1",
    ":a",
    "'; drop table sessions; --",
    "é",
    "e\u{301}",
    "ß",
    "ss",
    "ı",
    "i",
    "İ",
    "æ",
    "ae",
    "日本語",
    "👩‍👩‍👧",
    "👩",
    "\u{feff}a",
    "a\u{200b}",
];

/// Whoever truncates at a usual width takes these for one another.
pub(super) fn long(last: char) -> String {
    format!("{}{last}", "user ".repeat(200))
}

pub(super) async fn moments_are_kept_to_the_millisecond(lab: Lab) {
    let absolute = ABSOLUTE + Duration::from_millis(123);
    lab.open(NewSession { absolute, ..session("alice", 1) }).await;
    let opened = lab.find(1).await.unwrap();
    assert_eq!(opened.ends, opened.opened.after(absolute), "the absolute end");

    let steps = Duration::from_millis(600_123);
    lab.clock.advance(steps);
    lab.touch(1).await;
    let seen = lab.seen(1).await.since(opened.opened);
    assert!(seen >= steps && seen < steps + Duration::from_mins(1), "the moment of activity, and not {seen:?} later");

    let then = opened.opened.after(Duration::from_millis(7));
    lab.rotate(1, 2, Authenticated::At(then)).await;
    assert_eq!(lab.find(2).await.unwrap().authenticated, then, "the moment of authentication");

    let mut before = opened.opened;
    for number in 3..=8 {
        lab.clock.advance(Duration::from_millis(10));
        lab.open(session("bob", number)).await;
        let found = lab.find(number).await.unwrap();
        assert!(found.opened > before, "what is opened ten milliseconds later was opened later");
        assert!(found.opened <= found.now, "and not in the future");
        before = found.opened;
    }
}

pub(super) async fn a_lifetime_may_be_as_long_as_any_duration(lab: Lab) {
    const YEAR: Duration = Duration::from_hours(365 * 24);
    lab.open(NewSession { idle: Duration::MAX, absolute: Duration::MAX, ..session("alice", 1) }).await;
    lab.open(NewSession { idle: Duration::MAX, ..session("alice", 2) }).await;
    lab.open(NewSession { absolute: Duration::MAX, ..session("alice", 3) }).await;
    assert_eq!(lab.live(1..=3).await, [1, 2, 3], "it does not end before it began");
    assert!(lab.touch(1).await, "it is touched as any other");
    let found = lab.find(1).await.unwrap();
    assert!(found.ends.since(found.opened) >= YEAR * 1000, "its end is far");
    lab.clock.advance(ABSOLUTE);
    assert_eq!(lab.live(1..=3).await, [1], "each lifetime counts by itself");
    lab.clock.advance(YEAR * 100);
    assert_eq!(lab.live(1..=3).await, [1], "a hundred years later");
    assert_eq!(lab.listed("alice").await, [1]);
}

pub(super) async fn a_handle_may_be_any_number(lab: Lab) {
    let numbers = [0, 1, (1 << 53) + 1, u64::MAX >> 1, 1 << 63, u64::MAX];
    for (place, number) in (1..).zip(numbers) {
        let handle = SessionHandle::from_u64(number);
        lab.open(NewSession { handle, ..session("alice", place) }).await;
        assert_eq!(lab.find(place).await.unwrap().handle, handle, "it is found as it was given");
        assert_eq!(lab.listed("alice").await, [number], "and listed");
        assert_eq!(lab.close_handle("alice", number).await, Some((number, End::Closed)), "and closes its session");
    }
}

pub(super) async fn a_device_is_kept_as_it_was_given(lab: Lab) {
    let long = long('1');
    let devices = [None, Some(""), Some(" "), Some("Opera’s \"Mini\"\non \\ 'Symbian' 👩‍👩‍👧 %s $1"), Some(&long)];
    for (number, device) in (1..).zip(devices) {
        let device = device.map(Into::into);
        lab.open(NewSession { device: device.clone(), ..session("alice", number) }).await;
        let listed = lab.list("alice").await;
        let listed = listed.iter().find(|session| session.handle == handle(number)).expect("it is listed");
        assert_eq!(listed.device, device);
    }
}

pub(super) async fn users_are_told_apart_by_every_byte(lab: Lab) {
    let long = [long('1'), long('2')];
    let users: Vec<&str> = TEXTS.iter().copied().chain(long.iter().map(String::as_str)).collect();
    for (number, user) in (1..).zip(&users) {
        assert_eq!(lab.open(session(user, number)).await, [], "{user:?} logs nobody out");
    }
    for (number, user) in (1..).zip(&users) {
        assert_eq!(lab.find(number).await.expect("every session is found").user, *user);
        assert_eq!(lab.listed(user).await, [number], "{user:?} has one session");
    }
    for (number, user) in (1..).zip(&users) {
        assert_eq!(lab.close_handle(user, number + 1).await, None, "{user:?} closes no other's session");
        assert_eq!(lab.close_all(user, None).await, [(number, End::Closed)], "{user:?} closes the own one");
    }
}

pub(super) async fn groups_are_told_apart_by_every_byte(lab: Lab) {
    for name in TEXTS {
        lab.create_group(name).await;
    }
    let mut sorted = TEXTS.to_vec();
    sorted.sort_unstable();
    assert_eq!(lab.store.all_groups().await.unwrap(), sorted, "all are there, in the order of their bytes");
    for name in TEXTS.iter().step_by(2) {
        assert!(lab.add("alice", name).await, "{name:?} is a group");
    }
    for (place, name) in TEXTS.iter().enumerate() {
        assert_eq!(lab.is_in("alice", name).await, place % 2 == 0, "{name:?}");
    }
    for user in ["Alice", "alice ", "alic_", "%"] {
        assert!(!lab.is_in(user, TEXTS[0]).await, "{user:?} is somebody else");
    }
}

/// So many characters that no compression makes short.
pub(super) fn noise(long: usize) -> String {
    let mut state = 1_u32;
    std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        char::from(b'!' + u8::try_from(state >> 24).expect("eight bits are left") % 90)
    })
    .take(long)
    .collect()
}

pub(super) async fn what_is_not_kept_whole_is_refused(lab: Lab) {
    let noise = noise(9000);
    let users = ["nul\0", "nul\0a", "nul", &format!("{noise}1"), &format!("{noise}2")];
    for (number, user) in (1..).zip(users) {
        if let Ok(inserted) = lab.store.insert(session(user, number), ROOMY).await {
            assert_eq!(inserted, Inserted::Opened(Vec::new()), "it takes nobody's place");
            assert_eq!(lab.find(number).await.expect("what was opened is found").user, user, "it is cut off nowhere");
            assert_eq!(lab.listed(user).await, [number], "and nobody else's");
        } else {
            assert_eq!(lab.store.find(&key(number)).await.unwrap(), None, "what was refused is not there");
        }
    }
}
