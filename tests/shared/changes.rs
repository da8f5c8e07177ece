//! What nodes hear of each other, as far as an application sees it.

use std::sync::Arc;
use std::time::Duration;

use os_session::routing::{Router, get, post};
use os_session::testing::{Browser, Clock};
use os_session::{Error, Groups as _, LeasedStore, Session, Sessions, Slot, UserId, connected, scope};
use os_session_tests::proxy::Proxy;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::time::timeout;

use crate::Place;
use crate::site::{COOKIE, node};

/// Tells when the session of its request is closed.
#[connected]
pub(crate) async fn watch(session: Session, axum::Extension(told): axum::Extension<UnboundedSender<()>>) {
    let begun = told.clone();
    tokio::spawn(async move {
        let mut closed = std::pin::pin!(session.closed());
        // The first look at the store is over with the first poll that has to wait for something else.
        let _ = timeout(Duration::from_millis(300), &mut closed).await;
        let _ = begun.send(());
        closed.await;
        let _ = told.send(());
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ends_elsewhere_is_heard_and_not_asked_for() {
    let place = Place::new();
    let (one, _) = node(&place.store(Clock::new()).await, |builder| builder).await;
    let proxy = Proxy::before(&place.url).await;
    let other = Sessions::builder().store(place.store_at(&proxy.url(), Clock::new()).await).build().await.unwrap();
    let (told, mut tells) = unbounded_channel::<()>();
    let router = Router::new().route("/watch", get(watch)).layer(axum::Extension(told));
    let app = router.with_sessions(&other).unwrap();
    let mut alice = Browser::connected(&app, &other, "alice").await.unwrap();
    alice.get("/watch").await;
    tells.recv().await.unwrap();
    let handle = other.of_user("alice").await.unwrap()[0].handle;
    // A pause in which a store that is not heard would be asked twice.
    proxy.hears().await;
    proxy.trips();
    tokio::time::sleep(Duration::from_millis(2100)).await;
    assert_eq!(proxy.trips(), 0, "nobody asks");
    one.close("alice", handle).await.unwrap();
    timeout(Duration::from_millis(900), tells.recv()).await.expect("it is heard before it would be asked for").unwrap();
}

/// Notifies when it is dropped.
struct Held(UnboundedSender<()>);

impl Drop for Held {
    fn drop(&mut self) {
        let _ = self.0.send(());
    }
}

static HELD: Slot<Arc<Held>, scope::Session> = Slot::volatile();

#[connected]
async fn hold(session: Session, axum::Extension(told): axum::Extension<UnboundedSender<()>>) -> Result<(), Error> {
    HELD.set(&session, Arc::new(Held(told))).await
}

#[connected]
async fn holds(session: Session) -> Result<String, Error> {
    Ok(HELD.get(&session).await?.is_some().to_string())
}

#[connected]
async fn confirm(session: Session) -> Result<(), Error> {
    session.confirm().await
}

/// A node is notified of a new token as it is of an end.
#[tokio::test(flavor = "multi_thread")]
async fn volatile_values_of_a_session_go_when_it_ends_elsewhere_and_not_when_its_token_changes() {
    let place = Place::new();
    let one = Sessions::builder().store(place.store(Clock::new()).await).build().await.unwrap();
    let here = Router::new().route("/confirm", post(confirm)).with_sessions(&one).unwrap();
    let proxy = Proxy::before(&place.url).await;
    let other = Sessions::builder().store(place.store_at(&proxy.url(), Clock::new()).await).build().await.unwrap();
    let (told, mut tells) = unbounded_channel::<()>();
    let router = Router::new().route("/hold", post(hold)).route("/holds", get(holds)).layer(axum::Extension(told));
    let there = router.with_sessions(&other).unwrap();
    proxy.hears().await;

    let mut alice = Browser::connected(&there, &other, "alice").await.unwrap();
    let mut bob = Browser::connected(&there, &other, "bob").await.unwrap();
    assert_eq!(alice.post("/hold", &[]).await.status(), 200);
    assert_eq!(bob.post("/hold", &[]).await.status(), 200);
    let mut elsewhere = Browser::new(&here);
    elsewhere.set_cookie(COOKIE, alice.cookie(COOKIE).unwrap());
    assert_eq!(elsewhere.post("/confirm", &[]).await.status(), 200);
    one.disconnect_all("bob").await.unwrap();
    timeout(Duration::from_secs(10), tells.recv()).await.expect("the value is dropped").unwrap();
    alice.set_cookie(COOKIE, elsewhere.cookie(COOKIE).unwrap());
    assert_eq!(alice.get("/holds").await.text(), "true", "the session lives");
    assert!(tells.try_recv().is_err());
}

/// Groups of an application's own that are remembered, and what a node decides by them.
#[tokio::test(flavor = "multi_thread")]
async fn groups_that_are_remembered_are_forgotten_on_every_node() {
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    let place = Place::new();
    let (is_admin, asked) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicUsize::new(0)));
    let provider = || {
        let (is_admin, asked) = (is_admin.clone(), asked.clone());
        let groups = move |_: UserId| {
            asked.fetch_add(1, Ordering::SeqCst);
            let admin = is_admin.load(Ordering::SeqCst);
            async move { if admin { vec!["admin"] } else { vec![] } }
        };
        (["admin", "banned"], groups.cached())
    };
    let strict = place.store(Clock::new()).await;
    let leased = LeasedStore::new(place.store(Clock::new()).await).unwrap();
    // It has a lease when it has joined.
    while !leased.holds_lease() {
        tokio::task::yield_now().await;
    }
    let (names, groups) = provider();
    let (one, here) = node(&strict, |builder| builder.groups(names, groups)).await;
    let (names, groups) = provider();
    let (other, there) = node(&leased, |builder| builder.groups(names, groups)).await;
    let mut alice = Browser::connected(&here, &one, "alice").await.unwrap();
    let mut elsewhere = Browser::new(&there);
    elsewhere.set_cookie(COOKIE, alice.cookie(COOKIE).unwrap());
    for browser in [&mut alice, &mut elsewhere] {
        for _ in 0..3 {
            assert_eq!(browser.get("/admin").await.status(), 200);
        }
    }
    assert_eq!(asked.load(Ordering::SeqCst), 3 + 1, "one asks each time, the other remembers under its lease");

    is_admin.store(false, Ordering::SeqCst);
    one.groups_changed("alice").await.unwrap();
    assert_eq!(elsewhere.get("/admin").await.status(), 403, "once that has returned");
    other.shutdown().await;
    assert!(!leased.holds_lease(), "what has stopped remembers nothing");
    is_admin.store(true, Ordering::SeqCst);
    assert_eq!(elsewhere.get("/admin").await.status(), 200, "and works as before");
}
