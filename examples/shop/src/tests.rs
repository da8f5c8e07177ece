//! What is whose, and who reaches what. How tabs hear of changes is shown in a real browser, by the end-to-end tests.

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, header};
use os_session::Sessions;
use os_session::testing::{Answer, Browser, Tour, assert_access_table};
use serde_json::{Value, json};

use super::*;

struct Site {
    app: Router,
    sessions: Sessions,
}

impl Site {
    async fn new() -> Self {
        let app = App { users: Users::with_people().unwrap(), chat: Chat::new() };
        let sessions = builder(&app).build().await.unwrap();
        let app = routes(&sessions).with_state(app).with_sessions(&sessions).unwrap();
        Self { app, sessions }
    }

    fn visitor(&self) -> Browser {
        Browser::new(&self.app)
    }

    async fn browser_of(&self, user: &str) -> Browser {
        Browser::connected(&self.app, &self.sessions, user).await.unwrap()
    }
}

/// Two tabs, as their pages name them.
const ONE: &str = "AAAAAAAAAAAAAAAAAAAAAA";
const OTHER: &str = "BBBBBBBBBBBBBBBBBBBBBA";

async fn send(browser: &mut Browser, method: Method, path: &str, tab: &str, body: Value) -> Answer {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("sec-fetch-site", "same-origin")
        .header("sec-fetch-dest", "empty")
        .header("os-process", tab)
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body.to_string()))
        .unwrap();
    browser.send(request).await
}

async fn add(browser: &mut Browser, item: &str) -> Answer {
    send(browser, Method::POST, "/cart", ONE, json!({ "item": item })).await
}

async fn cart(browser: &mut Browser) -> Value {
    send(browser, Method::GET, "/cart", ONE, Value::Null).await.json()
}

/// Whoever changes a rule changes the file as well, where a reviewer sees it.
#[tokio::test]
async fn who_reaches_what_is_known() {
    let site = Site::new().await;
    assert_access_table(&routes(&site.sessions).access_table(), "access.txt");
}

/// … and the server does what it says, to each of these people.
#[tokio::test]
async fn the_server_does_what_the_table_says() {
    let site = Site::new().await;
    let table = routes(&site.sessions).access_table();
    let tour = Tour::new(&table, &site.app, &site.sessions).param("handle", "0123456789abcdef");
    ["alice", "bob", "mallory"].into_iter().fold(tour, Tour::caller).assert().await;
}

#[tokio::test]
async fn the_cart_survives_log_in_and_log_out() {
    let site = Site::new().await;
    let mut browser = site.visitor();
    add(&mut browser, "a teapot").await;
    browser.post("/login", &[("name", "alice"), ("password", "quickstart")]).await;
    let added: Value = add(&mut browser, "a lantern").await.json();
    assert_eq!(added, json!({ "items": ["a teapot", "a lantern"] }));
    browser.post("/logout", &[]).await;
    assert_eq!(cart(&mut browser).await, added);
    assert_eq!(cart(&mut site.visitor()).await, json!({ "items": [] }), "it is the browser's own");
}

#[tokio::test]
async fn what_is_no_item_changes_nothing() {
    let site = Site::new().await;
    let mut browser = site.visitor();
    for item in ["", "   ", &"x".repeat(201)] {
        let answer = add(&mut browser, item).await;
        assert_eq!(answer.status(), 422);
        assert!(answer.text().starts_with("`item`"), "{}", answer.text());
    }
    assert_eq!(send(&mut browser, Method::POST, "/cart", ONE, json!({})).await.status(), 422);
    assert_eq!(cart(&mut browser).await, json!({ "items": [] }));
}

#[tokio::test]
async fn drafts_differ_by_tab() {
    let site = Site::new().await;
    let mut browser = site.visitor();
    let draft = json!({ "text": "Dear all," });
    send(&mut browser, Method::POST, "/draft", ONE, draft.clone()).await;
    let mut read = async |tab| -> Value { send(&mut browser, Method::GET, "/draft", tab, Value::Null).await.json() };
    assert_eq!(read(ONE).await, draft);
    assert_eq!(read(OTHER).await, Value::Null);

    let stolen: Value = send(&mut site.visitor(), Method::GET, "/draft", ONE, Value::Null).await.json();
    assert_eq!(stolen, Value::Null, "its name opens nothing in another browser");
}

#[tokio::test]
async fn to_look_costs_nothing() {
    let site = Site::new().await;
    let mut browser = site.visitor();
    for path in ["/", "/cart", "/draft"] {
        assert_eq!(browser.get(path).await.header("set-cookie"), None, "{path}");
    }
}

#[tokio::test]
async fn an_order_takes_the_cart_once() {
    let site = Site::new().await;
    let mut browser = site.browser_of("bob").await;
    add(&mut browser, "a teapot").await;
    assert_eq!(browser.post("/order", &[]).await.status(), 204);
    assert_eq!(browser.post("/order", &[]).await.status(), 409);
}
