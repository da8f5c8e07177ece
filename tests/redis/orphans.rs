//! What is over leaves nothing behind.

use std::num::NonZeroU32;
use std::time::Duration;

use os_session::testing::Clock;
use os_session::{
    Authenticated, BrowserKey, Expected, Limit, NewBrowser, NewSession, RedisStore, Rotation, SessionHandle,
    SessionKey, SlotKey, SlotLimits, SlotOwner, SlotWrite, Store as _, TabKey, UserId, WhenFull,
};
use os_session_tests::redis::TestPrefix;

use crate::{LIMIT, browser, handle, key, rotation, session, slot, value};

fn in_tab(slot: SlotKey, number: u8) -> SlotKey {
    SlotKey { tab: Some(TabKey::from_bytes([number; 32])), ..slot }
}

fn of_browser(number: u8) -> SlotKey {
    SlotKey { owner: SlotOwner::Browser(browser(number)), ..slot(&key(1)) }
}

/// A session of alice with values, and a browser in which it is open, with values as well.
async fn furnished(store: &RedisStore) {
    store.insert(session("alice", 1).await, LIMIT).await.unwrap();
    for owner in [slot(&key(1)), of_browser(1)] {
        store.write_slot(&owner, value("beside the tabs")).await.unwrap();
        for number in 1..=3 {
            store.write_slot(&in_tab(owner.clone(), number), value("in a tab")).await.unwrap();
        }
    }
}

#[tokio::test]
async fn no_way_to_end_leaves_anything_behind() {
    let user = UserId::from("alice");
    for way in 0..9 {
        let (prefix, clock) = (TestPrefix::new(), Clock::new());
        let store = prefix.store(clock.clone()).await;
        furnished(&store).await;
        store.rotate(rotation(1, 2)).await.unwrap();
        store.rotate_browser(&browser(1), &browser(2), Some(handle(1))).await.unwrap();
        assert!(prefix.keys().len() > 10, "{:?}", prefix.keys());
        let one = Limit { sessions: NonZeroU32::MIN, when_full: WhenFull::CloseOldest };
        let mut another = session("alice", 3).await;
        match way {
            0 => drop(store.close(&key(2)).await.unwrap().unwrap()),
            1 => drop(store.close_handle(&user, handle(1)).await.unwrap().unwrap()),
            2 => drop(store.close_all(&user, None).await.unwrap()),
            3 => drop(store.close_all_with_browsers(&user).await.unwrap()),
            4 => drop(store.insert(another, one).await.unwrap()),
            5 => {
                another.replaces = Some(key(2));
                another.user = "bob".into();
                store.insert(another, LIMIT).await.unwrap();
            }
            6 => {
                clock.advance(Duration::from_hours(24 * 365));
                store.insert(another, LIMIT).await.unwrap();
            }
            7 => {
                clock.advance(Duration::from_hours(24 * 365));
                assert_eq!(store.purge(100).await.unwrap().len(), 1);
                assert_eq!(prefix.keys(), ["counter"], "a purge");
            }
            _ => {
                // What is there under the key of one that is over is another.
                clock.advance(Duration::from_hours(24 * 365));
                store.write_slot(&of_browser(2), value("anew")).await.unwrap();
                store.close(&key(2)).await.unwrap();
            }
        }
        if way == 3 {
            assert_eq!(prefix.keys(), ["counter"], "a log-out everywhere");
        }
        store.close(&key(3)).await.unwrap();
        assert!(!prefix.keys().iter().any(|name| name.starts_with("session")), "{way}: {:?}", prefix.keys());
        store.forget_browser(&browser(2)).await.unwrap();
        assert_eq!(prefix.keys(), ["counter"], "{way}");
    }
}

#[tokio::test]
async fn a_user_whose_values_and_groups_are_gone_leaves_nothing_behind() {
    let prefix = TestPrefix::new();
    let store = prefix.store(Clock::new()).await;
    let of_user = SlotKey { owner: SlotOwner::User("alice".into()), ..slot(&key(1)) };
    store.create_group("staff").await.unwrap();
    store.add_to_group(&"alice".into(), "staff").await.unwrap();
    for owner in [of_user.clone(), in_tab(of_user, 1)] {
        store.write_slot(&owner, value("value")).await.unwrap();
        store.write_slot(&owner, SlotWrite { value: None, ..value("") }).await.unwrap();
    }
    store.remove_from_group(&"alice".into(), "staff").await.unwrap();
    assert_eq!(prefix.keys(), ["counter", "groups"]);
}

/// The same numbers in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }

    fn byte(&mut self, most: u64) -> u8 {
        u8::try_from(self.below(most)).expect("it is below 256")
    }
}

#[tokio::test]
async fn after_a_purge_of_whatever_happened_nothing_is_left() {
    for seed in 0..6 {
        let (prefix, clock) = (TestPrefix::new(), Clock::new());
        let store = prefix.store(clock.clone()).await;
        let mut numbers = Numbers(seed);
        for step in 0..400_u32 {
            anything(&store, &clock, &mut numbers, step).await;
        }
        clock.advance(Duration::from_hours(24 * 365));
        store.purge(usize::MAX).await.unwrap();
        assert_eq!(prefix.keys(), ["counter"], "seed {seed}");
    }
}

fn fresh_key(step: u32) -> SessionKey {
    let mut bytes = [0xff; 32];
    bytes[..4].copy_from_slice(&step.to_le_bytes());
    SessionKey::from_bytes(bytes)
}

async fn anything(store: &RedisStore, clock: &Clock, numbers: &mut Numbers, step: u32) {
    let user = UserId::from(["alice", "bob", ""][usize::from(numbers.byte(2))]);
    // Those of the last steps, most of them of sessions that are or were.
    let recent = fresh_key(step.saturating_sub(u32::from(numbers.byte(30))));
    let limits = SlotLimits { slots: NonZeroU32::new(2).unwrap(), tabs: NonZeroU32::new(2).unwrap() };
    let open = |numbers: &mut Numbers| Some(handle(step.saturating_sub(u32::from(numbers.byte(20))).into()));
    match numbers.below(12) {
        0..=2 => {
            let mut new = NewSession::new(fresh_key(step), user, SessionHandle::from_u64(step.into()));
            new.idle = Duration::from_mins(numbers.below(60));
            new.replaces = (numbers.below(3) == 0).then_some(recent);
            let limit = Limit { sessions: NonZeroU32::new(4).unwrap(), when_full: WhenFull::CloseOldest };
            store.insert(new, limit).await.unwrap();
        }
        3 => {
            let to = fresh_key(step);
            store.rotate(Rotation { from: recent, to, authenticated: Authenticated::Now }).await.unwrap();
        }
        4 => drop(store.touch(&recent).await.unwrap()),
        5 => drop(store.close(&recent).await.unwrap()),
        6 => clock.advance(Duration::from_mins(numbers.below(10))),
        7 => match numbers.below(4) {
            0 => drop(store.close_all_with_browsers(&user).await.unwrap()),
            1 => drop(store.close_all(&user, Some(&recent)).await.unwrap()),
            _ => drop(store.purge(3).await.unwrap()),
        },
        8 => {
            let (from, to) = (browser(numbers.byte(6)), browser(numbers.byte(6)));
            // The key may be taken.
            let _ = store.rotate_browser(&from, &to, open(numbers)).await;
        }
        9 => {
            let seen: BrowserKey = browser(numbers.byte(6));
            match numbers.below(3) {
                0 => drop(store.forget_browser(&seen).await.unwrap()),
                _ => drop(store.touch_browser(&seen).await.unwrap()),
            }
        }
        _ => {
            let owner = match numbers.below(2) {
                0 => SlotOwner::Session(recent),
                _ => SlotOwner::Browser(browser(numbers.byte(6))),
            };
            let tab = (numbers.below(3) > 0).then(|| TabKey::from_bytes([numbers.byte(4); 32]));
            let name = ["a", "b", "c"][usize::from(numbers.byte(3))];
            let idle = Duration::from_mins(numbers.below(60));
            let write = SlotWrite {
                expected: Expected::Any,
                value: (numbers.below(3) > 0).then(|| b"value".as_slice().into()),
                limits,
                new_browser: Some(NewBrowser {
                    idle,
                    new_idle: (numbers.below(2) > 0).then_some(idle / 2),
                    most: NonZeroU32::new(4).unwrap(),
                    session: open(numbers),
                }),
                came_back: numbers.below(2) > 0,
            };
            store.write_slot(&SlotKey { owner, tab, name: name.into() }, write).await.unwrap();
        }
    }
}
