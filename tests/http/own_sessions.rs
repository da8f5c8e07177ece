//! A user's own sessions: seen, closed one by one, all others, all of them.

use axum::extract::Path;
use axum::{Json, Router};
use os_session::routing::{get, post};
use os_session::testing::Browser;
use os_session::{Error, Session, SessionHandle, SessionInfo, UserId, connected};

use crate::site::{COOKIE, Site, pages, who_is_in};

/// Handle, device, and whether it is the current one.
type Devices = Vec<(String, Option<String>, bool)>;

#[connected]
async fn devices(user: UserId, session: Session) -> Result<Json<Devices>, Error> {
    let devices = session.sessions().of_user(&user).await?;
    Ok(Json(devices.into_iter().map(|info| (info.handle.to_string(), info.device, info.current)).collect()))
}

#[connected(opt)]
async fn close(session: Session, Path(handle): Path<SessionHandle>) -> Result<(), Error> {
    session.close(handle).await
}

async fn site() -> (Site, Router) {
    let site = Site::new().await;
    let app = pages().route("/devices", get(devices)).route("/close/{handle}", post(close));
    let app = app.with_sessions(&site.sessions).expect("every rule can be decided");
    (site, app)
}

async fn browser_of(site: &Site, app: &Router, user: &str) -> Browser {
    Browser::connected(app, &site.sessions, user).await.expect("the log-in succeeds")
}

async fn of_user(site: &Site, user: &str) -> Vec<SessionInfo> {
    site.sessions.of_user(user).await.expect("the store answers")
}

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

#[tokio::test]
async fn a_user_sees_the_own_sessions_and_which_is_the_current_one() {
    let (site, app) = site().await;
    let mut firefox = Browser::new(&app).with_header("user-agent", FIREFOX);
    let mut odd = Browser::new(&app).with_header("user-agent", "<script>alert(1)</script>");
    for browser in [&mut firefox, &mut odd] {
        assert_eq!(browser.post("/login/alice", &[]).await.status(), 200);
        site.clock.advance(std::time::Duration::from_mins(5));
    }
    browser_of(&site, &app, "bob").await;

    let seen: Devices = firefox.get("/devices").await.json();
    let shown: Vec<_> = seen.iter().map(|(_, device, current)| (device.as_deref(), *current)).collect();
    assert_eq!(shown, [(None, false), (Some("Firefox on Linux"), true)], "the latest first, bob's not at all");
    let seen: Devices = odd.get("/devices").await.json();
    assert_eq!(seen.iter().map(|device| device.2).collect::<Vec<_>>(), [true, false]);

    let [latest, first] = &of_user(&site, "alice").await[..] else { panic!("two sessions") };
    assert!(!latest.current && !first.current, "outside a request none is the current one");
    assert!(latest.since > first.since);
    assert_eq!(first.since, first.last_seen);
    let shown = format!("{latest:?} {first:?}");
    for browser in [&firefox, &odd] {
        assert!(!shown.contains(browser.cookie(COOKIE).unwrap()), "{shown}");
    }
}

#[tokio::test]
async fn a_handle_stays_the_same_when_the_token_changes() {
    let (site, app) = site().await;
    let mut alice = browser_of(&site, &app, "alice").await;
    let before = of_user(&site, "alice").await;
    alice.post("/confirm", &[]).await;
    assert_eq!(of_user(&site, "alice").await, before);
}

#[tokio::test]
async fn a_user_closes_an_own_session_by_its_handle() {
    let (site, app) = site().await;
    let lost = browser_of(&site, &app, "alice").await;
    let handle = of_user(&site, "alice").await[0].handle;
    let mut alice = browser_of(&site, &app, "alice").await;
    assert_eq!(alice.post(&format!("/close/{handle}"), &[]).await.status(), 200);
    assert_eq!(who_is_in(&lost).await, "None");
    assert_eq!(who_is_in(&alice).await, "alice");
    assert_eq!(site.log.take(), ["alice: closed by its handle"]);
}

#[tokio::test]
async fn a_user_closes_the_current_session_by_its_handle() {
    let (site, app) = site().await;
    let mut alice = browser_of(&site, &app, "alice").await;
    let handle = of_user(&site, "alice").await[0].handle;
    let stolen = alice.clone();
    assert_eq!(alice.post(&format!("/close/{handle}"), &[]).await.status(), 200);
    assert_eq!(alice.cookie(COOKIE), None);
    assert_eq!(who_is_in(&stolen).await, "None");
    assert_eq!(site.log.take(), ["alice: closed by its handle"]);
}

#[tokio::test]
async fn nobody_closes_anybody_elses_session_and_the_answer_does_not_tell_whose_it_is() {
    let (site, app) = site().await;
    let alice = browser_of(&site, &app, "alice").await;
    let handle = of_user(&site, "alice").await[0].handle;
    let mallory = browser_of(&site, &app, "mallory").await;
    let nobodys = SessionHandle::from_u64(handle.as_u64() ^ 1);
    for mut browser in [mallory.clone(), Browser::new(&app)] {
        let of_alice = browser.post(&format!("/close/{handle}"), &[]).await;
        let of_nobody = browser.post(&format!("/close/{nobodys}"), &[]).await;
        assert_eq!(of_alice.status(), 200);
        assert_eq!((of_alice.headers(), of_alice.text()), (of_nobody.headers(), of_nobody.text()));
    }
    site.sessions.close("mallory", handle).await.unwrap();
    assert_eq!(who_is_in(&alice).await, "alice");
    assert_eq!(who_is_in(&mallory).await, "mallory");
    assert_eq!(site.log.take(), [""; 0]);

    site.sessions.close("alice", handle).await.unwrap();
    assert_eq!(who_is_in(&alice).await, "None", "its user's name closes it from anywhere");
}

#[tokio::test]
async fn disconnect_others_keeps_this_one_with_a_new_token() {
    let (site, app) = site().await;
    let others = [browser_of(&site, &app, "alice").await, browser_of(&site, &app, "alice").await];
    let bob = browser_of(&site, &app, "bob").await;
    let mut alice = browser_of(&site, &app, "alice").await;
    let before = alice.clone();
    assert_eq!(alice.post("/logout-elsewhere", &[]).await.status(), 200);
    for gone in others.iter().chain([&before]) {
        assert_eq!(who_is_in(gone).await, "None");
    }
    assert_ne!(alice.cookie(COOKIE), before.cookie(COOKIE));
    assert_eq!(who_is_in(&alice).await, "alice");
    assert_eq!(who_is_in(&bob).await, "bob");
    assert_eq!(site.log.take(), ["alice: disconnected everywhere"; 2]);
}

#[tokio::test]
async fn a_confirmation_exchanges_the_token_and_nothing_else() {
    let (site, app) = site().await;
    let mut alice = browser_of(&site, &app, "alice").await;
    let other = browser_of(&site, &app, "alice").await;
    let before = alice.clone();
    assert_eq!(alice.post("/confirm", &[]).await.status(), 200);
    assert_eq!(who_is_in(&before).await, "None", "the old token opens nothing");
    assert_eq!(who_is_in(&alice).await, "alice");
    assert_eq!(who_is_in(&other).await, "alice");
    assert_eq!(site.log.take(), [""; 0], "and no session ended");
    assert_eq!(site.memory.len(), 2);
}

#[tokio::test]
async fn a_log_out_is_this_browsers_alone() {
    let (site, app) = site().await;
    let other = browser_of(&site, &app, "alice").await;
    let mut alice = browser_of(&site, &app, "alice").await;
    let stolen = alice.clone();
    alice.post("/logout", &[]).await;
    assert_eq!(who_is_in(&stolen).await, "None", "the cookie is worth nothing, wherever it is");
    assert_eq!(who_is_in(&other).await, "alice");
    assert_eq!(site.log.take(), ["alice: disconnected"]);
}

#[tokio::test]
async fn a_log_out_everywhere_ends_every_browser_at_its_next_request() {
    let (site, app) = site().await;
    let others = [browser_of(&site, &app, "alice").await, browser_of(&site, &app, "alice").await];
    let bob = browser_of(&site, &app, "bob").await;
    let mut alice = browser_of(&site, &app, "alice").await;
    assert_eq!(alice.post("/logout-everywhere", &[]).await.status(), 200);
    assert_eq!(alice.cookie(COOKIE), None);
    for other in &others {
        assert_eq!(who_is_in(other).await, "None");
    }
    assert_eq!(who_is_in(&bob).await, "bob");
    assert_eq!(site.log.take(), ["alice: disconnected everywhere"; 3]);
    assert_eq!(site.memory.len(), 1);
}

#[tokio::test]
async fn a_background_job_logs_a_user_out_everywhere() {
    let (site, app) = site().await;
    let alice = [browser_of(&site, &app, "alice").await, browser_of(&site, &app, "alice").await];
    let bob = browser_of(&site, &app, "bob").await;
    let sessions = site.sessions.clone();
    tokio::spawn(async move { sessions.disconnect_all("alice").await }).await.unwrap().unwrap();
    for browser in &alice {
        assert_eq!(who_is_in(browser).await, "None");
    }
    assert_eq!(who_is_in(&bob).await, "bob");
    assert_eq!(site.log.take(), ["alice: disconnected everywhere"; 2]);
}

#[connected(opt)]
async fn block(session: Session, Path(user): Path<String>) -> Result<String, Error> {
    session.sessions().disconnect_all(user).await?;
    Ok(session.user().await?.map_or("None".to_owned(), |user| user.to_string()))
}

#[tokio::test]
async fn one_user_logs_another_out_and_stays() {
    let (site, _) = site().await;
    let app = pages().route("/block/{user}", post(block)).with_sessions(&site.sessions).unwrap();
    let mut admin = browser_of(&site, &app, "alice").await;
    let mallory = browser_of(&site, &app, "mallory").await;
    assert_eq!(admin.post("/block/mallory", &[]).await.text(), "alice");
    assert_eq!(who_is_in(&mallory).await, "None");
    assert_eq!(admin.post("/block/alice", &[]).await.text(), "None", "oneself: at once, in this very request");
    assert_eq!(admin.cookie(COOKIE), None);
}

#[tokio::test]
async fn logging_in_over_another_user_leaves_nothing_of_the_first() {
    let (site, app) = site().await;
    let mut browser = browser_of(&site, &app, "alice").await;
    let of_alice = browser.clone();
    site.join("alice", &["admin"]).await;
    assert_eq!(browser.get("/admin").await.status(), 200);
    assert_eq!(browser.post("/login/bob", &[]).await.status(), 200);
    assert_eq!(who_is_in(&browser).await, "bob");
    assert_eq!(browser.get("/admin").await.status(), 403);
    assert_eq!(who_is_in(&of_alice).await, "None", "the token of before opens nothing");
    assert!(of_user(&site, "alice").await.is_empty());
    assert_eq!(site.memory.len(), 1);
    assert_eq!(site.log.take()[0], "alice: replaced by a new log-in");
}

#[tokio::test]
async fn logging_in_again_changes_the_token() {
    let (site, app) = site().await;
    let mut alice = browser_of(&site, &app, "alice").await;
    let before = alice.clone();
    alice.post("/login/alice", &[]).await;
    assert_eq!(who_is_in(&before).await, "None");
    assert_eq!(who_is_in(&alice).await, "alice");
    assert_eq!(site.memory.len(), 1);
}

#[tokio::test]
async fn a_blank_user_is_nobody_to_log_in() {
    let (site, app) = site().await;
    for blank in ["", " ", "\t\n", "\u{200b}"] {
        let mut browser = Browser::new(&app);
        let error = browser.connect(&site.sessions, blank).await.expect_err("it is blank");
        assert!(matches!(error, Error::UserId(_)) && error.status() == 400, "{blank:?}: {error}");
        assert_eq!(browser.cookie(COOKIE), None);
    }
    assert!(site.memory.is_empty());
}

#[tokio::test]
async fn two_applications_live_in_one_process() {
    let shop = Site::new().await;
    let office = Site::with(|builder| builder.cookie_name("__Host-office")).await;
    shop.join("alice", &["admin"]).await;
    let mut at_the_shop = shop.browser_of("alice").await;
    let mut at_the_office = office.browser_of("alice").await;
    assert_eq!(at_the_shop.get("/admin").await.status(), 200);
    assert_eq!(at_the_office.get("/admin").await.status(), 403, "groups are each application's own");

    let mut crossing = office.browser();
    crossing.set_cookie("__Host-office", at_the_shop.cookie(COOKIE).unwrap());
    assert_eq!(crossing.get("/who").await.text(), "None", "a token of one is none of the other");

    shop.sessions.disconnect_all("alice").await.unwrap();
    assert_eq!(who_is_in(&at_the_shop).await, "None");
    assert_eq!(who_is_in(&at_the_office).await, "alice");
    assert_eq!(shop.log.take(), ["alice: disconnected everywhere"]);
    assert_eq!(office.log.take(), ["denied alice: permission denied"]);
}

#[connected(opt)]
async fn both(session: Session, user: Option<UserId>) -> String {
    format!("{user:?} {:?}", session.user().await.ok().flatten())
}

/// One application served inside the other: each handler knows its own.
#[tokio::test]
async fn one_application_is_served_inside_another() {
    let inner = Site::with(|builder| builder.cookie_name("__Host-inner")).await;
    let outer = Site::new().await;
    let inside = pages().route("/both", get(both)).with_sessions(&inner.sessions).unwrap();
    let app = Router::new().nest("/inner", inside).merge(pages().with_sessions(&outer.sessions).unwrap());
    for app in [app.clone(), app.layer(outer.sessions.layer())] {
        let mut browser = Browser::new(&app);
        assert_eq!(browser.post("/login/alice", &[]).await.status(), 200);
        assert_eq!(browser.get("/inner/who").await.text(), "None");
        assert_eq!(browser.post("/inner/login/bob", &[]).await.status(), 200);
        assert_eq!(browser.get("/who").await.text(), "alice");
        assert_eq!(browser.get("/inner/who").await.text(), "bob");
        assert_eq!(browser.get("/inner/both").await.text(), r#"Some(UserId("bob")) Some(UserId("bob"))"#);
        assert_eq!(browser.post("/inner/logout", &[]).await.status(), 200);
        assert_eq!(browser.get("/who").await.text(), "alice");
    }
}
