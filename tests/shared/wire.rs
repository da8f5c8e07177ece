//! Round trips, counted between the store and the server.

use os_session::testing::{Browser, Clock};
use os_session::{Error, SessionHandle, SlotKey, SlotOwner, Store as _, UserId};
use os_session_tests::log::caught;
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
async fn a_user_id_that_no_store_can_keep_is_refused_before_the_store_is_asked() {
    let place = Place::new();
    let proxy = Proxy::before(&place.url).await;
    let store = place.store_at(&proxy.url(), Clock::new()).await;
    let (sessions, app) = node(&store, |builder| builder).await;
    let mut alice = Browser::new(&app);
    alice.post("/login/alice", &[]).await;
    proxy.hears().await;
    proxy.trips();
    let (lines, _guard) = caught();

    let handle = SessionHandle::from_u64(1);
    let long = "é".repeat(128);
    for (id, problem) in [
        ("a\0b", "must not have a NUL character"),
        ("\0", "must not have a NUL character"),
        (&long, "must have at most 255 bytes, got 256"),
        ("", "must not be blank"),
        (" \u{3000}\t\r\n", "must not be blank"),
        ("\u{200b}\u{feff}", "must not be blank"),
    ] {
        let groups = sessions.groups();
        let outcomes: [(&str, Option<Error>); 9] = [
            ("connect", Browser::connected(&app, &sessions, id).await.err()),
            ("disconnect_all", sessions.disconnect_all(id).await.err()),
            ("close", sessions.close(id, handle).await.err()),
            ("of_user", sessions.of_user(id).await.err()),
            ("add_user_in_group", groups.add_user_in_group(id, "admin").await.err()),
            ("remove_user_in_group", groups.remove_user_in_group(id, "admin").await.err()),
            ("in_group", groups.in_group(id, "admin").await.err()),
            ("groups_changed", sessions.groups_changed(id).await.err()),
            ("explain", sessions.explain(id, "site::admin").await.err()),
        ];
        for (operation, error) in outcomes {
            let error = error.unwrap_or_else(|| panic!("{operation} takes {id:?}"));
            assert!(matches!(&error, Error::UserId(text) if text.ends_with(problem)), "{operation} {id:?}: {error}");
        }
    }
    for path in ["/login/a%00b", "/login/%20", &format!("/login/{}", "a".repeat(256))] {
        let before = alice.cookie(COOKIE).map(str::to_owned);
        let response = alice.post(path, &[]).await;
        assert_eq!(response.status(), 400, "{path}");
        assert_eq!(response.header("content-type"), Some("application/problem+json"));
        assert!(response.text().contains("Invalid user id") && response.text().contains("a user id must"), "{path}");
        assert_eq!((response.header("retry-after"), response.header("set-cookie")), (None, None), "{path}");
        assert_eq!(alice.cookie(COOKIE).map(str::to_owned), before);
    }
    let lines = lines.take();
    let refused = lines.iter().filter(|line| line.starts_with("DEBUG") && line.contains("user id refused"));
    assert!(refused.count() >= 3, "{lines:?}");
    assert!(!lines.iter().any(|line| line.starts_with("WARN") || line.starts_with("ERROR")), "{lines:?}");

    for group in ["a\0b", "", &long] {
        let groups = sessions.groups();
        for outcome in [
            groups.create(group).await.map(drop),
            groups.add_user_in_group("alice", group).await,
            groups.remove_user_in_group("alice", group).await,
        ] {
            assert!(matches!(outcome, Err(Error::NoSuchGroup(_))), "{group:?}: {outcome:?}");
        }
        assert!(!groups.in_group("alice", group).await.unwrap(), "{group:?}");
    }
    assert_eq!(proxy.trips(), 0);

    let longest = "é".repeat(127) + "x";
    Browser::connected(&app, &sessions, longest.as_str()).await.unwrap();
    assert_eq!(sessions.of_user(longest.as_str()).await.unwrap().len(), 1);
    sessions.disconnect_all(longest.as_str()).await.unwrap();
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
