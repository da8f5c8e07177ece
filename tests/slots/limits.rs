//! What does not fit, and what no longer does.

use std::collections::BTreeMap;

use os_session::{SlotFailure, SqliteStore, Store};
use os_session_tests::log::caught;
use os_session_tests::postgres::TestSchema;
use os_session_tests::redis::TestPrefix;
use serde::{Deserialize, Serialize};

use super::*;

static BIG: Slot<String, scope::User> = Slot::persistent("big");

#[connected(opt)]
async fn big(session: Session, Path(bytes): Path<usize>) -> Result<(), Error> {
    BIG.set(&session, "x".repeat(bytes)).await
}

#[connected]
async fn size(session: Session) -> Result<String, Error> {
    Ok(BIG.get(&session).await?.map_or(0, |value| value.len()).to_string())
}

#[tokio::test]
async fn a_value_has_a_size() {
    let site = Site::over(|_| Sessions::builder().max_slot_bytes(1_000)).await;
    let app = routing::Router::new().route("/big/{bytes}", post(big)).route("/size", get(size));
    let app = app.with_sessions(&site.sessions).unwrap();
    let mut alice = Browser::connected(&app, &site.sessions, "alice").await.unwrap();
    assert_eq!(alice.post("/big/998", &[]).await.status(), 200, "with its quotes it is 1000 bytes");
    let answer = alice.post("/big/999", &[]).await;
    assert_eq!(answer.status(), 413);
    assert_eq!(alice.get("/size").await.text(), "998", "nothing was lost");
}

#[tokio::test]
async fn a_scope_has_room_for_so_many() {
    static ONE: Slot<u32, scope::User> = Slot::persistent("one");
    static TWO: Slot<u32, scope::User> = Slot::persistent("two");
    static THREE: Slot<u32, scope::User> = Slot::volatile();
    static FOUR: Slot<u32, scope::User> = Slot::volatile();

    #[connected]
    async fn fill(session: Session) -> Result<(), Error> {
        for (first, second) in [(&ONE, &TWO), (&THREE, &FOUR)] {
            first.set(&session, 1).await?;
            let error = second.set(&session, 1).await.unwrap_err();
            assert!(error.to_string().contains("the 1 that `max_slots` allows"), "{error}");
            first.set(&session, 2).await?;
            first.take(&session).await?;
            second.set(&session, 1).await?;
        }
        Ok(())
    }

    let site = Site::over(|_| Sessions::builder().max_slots(1)).await;
    let app = routing::Router::new().route("/", post(fill)).with_sessions(&site.sessions).unwrap();
    let mut alice = Browser::connected(&app, &site.sessions, "alice").await.unwrap();
    assert_eq!(alice.post("/", &[]).await.status(), 200);
}

/// After a release that changed the type.
#[tokio::test]
async fn a_value_that_no_longer_fits_is_reported_and_kept_until_it_is_replaced_or_removed() {
    static BEFORE: Slot<String, scope::User> = Slot::persistent("profile");
    static AFTER: Slot<u32, scope::User> = Slot::persistent("profile");

    fn assert_reported<T: std::fmt::Debug>(outcome: Result<T, Error>) {
        let error = outcome.unwrap_err().to_string();
        assert!(error.starts_with("the slot `profile` holds no `u32`"), "{error}");
        assert!(!error.contains("s3cret"), "{error}");
    }

    #[connected]
    async fn read_anew(session: Session) -> Result<(), Error> {
        let spoil = async || BEFORE.set(&session, "s3cret".to_owned()).await;
        spoil().await?;
        assert_reported(AFTER.get(&session).await);
        assert_reported(AFTER.update(&session, |number| *number += 1).await);
        assert_eq!(BEFORE.get(&session).await?.as_deref(), Some("s3cret"), "kept");

        assert_reported(AFTER.take(&session).await);
        assert_eq!(AFTER.get(&session).await?, None, "taken");
        spoil().await?;
        assert!(AFTER.remove(&session).await?);
        assert!(!AFTER.remove(&session).await?, "it is gone");
        assert_eq!(AFTER.get(&session).await?, None, "removed");
        spoil().await?;
        AFTER.set(&session, 7).await?;
        assert_eq!(AFTER.get(&session).await?, Some(7), "replaced");

        spoil().await?;
        AFTER.get(&session).await?;
        Ok(())
    }

    let site = Site::new().await;
    let app = routing::Router::new().route("/", post(read_anew)).with_sessions(&site.sessions).unwrap();
    let mut alice = Browser::connected(&app, &site.sessions, "alice").await.unwrap();
    let (lines, _guard) = caught();
    let answer = alice.post("/", &[]).await;
    assert_eq!(answer.status(), 500);
    assert!(!answer.text().contains("profile"), "no internal text leaves the server: {}", answer.text());
    let lines = lines.take();
    assert!(lines.iter().any(|line| line.contains("the slot `profile` holds no `u32`")), "{lines:?}");
    assert!(!lines.iter().any(|line| line.contains("s3cret")), "{lines:?}");
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Profile {
    weight: f64,
    shape: Option<Shape>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind")]
enum Shape {
    Round { radius: f32 },
}

/// Deeper than `serde_json` decodes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Nested(Option<Box<Nested>>, u8);

static PROFILE: Slot<Profile, scope::User> = Slot::persistent("checked");
static WEIGHT: Slot<f64, scope::Session> = Slot::persistent("weight");
static WEIGHTS: Slot<BTreeMap<String, Vec<f32>>, scope::UserIndepSession> = Slot::persistent("weights");
static NESTED: Slot<Nested, scope::UserIndepSession> = Slot::persistent("nested");

fn assert_refused<T: std::fmt::Debug>(outcome: Result<T, Error>) {
    let error = outcome.unwrap_err();
    assert!(matches!(&error, Error::Slot(slot) if matches!(slot.failure, SlotFailure::Encode(_))), "{error}");
    assert!(error.to_string().contains("does not decode as"), "{error}");
}

#[connected]
async fn write_what_never_decodes(session: Session) -> Result<(), Error> {
    let good = Profile { weight: 1.0, shape: None, notes: vec!["a note".to_owned()] };
    PROFILE.set(&session, good.clone()).await?;
    for bad in [
        Profile { weight: f64::NAN, ..good.clone() },
        Profile { weight: f64::NEG_INFINITY, ..good.clone() },
        Profile { shape: Some(Shape::Round { radius: f32::INFINITY }), ..good.clone() },
        Profile { notes: Vec::new(), ..good.clone() },
    ] {
        assert_refused(PROFILE.set(&session, bad.clone()).await);
        assert_refused(PROFILE.update(&session, |profile| *profile = bad.clone()).await);
        assert_refused(PROFILE.update_or_else(&session, Profile::default, |profile| *profile = bad.clone()).await);
    }
    assert_eq!(PROFILE.get(&session).await?, Some(good), "nothing was lost");

    assert_refused(WEIGHT.set(&session, f64::NAN).await);
    assert_refused(WEIGHT.update(&session, |weight| *weight = f64::NAN).await);
    assert_refused(WEIGHTS.set(&session, BTreeMap::from([("a".to_owned(), vec![0.5, f32::NAN])])).await);
    let deep = (0..200).fold(Nested::default(), |nested, depth| Nested(Some(Box::new(nested)), depth));
    assert_refused(NESTED.set(&session, deep).await);
    assert_eq!((WEIGHT.get(&session).await?, NESTED.get(&session).await?), (None, None), "nothing was written");
    Ok(())
}

async fn assert_never_stored(store: impl Store) {
    let site = Site::over(|_| Sessions::builder().store(store)).await;
    let app = routing::Router::new().route("/", post(write_what_never_decodes)).with_sessions(&site.sessions).unwrap();
    let mut alice = Browser::connected(&app, &site.sessions, "alice").await.unwrap();
    let answer = alice.post("/", &[]).await;
    assert_eq!(answer.status(), 200, "{}", answer.text());
    assert!(answer.header("set-cookie").is_none(), "no browser for a value that was refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_that_would_not_decode_is_refused_when_it_is_written() {
    assert_never_stored(MemoryStore::default()).await;
    let folder = tempfile::tempdir().unwrap();
    assert_never_stored(SqliteStore::open(folder.path().join("slots.db")).await.unwrap()).await;
    let schema = TestSchema::new();
    assert_never_stored(schema.store(Clock::new()).await).await;
    let prefix = TestPrefix::new();
    assert_never_stored(prefix.store(Clock::new()).await).await;
}
