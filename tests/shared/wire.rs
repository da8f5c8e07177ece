//! Round trips, counted between the store and the server.

use os_session::testing::{Browser, Clock};
use os_session::{SlotKey, SlotOwner, Store as _, UserId};
use os_session_tests::proxy::Proxy;

use crate::Place;
use crate::site::{COOKIE, node};

#[tokio::test]
async fn a_request_takes_one_round_trip_where_there_is_somebody_and_none_where_there_is_not() {
    let place = Place::new();
    let proxy = Proxy::before(&place.url).await;
    let store = place.store_at(&proxy.url(), Clock::new()).await;
    let (sessions, app) = node(&store, |builder| builder.max_sessions_per_user(2)).await;
    let mut alice = Browser::new(&app);
    // Whatever is done but once is done.
    alice.post("/login/alice", &[]).await;
    sessions.groups().add_user_in_group("alice", "banned").await.unwrap();
    proxy.hears().await;
    proxy.trips();

    sessions.groups().remove_user_in_group("alice", "banned").await.unwrap();
    assert_eq!(proxy.trips(), 1, "a change of groups");
    sessions.groups().add_user_in_group("alice", "admin").await.unwrap();
    assert_eq!(proxy.trips(), 1, "a change of groups");

    assert_eq!(alice.get("/admin").await.text(), "the safe");
    assert_eq!(proxy.trips(), 1, "a protected read, groups included");
    assert_eq!(Browser::new(&app).get("/who").await.text(), "None");
    assert_eq!(Browser::new(&app).get("/admin").await.status(), 401);
    assert_eq!(proxy.trips(), 0, "nobody");

    let mut garbage = Browser::new(&app);
    for cookie in ["", "garbage", &"A".repeat(44), &format!("{}B", "A".repeat(42))] {
        garbage.set_cookie(COOKIE, cookie);
        assert_eq!(garbage.get("/who").await.text(), "None");
    }
    assert_eq!(proxy.trips(), 0, "a cookie that is none");

    let before = place.contents().await;
    let mut forged = Browser::new(&app);
    forged.set_cookie(COOKIE, &"A".repeat(43));
    assert_eq!(forged.get("/who").await.text(), "None");
    assert_eq!(proxy.trips(), 1, "a cookie of a session that never was");
    assert_eq!(place.contents().await, before, "and nothing is written");

    for count in 1..=3 {
        let mut another = Browser::new(&app);
        another.post("/login/alice", &[]).await;
        assert_eq!(proxy.trips(), 1, "log-in {count} with its limit");
    }
    let listed = store.list(&"alice".into()).await.unwrap();
    assert_eq!((listed.len(), proxy.trips()), (2, 1), "the limit was enforced");

    let mut bob = Browser::new(&app);
    bob.post("/login/bob", &[]).await;
    proxy.trips();
    bob.post("/login/carol", &[]).await;
    assert_eq!(proxy.trips(), 2, "who was connected, and the change to somebody else");
    bob.post("/logout", &[]).await;
    assert_eq!(proxy.trips(), 1, "a log-out");
    sessions.disconnect_all("alice").user_indep(false).await.unwrap();
    assert_eq!(proxy.trips(), 1, "a log-out everywhere");
    bob.post("/login/bob", &[]).await;
    proxy.trips();
    sessions.disconnect_all("bob").await.unwrap();
    assert_eq!(proxy.trips(), 1, "… with what the browsers hold whoever is connected");
    sessions.disconnect_all("bob").await.unwrap();
    assert_eq!(proxy.trips(), 1, "nobody was connected");
}

#[tokio::test]
async fn every_operation_takes_one_round_trip() {
    let place = Place::new();
    let proxy = Proxy::before(&place.url).await;
    let store = place.store_at(&proxy.url(), Clock::new()).await;
    let user = UserId::from("alice");
    let of_browser = SlotKey { owner: SlotOwner::Browser(crate::browser(1)), ..crate::slot(&crate::key(1)) };
    store.create_group("staff").await.unwrap();
    proxy.trips();
    let mut operations = Vec::new();
    macro_rules! count {
        ($($operation:ident($($argument:expr),*),)*) => {$(
            store.$operation($($argument),*).await.unwrap();
            operations.push((stringify!($operation), proxy.trips()));
        )*};
    }
    count! {
        insert(crate::session("alice", 1).await, crate::LIMIT),
        find(&crate::key(1)),
        touch(&crate::key(1)),
        slot(&crate::slot(&crate::key(1))),
        write_slot(&crate::slot(&crate::key(1)), crate::value("first")),
        write_slot(&of_browser, crate::value("first")),
        touch_browser(&crate::browser(1)),
        rotate_browser(&crate::browser(1), &crate::browser(2), None),
        forget_browser(&crate::browser(2)),
        rotate(crate::rotation(1, 2)),
        list(&user),
        purge(100),
        close_handle(&user, crate::handle(1)),
        close(&crate::key(2)),
        close_all(&user, None),
        close_all_with_browsers(&user),
        create_group("staff"),
        all_groups(),
        add_to_group(&user, "staff"),
        in_group(&user, "staff"),
        remove_from_group(&user, "staff"),
    }
    assert!(operations.iter().all(|(_, trips)| *trips == 1), "{operations:?}");
}
