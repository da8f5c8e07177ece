//! Values of any type, in this process alone.

use std::sync::{Arc, Mutex, Weak};

use axum::extract::State;

use os_session_tests::at_once;

use super::*;

pub(crate) static SESSION: Slot<String, scope::Session> = Slot::volatile();
pub(crate) static PROCESS: Slot<String, scope::Process> = Slot::volatile();
pub(crate) static USER: Slot<String, scope::User> = Slot::volatile();
pub(crate) static BROWSER: Slot<String, scope::UserIndepSession> = Slot::volatile();
pub(crate) static TAB: Slot<String, scope::UserIndepProcess> = Slot::volatile();

static HISTORY: Slot<Vec<u32>, scope::User> = Slot::volatile();

#[connected]
async fn spoil(session: Session) -> Result<(), Error> {
    HISTORY.set(&session, vec![1]).await?;
    let spoiling = os_session::spawn(async move {
        let update = HISTORY.update(&session, |history| {
            history.push(2);
            panic!("half-way");
        });
        update.await
    });
    assert!(spoiling.await.is_err(), "it panics");
    let session = Session::current()?;
    assert_eq!(HISTORY.get(&session).await?, Some(vec![1]), "as it was");
    HISTORY.update(&session, |history| history.push(3)).await?;
    assert_eq!(HISTORY.take(&session).await?, Some(vec![1, 3]));
    assert_eq!(HISTORY.take(&session).await?, None);
    Ok(())
}

#[tokio::test]
async fn a_change_that_panics_changes_nothing() {
    let site = Site::new().await;
    let app = routing::Router::new().route("/", post(spoil)).with_sessions(&site.sessions).unwrap();
    let mut alice = Browser::connected(&app, &site.sessions, "alice").await.unwrap();
    assert_eq!(alice.post("/", &[]).await.status(), 200);
}

#[tokio::test]
async fn a_token_that_nobody_handed_out_is_not_adopted() {
    let site = Site::new().await;
    let mut tab = site.tab();
    let planted = "A".repeat(42) + "w";
    tab.browser.set_cookie(BROWSER_COOKIE, &planted);
    tab.set("volatile-browser", "mine").await;
    assert_ne!(tab.browser.cookie(BROWSER_COOKIE), Some(&*planted));
    let mut thief = site.tab();
    thief.browser.set_cookie(BROWSER_COOKIE, &planted);
    assert_eq!(thief.get("volatile-browser").await, None);
    assert_eq!(tab.get("volatile-browser").await.as_deref(), Some("mine"));
}

#[tokio::test]
async fn a_log_in_gives_the_browser_another_token_and_keeps_its_values() {
    let site = Site::new().await;
    let mut tab = site.tab();
    tab.set("volatile-browser", "kept").await;
    let before = tab.browser.cookie(BROWSER_COOKIE).unwrap().to_owned();
    tab.post("/login/alice").await;
    assert_ne!(tab.browser.cookie(BROWSER_COOKIE), Some(&*before));
    assert_eq!(tab.get("volatile-browser").await.as_deref(), Some("kept"));
    tab.post("/logout-everywhere/true").await;
    assert_eq!(tab.get("volatile-browser").await, None);
}

/// Something open, for example, that is closed when it is dropped.
#[tokio::test]
async fn a_value_is_dropped_with_its_session() {
    static HELD: Slot<Arc<()>, scope::Session> = Slot::volatile();

    #[connected]
    async fn hold(session: Session, State(given): State<Arc<Mutex<Weak<()>>>>) -> Result<(), Error> {
        let held = Arc::new(());
        *given.lock().unwrap() = Arc::downgrade(&held);
        HELD.set(&session, held).await
    }

    let site = Site::new().await;
    let given = Arc::new(Mutex::new(Weak::new()));
    let app = routing::Router::new().route("/hold", post(hold)).with_state(given.clone());
    let app = app.with_sessions(&site.sessions).unwrap();
    let mut alice = Browser::connected(&app, &site.sessions, "alice").await.unwrap();
    assert_eq!(alice.post("/hold", &[]).await.status(), 200);
    assert!(given.lock().unwrap().upgrade().is_some(), "as long as the session lives");
    site.sessions.disconnect_all("alice").await.unwrap();
    assert!(given.lock().unwrap().upgrade().is_none(), "and no longer");
}

#[tokio::test]
async fn a_change_may_ask_the_slot_that_it_changes() {
    #[connected]
    async fn nested(session: Session) -> Result<Json<Vec<u32>>, Error> {
        HISTORY.set(&session, vec![1]).await?;
        HISTORY
            .update(&session, |history| {
                let before = at_once(HISTORY.get(&session)).expect("no lock is held").unwrap().unwrap();
                history.extend(before.into_iter().map(|number| number + 1));
            })
            .await?;
        Ok(Json(HISTORY.get(&session).await?.unwrap_or_default()))
    }
    let site = Site::new().await;
    let app = routing::Router::new().route("/", post(nested)).with_sessions(&site.sessions).unwrap();
    let mut alice = Browser::connected(&app, &site.sessions, "alice").await.unwrap();
    assert_eq!(alice.post("/", &[]).await.json::<Vec<u32>>(), [1, 2]);
}

#[tokio::test]
async fn a_change_that_changes_its_own_slot_each_time_is_an_error_and_no_endless_loop() {
    #[connected]
    async fn chases(session: Session) -> Result<(), Error> {
        HISTORY.set(&session, vec![1]).await?;
        let changed = HISTORY
            .update(&session, |history| {
                at_once(HISTORY.set(&session, vec![2])).expect("no lock is held").unwrap();
                history.push(3);
            })
            .await;
        assert!(changed.unwrap_err().to_string().contains("was changed elsewhere"));
        assert_eq!(HISTORY.get(&session).await?, Some(vec![2]));
        Ok(())
    }
    let site = Site::new().await;
    let app = routing::Router::new().route("/", post(chases)).with_sessions(&site.sessions).unwrap();
    let mut alice = Browser::connected(&app, &site.sessions, "alice").await.unwrap();
    assert_eq!(alice.post("/", &[]).await.status(), 200);
}
