//! The shop in real browsers, with several tabs each: what is whose, and who hears of a change.

use os_session_e2e::{Browser, Example, Tab};
use serde_json::{Value, json};

/// The page says who is connected.
async fn sees(browser: &Browser, who: &str) {
    browser.see(&format!("//p[@id='who'][contains(., '{who}')]")).await;
}

const NOBODY: &str = "Nobody is connected";
const WARNING: &str = "//*[@role='alert'][contains(., 'changed elsewhere')]";

/// A browser in which alice is connected, and its first tab, which shows the shop.
async fn of_alice(app: &Example) -> (Browser, Tab) {
    let browser = Browser::open(app).await;
    browser.visit("/login").await;
    browser.log_in("alice", "quickstart").await;
    sees(&browser, "alice").await;
    let tab = browser.tab().await;
    (browser, tab)
}

async fn open_shop(browser: &Browser) -> Tab {
    let tab = browser.open_tab().await;
    browser.visit("/").await;
    browser.see("//p[@id='who']").await;
    tab
}

/// Waits until the tabs of this browser know what the server says of their connection.
async fn settled(browser: &Browser) -> Value {
    let ask = r#"
        const channel = new BroadcastChannel("os-session /os-session/");
        return await new Promise((resolve) => {
            const ask = () => channel.postMessage({ page: null });
            const asking = setInterval(ask, 50);
            channel.addEventListener("message", ({ data }) => {
                if (!("state" in data)) return;
                clearInterval(asking);
                resolve(data.state);
            });
            ask();
        });"#;
    browser.run(ask, &[]).await
}

/// Marks the page that is shown now.
async fn mark(browser: &Browser) {
    browser.run("window.marked = true", &[]).await;
}

/// Whether it is still the page that was marked, not loaded anew, and not about to be.
async fn is_marked(browser: &Browser) -> bool {
    let script = r#"return window.marked === true && document.querySelector(".os-session-warning") === null"#;
    browser.run(script, &[]).await == json!(true)
}

#[tokio::test]
async fn a_log_out_in_one_tab_restarts_the_other() {
    let app = Example::shop();
    let (browser, one) = of_alice(&app).await;
    let other = open_shop(&browser).await;
    settled(&browser).await;

    browser.switch_to(&one).await;
    browser.press("Log out").await;
    sees(&browser, NOBODY).await;
    mark(&browser).await;

    browser.switch_to(&other).await;
    browser.see(WARNING).await;
    sees(&browser, NOBODY).await;

    browser.switch_to(&one).await;
    settled(&browser).await;
    assert!(is_marked(&browser).await, "the tab that asked got its answer, and stays");
}

#[tokio::test]
async fn a_log_in_in_one_tab_restarts_the_other() {
    let app = Example::shop();
    let browser = Browser::open(&app).await;
    browser.visit("/").await;
    let one = browser.tab().await;
    sees(&browser, NOBODY).await;
    settled(&browser).await;

    browser.open_tab().await;
    browser.visit("/login").await;
    browser.log_in("bob", "quickstart").await;
    sees(&browser, "bob").await;
    browser.switch_to(&one).await;
    sees(&browser, "bob").await;
}

#[tokio::test]
async fn a_log_out_everywhere_restarts_the_other_browser() {
    let app = Example::shop();
    let ((here, _), (there, _)) = (of_alice(&app).await, of_alice(&app).await);
    settled(&there).await;
    here.visit("/devices").await;
    here.press("Log out everywhere").await;
    sees(&here, NOBODY).await;
    there.see(WARNING).await;
    sees(&there, NOBODY).await;
}

#[tokio::test]
async fn a_device_that_is_closed_restarts() {
    let app = Example::shop();
    let ((here, _), (there, _)) = (of_alice(&app).await, of_alice(&app).await);
    settled(&there).await;
    here.visit("/devices").await;
    here.see("//ul[@class='devices']//button[.='Log out']").await.click().await.expect("the button can be pressed");
    sees(&there, NOBODY).await;
    here.visit("/").await;
    sees(&here, "alice").await;
}

#[tokio::test]
async fn when_the_leading_tab_is_closed_another_listens() {
    let app = Example::shop();
    let ((here, leader), (there, _)) = (of_alice(&app).await, of_alice(&app).await);
    let follower = open_shop(&here).await;
    settled(&here).await;
    here.switch_to(&leader).await;
    here.close_tab().await;
    here.switch_to(&follower).await;
    settled(&here).await;

    there.visit("/devices").await;
    there.press("Log out everywhere").await;
    sees(&here, NOBODY).await;
}

#[tokio::test]
async fn a_tab_that_is_looked_at_does_not_wait_for_a_leader_that_sleeps() {
    let app = Example::shop();
    let (browser, one) = of_alice(&app).await;
    let other = open_shop(&browser).await;
    settled(&browser).await;
    // From here on somebody has the lock and does nothing, as a leader whose tab is frozen.
    browser.switch_to(&one).await;
    let sleep = r#"
        const name = "os-session /os-session/";
        await new Promise((asleep) => {
            navigator.locks.request(name, { steal: true }, () => { asleep(); return new Promise(() => {}); }).catch(() => {});
        });"#;
    browser.run(sleep, &[]).await;
    browser.switch_to(&other).await;
    browser.run("document.dispatchEvent(new Event('visibilitychange'))", &[]).await;
    settled(&browser).await;

    let (there, _) = of_alice(&app).await;
    there.visit("/devices").await;
    there.press("Log out everywhere").await;
    for tab in [&one, &other] {
        browser.switch_to(tab).await;
        sees(&browser, NOBODY).await;
    }
}

#[tokio::test]
async fn scripts_log_out_and_are_told_in_place_of_the_restart() {
    let app = Example::shop();
    let (browser, one) = of_alice(&app).await;
    let register = r#"
        const { onConnectionChange } = await import("/os-session/client.js");
        window.changes = 0;
        onConnectionChange(() => (window.changes += 1));
    "#;
    browser.run(register, &[]).await;
    mark(&browser).await;
    let other = open_shop(&browser).await;
    browser.run(register, &[]).await;
    mark(&browser).await;
    settled(&browser).await;

    browser.run(r#"const { disconnect } = await import("/os-session/client.js"); await disconnect();"#, &[]).await;
    browser.switch_to(&one).await;
    let told =
        "while (window.changes === 0) await new Promise((resolve) => setTimeout(resolve, 20)); return window.changes;";
    assert_eq!(browser.run(told, &[]).await, 1);
    browser.switch_to(&other).await;
    assert_eq!(settled(&browser).await, "-");
    assert_eq!(browser.run("return window.changes", &[]).await, 0, "the tab that asked knows");
    for tab in [&one, &other] {
        browser.switch_to(tab).await;
        assert!(is_marked(&browser).await);
    }
}

#[tokio::test]
async fn drafts_are_the_tabs_and_the_cart_is_the_browsers() {
    let app = Example::shop();
    let browser = Browser::open(&app).await;
    browser.visit("/").await;
    let one = browser.tab().await;
    browser.press("Add a teapot").await;
    browser.see("//ul[@id='cart']/li[.='a teapot']").await;
    let other = open_shop(&browser).await;
    browser.see("//ul[@id='cart']/li[.='a teapot']").await;

    let (save, read) = (
        r#"const { fetch } = await import("/os-session/client.js");
           await fetch("/draft", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(args[0]) });"#,
        r#"const { fetch } = await import("/os-session/client.js"); return (await fetch("/draft")).json();"#,
    );
    for (tab, draft) in [(&one, "one"), (&other, "other")] {
        browser.switch_to(tab).await;
        browser.run(save, &[json!(draft)]).await;
    }
    for (tab, draft) in [(&one, "one"), (&other, "other")] {
        browser.switch_to(tab).await;
        assert_eq!(browser.run(read, &[]).await, draft);
    }

    // Whoever learns the tab's name, in another browser, has nothing of it.
    let name = browser.run("return document.querySelector('meta[name=os-session]').dataset.process", &[]).await;
    let thief = Browser::open(&app).await;
    thief.visit("/").await;
    let steal = r#"return (await window.fetch("/draft", { headers: { "Os-Process": args[0] } })).json();"#;
    assert_eq!(thief.run(steal, std::slice::from_ref(&name)).await, Value::Null);
    assert_eq!(browser.run(steal, &[name]).await, "other", "… which works where it was given out");

    browser.reload().await;
    browser.see("//p[@id='who']").await;
    assert_eq!(browser.run(read, &[]).await, Value::Null, "a reload is a new process");
}

/// A browser opens six connections to a host, and the seventh tab would wait for ever if each held one.
#[tokio::test]
async fn the_twentieth_tab_works() {
    let app = Example::shop();
    let (browser, one) = of_alice(&app).await;
    for _ in 1..20 {
        open_shop(&browser).await;
    }
    browser.press("Add a lantern").await;
    browser.see("//ul[@id='cart']/li[.='a lantern']").await;
    browser.press("Order").await;
    browser.switch_to(&one).await;
    browser.see("//ul[@id='notifications']/li[contains(., 'a lantern')]").await;
    browser.press("Log out").await;
    sees(&browser, NOBODY).await;
}

#[tokio::test]
async fn the_chat_is_for_who_is_connected() {
    let app = Example::shop();
    let (alice, _) = of_alice(&app).await;
    let bob = Browser::open(&app).await;
    bob.visit("/login").await;
    bob.log_in("bob", "quickstart").await;
    sees(&bob, "bob").await;

    let open = r#"
        const socket = new WebSocket(`${location.origin.replace("http", "ws")}/chat`);
        window.heard = new Promise((resolve) => socket.addEventListener("message", ({ data }) => resolve(data)));
        window.hungUp = new Promise((resolve) => socket.addEventListener("close", ({ code }) => resolve(code)));
        await new Promise((resolve) => socket.addEventListener("open", resolve));
        window.socket = socket;"#;
    alice.run(open, &[]).await;
    bob.run(open, &[]).await;
    bob.run("window.socket.send('hello')", &[]).await;
    assert_eq!(alice.run("return await window.heard", &[]).await, "bob: hello");

    // Her page is not to restart before it can tell what happened to the socket.
    alice.run(r#"(await import("/os-session/client.js")).onConnectionChange(() => {})"#, &[]).await;
    let (there, _) = of_alice(&app).await;
    there.visit("/devices").await;
    there.press("Log out everywhere").await;
    assert_eq!(alice.run("return await window.hungUp", &[]).await, 1008);
}

#[tokio::test]
async fn the_way_back_after_log_out_shows_nothing_private() {
    let app = Example::shop();
    let (browser, _) = of_alice(&app).await;
    browser.visit("/devices").await;
    browser.see("//ul[@class='devices']").await;
    browser.press("Log out").await;
    sees(&browser, NOBODY).await;

    browser.back().await;
    // Whatever the browser kept, it is not shown: the page asks anew, and is led to the log-in.
    assert_eq!(browser.arrive("Log in").await, "/login?next=/devices");
}

/// In another tab, so that the page is in the history when the user goes.
#[tokio::test]
async fn a_page_of_the_history_restarts_if_its_user_has_gone_meanwhile() {
    let app = Example::shop();
    let (browser, one) = of_alice(&app).await;
    browser.visit("/devices").await;
    browser.see("//ul[@class='devices']").await;
    browser.visit("/login").await;
    browser.arrive("Log in").await;
    browser.open_tab().await;
    browser.visit("/").await;
    browser.press("Log out").await;
    sees(&browser, NOBODY).await;

    browser.switch_to(&one).await;
    browser.back().await;
    assert_eq!(browser.arrive("Log in").await, "/login?next=/devices");
}

/// What a browser does that keeps a page whole in its history, which this one does only without locks and channels.
#[tokio::test]
async fn a_page_that_the_history_keeps_is_hidden_until_it_is_known_to_be_right() {
    let app = Example::shop();
    let ((here, _), (there, _)) = (of_alice(&app).await, of_alice(&app).await);
    here.visit("/devices").await;
    here.see("//ul[@class='devices']").await;
    settled(&here).await;
    mark(&here).await;
    let leave = r#"dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true }));"#;
    let come_back = r#"dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));"#;
    let visibility = "return getComputedStyle(document.querySelector('main')).visibility";

    here.run(leave, &[]).await;
    assert_eq!(here.run(visibility, &[]).await, "hidden");
    let at_once = here.run(&format!("{come_back} {visibility}"), &[]).await;
    assert_eq!(at_once, "hidden", "not before the server was asked");
    settled(&here).await;
    assert_eq!(here.run(visibility, &[]).await, "visible");
    assert!(is_marked(&here).await);

    here.run(leave, &[]).await;
    there.visit("/devices").await;
    there.press("Log out everywhere").await;
    sees(&there, NOBODY).await;
    here.run(come_back, &[]).await;
    assert_eq!(here.arrive("Log in").await, "/login?next=/devices");
}

/// Its successor may be the answer that changed the connection: a restart would cut that off.
#[tokio::test]
async fn a_page_that_is_being_left_waits() {
    let app = Example::shop();
    let (browser, one) = of_alice(&app).await;
    let other = open_shop(&browser).await;
    settled(&browser).await;
    browser.switch_to(&one).await;
    browser.run("window.marked = true; dispatchEvent(new Event('beforeunload'));", &[]).await;
    browser.switch_to(&other).await;
    browser.press("Log out").await;
    sees(&browser, NOBODY).await;
    browser.switch_to(&one).await;
    assert_eq!(settled(&browser).await, "-");
    assert!(is_marked(&browser).await);
}

#[tokio::test]
async fn a_server_that_comes_back_restarts_nobody_whose_connection_stayed() {
    let app = Example::shop();
    let (browser, _) = of_alice(&app).await;
    let before = settled(&browser).await;
    mark(&browser).await;
    let app = app.restart(async {}).await;
    let after = settled(&browser).await;
    let session = |state: &Value| state.as_str().and_then(|state| state.split('.').next()).map(str::to_owned);
    assert_eq!(session(&before), session(&after), "authorised afresh, as the same session");
    assert!(is_marked(&browser).await);

    // … and listens again.
    let (there, _) = of_alice(&app).await;
    there.visit("/devices").await;
    there.press("Log out everywhere").await;
    sees(&browser, NOBODY).await;
}

#[tokio::test]
async fn a_server_that_comes_back_without_the_session_restarts_its_tabs() {
    let app = Example::shop();
    let (browser, one) = of_alice(&app).await;
    let other = open_shop(&browser).await;
    settled(&browser).await;
    let sessions = app.sessions();
    let _app = app.restart(async move { std::fs::remove_file(sessions).expect("the sessions are in a file") }).await;
    for tab in [&one, &other] {
        browser.switch_to(tab).await;
        sees(&browser, NOBODY).await;
    }
}

/// Each page would be of nobody again, and restart again.
#[tokio::test]
async fn without_cookies_a_page_warns_and_stays() {
    let app = Example::shop();
    let browser = Browser::without_cookies(&app).await;
    browser.visit("/").await;
    sees(&browser, NOBODY).await;
    mark(&browser).await;
    let pretend = r#"
        await import("/os-session/client.js");
        new BroadcastChannel("os-session /os-session/").postMessage({ state: "0123456789abcdef" });"#;
    browser.run(pretend, &[]).await;
    browser.see("//*[@role='alert'][contains(., 'load this page again')]").await;
    assert_eq!(browser.run("return window.marked", &[]).await, true);
}

/// The answer might say that this very tab asked for the change, but may never come; then the next state does.
#[tokio::test]
async fn a_request_that_is_not_answered_keeps_no_page_from_its_restart() {
    let app = Example::shop();
    let (browser, one) = of_alice(&app).await;
    let other = open_shop(&browser).await;
    settled(&browser).await;
    let ask = r#"
        const client = await import("/os-session/client.js");
        globalThis.fetch = () => new Promise(() => {});
        void client.fetch("/never", { method: "POST" });"#;
    browser.run(ask, &[]).await;

    browser.switch_to(&one).await;
    browser.press("Log out").await;
    sees(&browser, NOBODY).await;
    browser.switch_to(&other).await;
    browser.see(WARNING).await;
    sees(&browser, NOBODY).await;
}
