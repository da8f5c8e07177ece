//! A change of groups that takes the right away.

use super::*;

#[tokio::test]
async fn the_right_that_let_it_in_is_what_counts() {
    let mut site = Site::new().await;
    let groups = site.sessions.groups();
    let mut alice = site.browser_of("alice").await;
    groups.add_user_in_group("alice", "staff").await.unwrap();
    let anyone = site.begin(&mut alice, "/anyone").await;
    let staff = site.begin(&mut alice, "/staff").await;

    groups.add_user_in_group("alice", "admin").await.unwrap();
    groups.remove_user_in_group("alice", "staff").await.unwrap();
    assert_goes_on(&staff).await;
    groups.remove_user_in_group("alice", "admin").await.unwrap();
    assert_over(staff).await;
    assert_goes_on(&anyone).await;
}

#[tokio::test]
async fn a_ban_ends_it() {
    let mut site = Site::new().await;
    let groups = site.sessions.groups();
    let (mut alice, mut bob) = (site.browser_of("alice").await, site.browser_of("bob").await);
    for user in ["alice", "bob"] {
        groups.add_user_in_group(user, "staff").await.unwrap();
    }
    let (hers, his) = (site.begin(&mut alice, "/staff").await, site.begin(&mut bob, "/staff").await);
    groups.add_user_in_group("alice", "banned").await.unwrap();
    assert_over(hers).await;
    assert_goes_on(&his).await;
}

#[tokio::test]
async fn what_a_policy_said_holds_and_what_it_was_not_asked_does_not() {
    let mut site = Site::new().await;
    let groups = site.sessions.groups();
    let (mut alice, mut bob) = (site.browser_of("alice").await, site.browser_of("bob").await);
    groups.add_user_in_group("alice", "staff").await.unwrap();
    for group in ["admin", "staff"] {
        groups.add_user_in_group("bob", group).await.unwrap();
    }
    let hers = site.begin(&mut alice, "/asked/yes").await;
    let his = site.begin(&mut bob, "/asked/yes").await;
    groups.add_user_in_group("alice", "banned").await.unwrap();
    assert_goes_on(&hers).await;
    groups.remove_user_in_group("bob", "admin").await.unwrap();
    assert_over(his).await;
    groups.remove_user_in_group("alice", "staff").await.unwrap();
    assert_over(hers).await;
}

#[tokio::test]
async fn groups_of_the_application_are_asked_for_when_it_says_so() {
    let gate = Arc::new(std::sync::Mutex::new(vec!["staff"]));
    let answers = gate.clone();
    let provider = move |_: UserId| {
        let groups = answers.lock().unwrap().clone();
        async move { groups }
    };
    let mut site = Site::over(|clock| {
        let builder = Sessions::builder().store(MemoryStore::with_clock(clock));
        builder.groups(["admin", "staff", "banned"], provider.cached())
    })
    .await;
    let mut alice = site.browser_of("alice").await;
    let begun = site.begin(&mut alice, "/staff").await;
    gate.lock().unwrap().push("banned");
    assert_goes_on(&begun).await;
    site.sessions.groups_changed("bob");
    assert_goes_on(&begun).await;
    site.sessions.groups_changed("alice");
    assert_over(begun).await;
}

#[tokio::test(start_paused = true)]
async fn it_ends_when_the_proof_becomes_too_old_and_not_before() {
    let mut site = Site::new().await;
    let mut alice = site.browser_of("alice").await;
    let begun = site.begin(&mut alice, "/fresh").await;
    let pass = async |time| {
        site.clock.advance(time);
        tokio::time::advance(time).await;
    };
    pass(Duration::from_millis(1_900)).await;
    assert_goes_on(&begun).await;
    assert_eq!(alice.post("/confirm", &[]).await.status(), 200);
    pass(Duration::from_millis(1_900)).await;
    assert_goes_on(&begun).await;
    pass(Duration::from_millis(200)).await;
    assert_over(begun).await;
    assert_eq!(alice.get("/fresh").await.status(), 401, "its page is refused as well");
    assert_eq!(alice.get("/anyone").await.status(), 200);
}

#[tokio::test]
async fn the_first_rule_of_a_request_counts_and_not_that_of_a_handler_it_is_passed_on_to() {
    let mut site = Site::new().await;
    let groups = site.sessions.groups();
    let mut alice = site.browser_of("alice").await;
    for group in ["staff", "admin"] {
        groups.add_user_in_group("alice", group).await.unwrap();
    }
    let begun = site.begin(&mut alice, "/forwards").await;
    groups.remove_user_in_group("alice", "admin").await.unwrap();
    assert_goes_on(&begun).await;
    groups.remove_user_in_group("alice", "staff").await.unwrap();
    assert_over(begun).await;
}
