//! Who hears of what.

use super::*;

use os_session::{Groups, UserId};

#[tokio::test(start_paused = true)]
async fn a_log_out_is_heard_in_its_browser_alone() {
    let site = Site::new().await;
    let (mut alice, mut phone, mut bob) =
        (site.tab_of("alice").await, site.tab_of("alice").await, site.tab_of("bob").await);
    let mut nobody = site.tab();
    let (here, _) = alice.hear().await;
    let mut others = [phone.hear().await.0, bob.hear().await.0, nobody.hear().await.0];

    alice.post("/logout").await;
    here.assert_changed(None).await;
    for other in &mut others {
        other.assert_unchanged().await;
    }
    let (_, state) = alice.hear().await;
    assert_eq!(state, "-");
}

#[tokio::test(start_paused = true)]
async fn the_tab_that_asked_is_named_to_its_own_browser() {
    let site = Site::new().await;
    for path in ["/logout", "/os-session/disconnect", "/login/bob", "/logout-everywhere/false"] {
        let mut alice = site.tab_of("alice").await;
        let (events, _) = alice.hear().await;
        let answer = alice.named().post(path).await;
        events.assert_changed(Some(PROCESS)).await;
        // For a tab whose stream is another node's.
        assert_eq!(answer.header("os-connection"), Some("changed"), "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn no_other_answer_says_that_it_changed_the_connection() {
    let site = Site::new().await;
    let mut unnamed = site.tab_of("alice").await;
    assert_eq!(unnamed.post("/logout").await.header("os-connection"), None, "nobody said which tab it is");
    let mut alice = site.tab_of("alice").await.named();
    assert_eq!(alice.post("/confirm").await.header("os-connection"), None, "it is the same session");
    assert_eq!(alice.post("/logout-everywhere/true").await.header("os-connection"), None, "it is to restart");
    assert_eq!(alice.post("/logout").await.header("os-connection"), None, "nobody was connected");
}

#[tokio::test(start_paused = true)]
async fn a_form_is_answered_by_a_new_page_whatever_tab_it_names() {
    let site = Site::new().await;
    let mut alice = site.tab_of("alice").await;
    let (events, _) = alice.hear().await;
    alice.browser.with_header("os-process", PROCESS).post("/logout", &[]).await;
    events.assert_changed(None).await;
}

#[tokio::test(start_paused = true)]
async fn a_log_in_is_heard_by_those_who_were_nobody_in_that_browser() {
    let site = Site::new().await;
    let (mut visitor, mut other) = (site.tab(), site.tab());
    let (events, state) = visitor.hear().await;
    let (mut elsewhere, _) = other.hear().await;
    assert_eq!(state, "-");

    visitor.clone().named().post("/login/alice").await;
    events.assert_changed(Some(PROCESS)).await;
    elsewhere.assert_unchanged().await;
}

#[tokio::test(start_paused = true)]
async fn a_log_in_is_heard_where_something_is_stored_for_the_browser() {
    use os_session::{Slot, scope};
    static NOTE: Slot<u32, scope::UserIndepSession> = Slot::persistent("note");
    #[connected(opt)]
    async fn note(session: Session) -> Result<(), Error> {
        NOTE.set(&session, 1).await
    }

    let clock = Clock::new();
    let sessions = Sessions::builder().store(MemoryStore::with_clock(clock.clone())).build().await.unwrap();
    sessions.groups().create("staff").await.unwrap();
    let app = router().route("/note", post(note)).merge(sessions.routes()).with_sessions(&sessions).unwrap();
    let mut visitor = Site { app, sessions, clock }.tab();
    visitor.post("/note").await;
    let (events, _) = visitor.hear().await;
    let before = visitor.browser.cookie("__Host-os-browser").unwrap().to_owned();
    visitor.post("/login/alice").await;
    assert_ne!(visitor.browser.cookie("__Host-os-browser").unwrap(), before);
    events.assert_changed(None).await;
}

/// Whoever restarts sooner asks without the cookie, and is nobody again.
#[tokio::test(start_paused = true)]
async fn a_log_in_is_told_when_its_answer_leaves() {
    #[connected(opt)]
    async fn slow(session: Session) -> Result<(), Error> {
        session.connect("alice").await?;
        tokio::time::sleep(Duration::from_secs(5)).await;
        Ok(())
    }

    let sessions = Sessions::builder().build().await.unwrap();
    let app = routing::Router::new().route("/slow", post(slow)).merge(sessions.routes()).with_sessions(&sessions);
    let mut visitor = Site { app: app.unwrap(), sessions, clock: Clock::new() }.tab();
    let (mut events, _) = visitor.hear().await;
    let answer = tokio::spawn(async move { visitor.post("/slow").await });
    tokio::time::sleep(Duration::from_secs(4)).await;
    events.assert_unchanged().await;
    answer.await.unwrap();
    events.assert_changed(None).await;
}

#[tokio::test(start_paused = true)]
async fn a_log_out_everywhere_is_heard_in_every_browser_of_the_user() {
    let site = Site::new().await;
    for path in ["/logout-everywhere/true", "/os-session/disconnect-all", "/logout-by-name"] {
        let (mut alice, mut phone, mut bob) =
            (site.tab_of("alice").await, site.tab_of("alice").await, site.tab_of("bob").await);
        let ((here, _), (there, _)) = (alice.hear().await, phone.hear().await);
        let (mut bobs, _) = bob.hear().await;
        alice.named().post(path).await;
        here.assert_changed(None).await;
        there.assert_changed(None).await;
        bobs.assert_unchanged().await;
    }
}

#[tokio::test(start_paused = true)]
async fn without_restart_only_the_calling_tab_is_spared() {
    let site = Site::new().await;
    let (mut alice, mut phone) = (site.tab_of("alice").await, site.tab_of("alice").await);
    let ((here, _), (there, _)) = (alice.hear().await, phone.hear().await);
    alice.named().post("/logout-everywhere/false").await;
    here.assert_changed(Some(PROCESS)).await;
    there.assert_changed(None).await;
}

#[tokio::test(start_paused = true)]
async fn an_administrator_restarts_the_user_and_not_themselves() {
    let site = Site::new().await;
    let (mut admin, mut alice) = (site.tab_of("admin").await, site.tab_of("alice").await);
    let ((mut admins, _), (events, _)) = (admin.hear().await, alice.hear().await);
    site.sessions.disconnect_all("alice").await.unwrap();
    events.assert_changed(None).await;
    admins.assert_unchanged().await;
}

#[tokio::test(start_paused = true)]
async fn a_session_that_is_closed_from_another_device_or_expires_is_heard_of() {
    let site = Site::new().await;
    let mut alice = site.tab_of("alice").await;
    let (events, _) = alice.hear().await;
    let [session] = &site.sessions.of_user("alice").await.unwrap()[..] else { panic!("one session") };
    site.sessions.close("alice", session.handle).await.unwrap();
    events.assert_changed(None).await;

    let mut bob = site.tab_of("bob").await;
    let (mut events, _) = bob.hear().await;
    site.clock.advance(Duration::from_hours(24 * 14));
    tokio::time::advance(Duration::from_hours(24 * 14)).await;
    while let Some((name, _)) = events.next().await {
        if name == "change" {
            return;
        }
    }
    panic!("nobody told of the end");
}

#[tokio::test(start_paused = true)]
async fn groups_that_really_change_are_heard_of_by_their_user() {
    let site = Site::new().await;
    let (mut alice, mut bob) = (site.tab_of("alice").await, site.tab_of("bob").await);
    let ((mut events, before), (mut bobs, _)) = (alice.hear().await, bob.hear().await);

    let groups = site.sessions.groups();
    groups.remove_user_in_group("alice", "staff").await.unwrap();
    groups.add_user_in_group("alice", "guest").await.unwrap(); // no rule names it
    events.assert_unchanged().await;

    groups.add_user_in_group("alice", "staff").await.unwrap();
    events.assert_changed(None).await;
    bobs.assert_unchanged().await;
    let (_, after) = alice.hear().await;
    assert_ne!(before, after);
}

#[tokio::test(start_paused = true)]
async fn groups_of_the_application_are_asked_again_when_it_says_so() {
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;

    let is_staff = Arc::new(AtomicBool::new(false));
    let provider = {
        let is_staff = is_staff.clone();
        move |_: UserId| std::future::ready(is_staff.load(Ordering::Relaxed).then_some("staff"))
    };
    let sessions = Sessions::builder().groups(["staff"], provider.cached()).build().await.unwrap();
    let app = router().merge(sessions.routes()).with_sessions(&sessions).unwrap();
    let site = Site { app, sessions, clock: Clock::new() };
    let mut alice = site.tab_of("alice").await;
    let (mut events, _) = alice.hear().await;

    site.sessions.groups_changed("alice");
    events.assert_unchanged().await;
    is_staff.store(true, Ordering::Relaxed);
    site.sessions.groups_changed("alice");
    events.assert_changed(None).await;
}

#[tokio::test(start_paused = true)]
async fn a_new_token_is_no_new_connection() {
    let site = Site::new().await;
    let mut alice = site.tab_of("alice").await;
    let (mut events, before) = alice.hear().await;
    alice.post("/confirm").await;
    events.assert_unchanged().await;
    let (mut again, after) = alice.hear().await;
    assert_eq!(before, after);
    alice.post("/logout").await;
    events.assert_changed(None).await;
    again.next().await.unwrap();
}

#[tokio::test]
async fn htmx_is_told_to_refresh_where_the_caller_restarts() {
    let site = Site::new().await;
    for (path, refresh) in [
        ("/logout-everywhere/true", Some("true")),
        ("/logout-everywhere/false", None),
        ("/logout", None),
        ("/login/alice", None),
    ] {
        let mut alice = site.tab_of("alice").await;
        alice.browser = alice.browser.with_header("hx-request", "true");
        assert_eq!(alice.post(path).await.header("hx-refresh"), refresh, "{path}");
    }
    assert_eq!(site.tab_of("alice").await.post("/logout-everywhere/true").await.header("hx-refresh"), None);
}

#[tokio::test]
async fn a_handler_that_leads_htmx_elsewhere_has_its_way() {
    #[connected]
    async fn elsewhere(session: Session) -> Result<([(&'static str, &'static str); 1], ()), Error> {
        session.disconnect_all().await?;
        Ok(([("hx-redirect", "/bye")], ()))
    }

    let sessions = Sessions::builder().build().await.unwrap();
    let app = routing::Router::new().route("/elsewhere", post(elsewhere)).with_sessions(&sessions).unwrap();
    let mut alice = Site { app, sessions, clock: Clock::new() }.tab_of("alice").await;
    alice.browser = alice.browser.with_header("hx-request", "true");
    let answer = alice.post("/elsewhere").await;
    assert_eq!((answer.header("hx-redirect"), answer.header("hx-refresh")), (Some("/bye"), None));
}
