//! Slots that are known when the program starts: a target of its own, since in any other the mistakes here would stop every test.

use os_session::testing::Clock;
use os_session::{MemoryStore, Sessions, Slot, SqliteStore, Store as _, scope, slot};
use os_session_tests::postgres::TestSchema;

#[slot]
static CART: Slot<u32, scope::UserIndepSession> = Slot::persistent("cart");

/// Another scope is another value.
#[slot]
static USERS_CART: Slot<u32, scope::User> = Slot::persistent("cart");

#[slot]
static VOLATILE: Slot<u32, scope::User> = Slot::volatile();

#[slot]
static ANOTHER_VOLATILE: Slot<u32, scope::User> = Slot::volatile();

#[cfg(any())]
#[slot]
static LEFT_OUT: Slot<u32, scope::User> = Slot::persistent("cart");

mod elsewhere {
    use super::*;

    #[slot]
    static CART: Slot<String, scope::UserIndepSession> = Slot::persistent("cart");
}

#[tokio::test]
async fn two_of_one_name_and_scope_are_refused() {
    let error = Sessions::builder().store(MemoryStore::default()).build().await.unwrap_err().to_string();
    let lines: Vec<_> = error.lines().skip(1).collect();
    let [line] = &lines[..] else { panic!("one mistake: {error}") };
    assert!(line.starts_with("  - the slots registered_slots::CART (tests/registered_slots/main.rs:7) and "), "{line}");
    assert!(
        line.ends_with(
            "registered_slots::elsewhere::CART (tests/registered_slots/main.rs:27) are both called `cart` in \
             `scope::UserIndepSession`; give one of them another name"
        ),
        "{line}"
    );
}

#[tokio::test]
async fn only_a_database_that_others_use_is_shared() {
    assert!(!MemoryStore::default().is_shared());
    let folder = tempfile::tempdir().unwrap();
    assert!(!SqliteStore::open(folder.path().join("app.db")).await.unwrap().is_shared());
    let schema = TestSchema::new();
    assert!(schema.store(Clock::new()).await.is_shared());
}
