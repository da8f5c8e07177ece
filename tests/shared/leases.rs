//! Nodes that remember, and what a log-out waits for when something went wrong before it.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use os_session::routing::{Router, get, post};
use os_session::testing::{Browser, Clock};
use os_session::{
    Change, Error, Groups as _, LeaseStore, LeasedStore, Listener, News, Session, Sessions, Store, UserId, connected,
};
use os_session_tests::proxy::Proxy;
use tokio::sync::mpsc::unbounded_channel;
use tokio::time::timeout;

use crate::shared_changes::watch;
use crate::site::{COOKIE, node};
use crate::{LIMIT, Place, key, session};

const LEASE: Duration = Duration::from_millis(1500);

async fn holds_lease<S: LeaseStore>(store: &LeasedStore<S>) {
    while !store.holds_lease() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Two applications in one process, of which the second listened last.
#[tokio::test(flavor = "multi_thread")]
async fn all_who_share_a_store_that_remembers_forget() {
    let place = Place::new();
    let leased = LeasedStore::new(place.store(Clock::new()).await).unwrap();
    holds_lease(&leased).await;
    let is_admin = Arc::new(AtomicBool::new(true));
    let groups = || {
        let is_admin = is_admin.clone();
        let provider = move |_: UserId| {
            let admin = is_admin.load(Ordering::SeqCst);
            async move { if admin { vec!["admin"] } else { vec![] } }
        };
        provider.cached()
    };
    let (one, here) = node(&leased, |builder| builder.groups(["admin", "banned"], groups())).await;
    let (other, _) = node(&leased, |builder| builder.groups(["admin", "banned"], groups())).await;
    let mut alice = Browser::connected(&here, &one, "alice").await.unwrap();
    assert_eq!(alice.get("/admin").await.status(), 200);

    is_admin.store(false, Ordering::SeqCst);
    other.groups_changed("alice").await.unwrap();
    assert_eq!(alice.get("/admin").await.status(), 403);
}

/// An application's own code that panics when it is told to forget.
#[tokio::test(flavor = "multi_thread")]
async fn a_listener_that_panics_costs_the_lease_and_comes_back() {
    let place = Place::new();
    let strict = place.store(Clock::new()).await;
    let leased = LeasedStore::builder(strict.clone()).lease(LEASE).start().unwrap();
    let panics = Arc::new(AtomicBool::new(false));
    let (told, mut tells) = unbounded_channel();
    let listener = Listener::new({
        let panics = panics.clone();
        move |news| {
            if matches!(news, News::Forget(_)) {
                let _ = told.send(());
                assert!(!panics.load(Ordering::SeqCst), "as the test wants it");
            }
        }
    });
    tokio::spawn({
        let leased = leased.clone();
        async move { leased.listen(listener).await }
    });
    tells.recv().await.expect("it is told at first");
    holds_lease(&leased).await;
    strict.insert(session("alice", 1).await, LIMIT).await.unwrap();
    assert!(leased.find(&key(1)).await.unwrap().is_some() && leased.find_now(&key(1)).is_some());

    panics.store(true, Ordering::SeqCst);
    strict.close(&key(1)).await.unwrap().expect("it was there");
    assert!(leased.find_now(&key(1)).is_none() && !leased.holds_lease());
    panics.store(false, Ordering::SeqCst);
    timeout(Duration::from_secs(10), holds_lease(&leased)).await.expect("it comes back");
    let listed = strict.nodes_behind(u32::MAX.into()).await.unwrap();
    assert_eq!(listed.len(), 1, "nobody waits for what it was before");
}

#[connected(opt)]
async fn logout(session: Session) -> Result<(), Error> {
    session.disconnect().await
}

#[connected(opt)]
async fn logout_having_looked(session: Session) -> Result<String, Error> {
    let user = session.user().await?;
    session.disconnect().await?;
    Ok(format!("{user:?}"))
}

#[connected(opt)]
async fn logout_everywhere(session: Session) -> Result<(), Error> {
    session.disconnect_all().await
}

/// The first log-out was given up by whoever asked for it, and a node that remembers is there no more.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_out_that_finds_nobody_waits_for_the_one_before() {
    for path in ["/logout", "/logout-having-looked", "/logout-everywhere"] {
        let place = Place::new();
        let store = place.store(Clock::new()).await;
        let sessions = Sessions::builder().store(store.clone()).build().await.unwrap();
        let router = Router::new()
            .route("/logout", post(logout))
            .route("/logout-having-looked", post(logout_having_looked))
            .route("/logout-everywhere", post(logout_everywhere));
        let app = router.with_sessions(&sessions).unwrap();
        let mut alice = Browser::connected(&app, &sessions, "alice").await.unwrap();
        store.join_leases("is-there-no-more", LEASE).await.unwrap();

        let first = tokio::spawn({
            let sessions = sessions.clone();
            async move { sessions.disconnect_all("alice").await }
        });
        while !sessions.of_user("alice").await.unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
        assert!(!first.is_finished(), "it waits for the node");
        assert_eq!(alice.post(path, &[]).await.status(), 200, "{path}");
        let left = store.nodes_behind(u32::MAX.into()).await.unwrap();
        assert!(left.is_empty(), "{path} returned while {left:?} may still admit");
        first.await.unwrap().unwrap();
    }
}

/// What is done is done, and those who wait for it here have not heard it from anybody.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_out_whose_answer_is_lost_ends_streams_all_the_same() {
    let place = Place::new();
    let proxy = Proxy::before(&place.url).await;
    let store = place.builder().deadline(Duration::from_secs(2)).connect(&proxy.url()).await.unwrap();
    let sessions = Sessions::builder().store(store).build().await.unwrap();
    let (told, mut tells) = unbounded_channel::<()>();
    let router = Router::new().route("/watch", get(watch)).route("/logout", post(logout));
    let app = router.layer(axum::Extension(told)).with_sessions(&sessions).unwrap();
    let mut again = loop {
        let mut alice = Browser::connected(&app, &sessions, "alice").await.unwrap();
        alice.get("/watch").await;
        tells.recv().await.unwrap();
        // Its other tab, that asks once more.
        let mut again = Browser::new(&app);
        again.set_cookie(COOKIE, alice.cookie(COOKIE).unwrap());
        proxy.lose_the_next_answer();
        if alice.post("/logout", &[]).await.status() == 503 {
            break again;
        }
        // It was a message of the channel whose answer was lost, which is sent now and then.
        tells.recv().await.unwrap();
    };
    assert_eq!(again.post("/logout", &[]).await.status(), 200);
    timeout(Duration::from_secs(4), tells.recv()).await.expect("it looked").unwrap();
}

/// Where nothing can be sent, nobody was told.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_groups_outside_a_runtime_is_no_success() {
    let place = Place::new();
    let sessions = Sessions::builder().store(place.store(Clock::new()).await).build().await.unwrap();
    let changed = std::thread::spawn(move || {
        let mut changed = pin!(sessions.groups_changed("alice").into_future());
        changed.as_mut().poll(&mut Context::from_waker(Waker::noop()))
    });
    let Poll::Ready(Err(error)) = changed.join().unwrap() else { panic!("it is an error at once") };
    assert!(error.to_string().contains("outside a tokio runtime"), "{error}");
}

/// A node whose log is another than the store's: `lost` takes the store back to where it was, with these sessions still there.
pub(crate) async fn a_store_that_lost_its_last_writes_is_obeyed_from_then_on<S: LeaseStore + Clone>(
    strict: S,
    save: impl AsyncFnOnce(),
    lose: impl AsyncFnOnce(),
) {
    let leased = LeasedStore::builder(strict.clone()).lease(LEASE).start().unwrap();
    holds_lease(&leased).await;
    for number in 1..=6 {
        strict.insert(session("alice", number).await, LIMIT).await.unwrap();
        assert!(leased.find(&key(number)).await.unwrap().is_some() && leased.find_now(&key(number)).is_some());
    }
    strict.close(&key(1)).await.unwrap().expect("it was there");
    save().await;
    for number in 2..=3 {
        strict.close(&key(number)).await.unwrap().expect("it was there");
    }
    lose().await;

    // As many as were lost, so that the positions are the same again.
    for number in 4..=5 {
        strict.close(&key(number)).await.unwrap().expect("it was there");
        assert!(leased.find_now(&key(number)).is_none(), "no node admits by it");
    }
    strict.publish(&Change::Groups("alice".into())).await.unwrap();
    assert!(leased.find_now(&key(6)).is_none());
    holds_lease(&leased).await;
    assert!(leased.find(&key(6)).await.unwrap().is_some() && leased.find_now(&key(6)).is_some(), "it joined anew");
}
