//! Two nodes over one database, at the same moment.

use std::num::NonZeroU32;
use std::time::Duration;

use os_session::testing::Clock;
use os_session::{
    LeasedStore, Limit, PostgresStore, SlotKey, SlotLimits, SlotOwner, SlotWrite, Store as _, TabKey, UserId, WhenFull,
};
use os_session_tests::postgres::TestSchema;
use os_session_tests::store::new_session;

use crate::{LIMIT, handle, key, rotation, session};

#[tokio::test]
async fn the_time_is_the_databases() {
    let schema = TestSchema::new();
    let (one, other) = (schema.store(Clock::new()).await, schema.store(Clock::new()).await);
    one.insert(session("alice", 1).await, LIMIT).await.unwrap();
    let client = schema.client().await;
    let opened: i64 = client.query_one_scalar("select opened from session", &[]).await.unwrap();
    let now = "select floor(extract(epoch from clock_timestamp()) * 1000)::bigint";
    let before: i64 = client.query_one_scalar(now, &[]).await.unwrap();
    let found = other.find(&key(1)).await.unwrap().unwrap();
    let after: i64 = client.query_one_scalar(now, &[]).await.unwrap();
    assert_eq!(found.opened.as_millis(), u64::try_from(opened).unwrap());
    assert!((before..=after).contains(&i64::try_from(found.now.as_millis()).unwrap()));

    // Not by much, or the test would have to wait: the database says that it is tomorrow.
    client
        .batch_execute(
            "create or replace function moment_1(turned bigint) returns bigint language sql volatile as
             $$ select floor(extract(epoch from clock_timestamp()) * 1000)::bigint + turned + 86400000 $$",
        )
        .await
        .unwrap();
    let tomorrow = other.find(&key(1)).await.unwrap().unwrap();
    assert!(tomorrow.now.since(found.now) >= Duration::from_hours(24), "no node has a say in it");
}

/// Everything that locks more than one row, or one of another user's, at once: a deadlock would be an error.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_deadlocks_under_contention() {
    let schema = TestSchema::new();
    contention(&schema, Duration::from_secs(1)).await;
}

/// With a node on the list every revocation waits for its place in the log as well.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_deadlocks_where_a_node_remembers() {
    let schema = TestSchema::new();
    let remembers = LeasedStore::builder(schema.store(Clock::new()).await).lease(Duration::from_millis(100)).start();
    let remembers = remembers.unwrap();
    while !remembers.holds_lease() {
        tokio::task::yield_now().await;
    }
    // What a test's clock has ended, the triggers take for live.
    contention(&schema, Duration::ZERO).await;
    assert!(remembers.holds_lease());
}

/// How PostgreSQL says so: a deadlock would be 40P01.
const KEY_IN_USE: &str = "PostgreSQL answered 23505:";

async fn contention(schema: &TestSchema, turn: Duration) {
    let clock = Clock::new();
    let builder = || schema.builder().clock(clock.clone()).max_connections(8).deadline(Duration::from_secs(30));
    // Whatever the database's default is: a serialization failure would be an error, too.
    let url = format!("{}?options[default_transaction_isolation]=serializable", schema.url);
    let nodes = [builder().connect(&url).await.unwrap(), builder().connect(&url).await.unwrap()];
    nodes[0].create_group("staff").await.unwrap();
    let template = new_session("alice").await;
    let workers: Vec<_> = (0..16_u8)
        .map(|worker| {
            let (store, template, clock) = (nodes[usize::from(worker % 2)].clone(), template.clone(), clock.clone());
            tokio::spawn(async move {
                for round in 0..40_u8 {
                    contend(&store, &template, worker, round).await.unwrap();
                    clock.advance(turn);
                }
            })
        })
        .collect();
    for worker in workers {
        worker.await.unwrap();
    }
    for user in ["alice", "bob"] {
        assert!(nodes[0].list(&user.into()).await.unwrap().len() <= 3, "and the limit holds for {user}");
    }
}

async fn contend(
    store: &PostgresStore,
    template: &os_session::NewSession,
    worker: u8,
    round: u8,
) -> Result<(), os_session::StoreError> {
    let [user, other] = if worker.is_multiple_of(2) { ["alice", "bob"] } else { ["bob", "alice"] }.map(UserId::from);
    // Of the other user, often enough.
    let victims = store.list(&other).await?;
    let victim = victims.get(usize::from(round) % victims.len().max(1)).map(|victim| victim.key);
    let mut new = template.clone();
    let number = u64::from(worker) << 8 | u64::from(round);
    new.key = os_session::SessionKey::from_bytes([number.to_be_bytes(); 4].concat().try_into().unwrap());
    new.handle = handle(number);
    new.user = user.clone();
    new.replaces = victim;
    new.idle = Duration::from_secs(20);
    let limit = Limit { sessions: NonZeroU32::new(3).unwrap(), when_full: WhenFull::CloseOldest };
    store.insert(new.clone(), limit).await?;
    store.add_to_group(&user, "staff").await?;
    // Of the own session, of one that another may be closing, of both users and of a browser that all share.
    let owners = [
        SlotOwner::Session(new.key),
        SlotOwner::Session(victim.unwrap_or(new.key)),
        SlotOwner::User(user.clone()),
        SlotOwner::User(other.clone()),
        SlotOwner::Browser(crate::browser(round % 3)),
    ];
    for owner in owners {
        let slot = SlotKey {
            owner,
            tab: round.is_multiple_of(2).then(|| TabKey::from_bytes([worker; 32])),
            ..crate::slot(&new.key)
        };
        let limits = SlotLimits { slots: NonZeroU32::MAX, tabs: NonZeroU32::new(3).unwrap() };
        store.write_slot(&slot, SlotWrite { limits, ..crate::value("value") }).await?;
        if round.is_multiple_of(5) {
            store.write_slot(&slot, SlotWrite { limits, value: None, ..crate::value("") }).await?;
        }
    }
    match worker % 4 {
        0 => drop(store.touch_browser(&crate::browser(round % 3)).await?),
        1 => drop(store.close_all_with_browsers(&other).await?),
        2 => {
            let rotated = store.rotate_browser(&crate::browser(1), &crate::browser(2), Some(handle(2))).await;
            // Another may have the key by now, and nothing else may go wrong.
            rotated
                .map(drop)
                .or_else(|error| if error.to_string().contains(KEY_IN_USE) { Ok(()) } else { Err(error) })?;
        }
        _ => drop(store.forget_browser(&crate::browser(2)).await?),
    }
    match (worker + round) % 6 {
        0 => drop(store.close_all(&other, None).await?),
        1 => drop((store.purge(10).await?, store.remove_from_group(&other, "staff").await?)),
        2 => drop(store.touch(&new.key).await?),
        3 => {
            let mut to = *new.key.as_bytes();
            to[0] ^= 0xff;
            let to = os_session::SessionKey::from_bytes(to);
            store.rotate(os_session::Rotation { from: new.key, to, ..rotation(0, 0) }).await?;
        }
        4 => drop(store.close_handle(&user, new.handle).await?),
        _ => drop(store.close(&new.key).await?),
    }
    Ok(())
}
