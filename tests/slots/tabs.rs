//! Processes: who starts one, and whose it is.

use super::*;

#[tokio::test]
async fn loading_a_page_starts_a_process_and_its_script_speaks_for_it() {
    let site = Site::new().await;
    let mut tab = site.tab();
    tab.load().await;
    let first = tab.process.clone().unwrap();
    assert_eq!(tab.fetch(Method::GET, "/page", "").await.text(), first, "a fetch belongs to the page that sends it");
    tab.load().await;
    assert_ne!(tab.process, Some(first), "a reload is another");
}

#[tokio::test]
async fn what_loads_no_page_starts_none() {
    let site = Site::new().await;
    let process = async |headers: &[(&'static str, &str)]| {
        let mut request = Request::get("/page");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = Browser::new(&site.app).send(request.body(axum::body::Body::empty()).unwrap()).await;
        !answer.text().is_empty()
    };
    assert!(process(&[]).await, "a client that says nothing of the kind");
    assert!(process(&[("sec-fetch-dest", "document")]).await);
    assert!(!process(&[("sec-fetch-dest", "empty")]).await);
    assert!(!process(&[("sec-fetch-dest", "image")]).await);
    assert!(!process(&[("sec-fetch-dest", "iframe")]).await);
    assert!(
        process(&[("sec-fetch-dest", "document"), ("sec-purpose", "prefetch;prerender")]).await,
        "it may be shown later, and its script will want to speak"
    );
    assert!(!process(&[("sec-fetch-dest", "empty"), ("os-process", "made up")]).await);
}

#[tokio::test]
async fn without_a_process_there_is_nothing_to_read_and_nowhere_to_write() {
    let site = Site::new().await;
    let mut stray = site.tab();
    stray.post("/login/alice").await;
    for scope in ["process", "tab", "volatile-process", "volatile-tab"] {
        assert_eq!(stray.get(scope).await, None);
        let answer = stray.fetch(Method::POST, &format!("/slot/{scope}"), "x").await;
        assert_eq!(answer.status(), 400, "{scope}");
        assert!(answer.text().contains("Os-Process"), "it says what is missing: {}", answer.text());
    }
    assert!(stray.browser.cookie(BROWSER_COOKIE).is_none());
}

#[tokio::test]
async fn an_identifier_opens_nothing_in_another_browser() {
    let site = Site::new().await;
    let (mut alice, mut mallory) = (site.tab(), site.tab());
    for (tab, user) in [(&mut alice, "alice"), (&mut mallory, "mallory")] {
        tab.post(&format!("/login/{user}")).await;
        tab.load().await;
        tab.set("browser", "so that each has a cookie").await;
    }
    for scope in ["process", "tab", "volatile-process", "volatile-tab"] {
        alice.set(scope, "a draft").await;
    }
    mallory.process.clone_from(&alice.process);
    for scope in ["process", "tab", "volatile-process", "volatile-tab"] {
        assert_eq!(mallory.get(scope).await, None, "{scope}");
        mallory.set(scope, "spoilt").await;
        assert_eq!(alice.get(scope).await.as_deref(), Some("a draft"), "{scope}");
    }
}

#[tokio::test]
async fn beyond_the_limit_the_oldest_tab_is_forgotten() {
    for scope in ["tab", "process", "volatile-tab", "volatile-process"] {
        let site =
            Site::over(|clock| Sessions::builder().store(MemoryStore::with_clock(clock)).max_tabs_per_browser(20))
                .await;
        let mut first = site.tab();
        first.post("/login/alice").await;
        first.set("browser", "so that there is a cookie").await;
        first.load().await;
        first.set(scope, "1").await;
        let mut tabs = vec![first.clone()];
        for number in 2..=20 {
            let mut tab = tabs[0].clone();
            tab.load().await;
            tab.set(scope, &number.to_string()).await;
            tabs.push(tab);
        }
        for (tab, number) in tabs.iter_mut().zip(1..) {
            assert_eq!(tab.get(scope).await, Some(number.to_string()), "{scope}: seven tabs work, and twenty");
        }
        // Written again, the first is no longer the oldest.
        tabs[0].set(scope, "1").await;
        let mut another = tabs[0].clone();
        another.load().await;
        another.set(scope, "21").await;
        assert_eq!(tabs[0].get(scope).await.as_deref(), Some("1"), "{scope}");
        assert_eq!(tabs[1].get(scope).await, None, "{scope}");
        assert_eq!(tabs[2].get(scope).await.as_deref(), Some("3"), "{scope}");
        assert_eq!(another.get(scope).await.as_deref(), Some("21"), "{scope}");
    }
}
