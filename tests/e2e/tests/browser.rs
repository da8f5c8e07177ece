//! The quickstart in a real browser: links, forms, cookies and the history behave as people know them.

use os_session_e2e::{Browser, Example};

#[tokio::test]
async fn alice_is_led_to_the_log_in_and_back() {
    let app = Example::quickstart();
    let browser = Browser::open(&app).await;

    browser.visit("/admin").await;
    assert_eq!(browser.arrive("Log in").await, "/login?next=/admin");

    browser.log_in("alice", "wrong").await;
    browser.see("//p[@role='alert']").await;
    assert_eq!(browser.arrive("Log in").await, "/login?next=/admin");

    browser.log_in("alice", "quickstart").await;
    assert_eq!(browser.arrive("Administration").await, "/admin");
    browser.see("//main[contains(., 'alice, you may see this')]").await;
}

#[tokio::test]
async fn bob_and_mallory_are_refused() {
    let app = Example::quickstart();
    for name in ["bob", "mallory"] {
        let browser = Browser::open(&app).await;
        browser.visit("/login?next=/admin").await;
        browser.log_in(name, "quickstart").await;
        assert_eq!(browser.arrive("Not for you").await, "/admin");
        browser.visit("/me").await;
        browser.see(&format!("//main[contains(., 'Welcome, {name}')]")).await;
    }
}

#[tokio::test]
async fn a_log_out_everywhere_ends_the_session_of_the_other_browser() {
    let app = Example::quickstart();
    let (here, there) = two_of_alice(&app).await;

    here.visit("/devices").await;
    here.press("Log out everywhere").await;
    assert_eq!(here.arrive("Quickstart").await, "/");
    here.see("//main[contains(., 'Nobody is connected')]").await;

    there.visit("/me").await;
    assert_eq!(there.arrive("Log in").await, "/login?next=/me");
}

/// By the button, without a script in the page: the browser has let go of what it kept.
#[tokio::test]
async fn the_way_back_after_log_out_gets_nothing_private() {
    let app = Example::quickstart();
    let browser = Browser::open(&app).await;
    browser.visit("/login?next=/me").await;
    browser.log_in("alice", "quickstart").await;
    browser.arrive("Your page").await;

    browser.press("Log out").await;
    assert_eq!(browser.arrive("Quickstart").await, "/");
    browser.back().await;
    assert_eq!(browser.arrive("Log in").await, "/login?next=/me");
    let page = browser.source().await;
    assert!(!page.contains("Welcome") && !page.contains("keeps the keys"), "{page}");
}

#[tokio::test]
async fn the_devices_page_lists_both_browsers_and_closes_the_other() {
    let app = Example::quickstart();
    let (here, there) = two_of_alice(&app).await;

    here.visit("/devices").await;
    here.see("//ul[@class='devices'][count(li) = 2]").await;
    here.see("//li[contains(., 'Chrome on Linux') and contains(., 'this one')]").await;
    here.see("//li[contains(., 'Chrome on Linux')]//button[.='Log out']")
        .await
        .click()
        .await
        .expect("the button can be pressed");
    here.see("//ul[@class='devices'][count(li) = 1]").await;

    there.visit("/me").await;
    assert_eq!(there.arrive("Log in").await, "/login?next=/me");
    here.visit("/me").await;
    assert_eq!(here.arrive("Your page").await, "/me");
}

async fn two_of_alice(app: &Example) -> (Browser, Browser) {
    let (here, there) = (Browser::open(app).await, Browser::open(app).await);
    for browser in [&here, &there] {
        browser.visit("/login?next=/me").await;
        browser.log_in("alice", "quickstart").await;
        browser.arrive("Your page").await;
    }
    (here, there)
}
