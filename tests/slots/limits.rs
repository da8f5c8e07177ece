//! What does not fit, and what no longer does.

use os_session_tests::log::caught;

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
async fn a_value_that_no_longer_fits_is_reported_and_kept() {
    static BEFORE: Slot<String, scope::User> = Slot::persistent("profile");
    static AFTER: Slot<u32, scope::User> = Slot::persistent("profile");

    #[connected]
    async fn read_anew(session: Session) -> Result<(), Error> {
        BEFORE.set(&session, "s3cret".to_owned()).await?;
        for attempt in [
            AFTER.get(&session).await.map(|_| ()),
            AFTER.take(&session).await.map(|_| ()),
            AFTER.update(&session, |number| *number += 1).await,
        ] {
            let error = attempt.unwrap_err().to_string();
            assert!(error.starts_with("the slot `profile` holds no `u32`"), "{error}");
            assert!(!error.contains("s3cret"), "{error}");
        }
        assert_eq!(BEFORE.get(&session).await?.as_deref(), Some("s3cret"), "kept");
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
