//! Each function, called by nobody, by bob and by alice through the real router.

use axum::http::StatusCode;
use leptos::prelude::FromServerFnError;
use leptos::server_fn::ServerFn;
use os_session::HandlerKind;
use os_session::testing::{Answer, Browser, assert_access_table};

use super::*;
use crate::error::AppError;
use crate::functions::{Article, LogIn, Publish, Published, Whoami};
use crate::users::Account;

struct Site {
    app: axum::Router,
    sessions: Sessions,
}

impl Site {
    async fn new() -> Self {
        let sessions = builder().build().await.unwrap();
        let app = routes().with_sessions(&sessions).unwrap();
        Self { app, sessions }
    }

    /// Whoever calls asks for what a script asks for; a form would be sent back to its page.
    fn nobody(&self) -> Browser {
        Browser::new(&self.app).with_header("accept", "application/json")
    }

    async fn browser_of(&self, user: &str) -> Browser {
        let mut browser = self.nobody();
        browser.connect(&self.sessions, user).await.unwrap();
        browser
    }
}

const TITLE: (&str, &str) = ("title", "On rules");

/// The error as the client of Leptos reads it.
fn refusal(answer: &Answer) -> (StatusCode, AppError) {
    (answer.status(), AppError::de(answer.text().to_owned().into()))
}

#[test]
fn who_may_call_what_is_known() {
    let table = routes().access_table();
    assert_access_table(&table, "access.txt");

    let rpcs = table.rows().iter().filter(|row| row.kind == HandlerKind::Rpc);
    assert_eq!(rpcs.count(), 3, "publish, published, whoami");
}

#[tokio::test]
async fn a_refusal_has_the_type_of_the_function_and_its_status() {
    let site = Site::new().await;
    let not_connected = (StatusCode::UNAUTHORIZED, AppError::NotConnected);
    for path in [Publish::PATH, Published::PATH, Whoami::PATH] {
        assert_eq!(refusal(&site.nobody().post(path, &[TITLE]).await), not_connected, "{path}");
    }
    let mut bob = site.browser_of("bob").await;
    assert_eq!(refusal(&bob.post(Publish::PATH, &[TITLE]).await), (StatusCode::FORBIDDEN, AppError::PermissionDenied));
    assert_eq!(bob.post(Published::PATH, &[]).await.json::<Vec<Article>>(), []);
}

#[tokio::test]
async fn the_user_is_whoever_is_connected_and_no_argument() {
    let Publish { title: _ } = Publish { title: String::new() }; // All that a client can send.

    let site = Site::new().await;
    let mut alice = site.browser_of("alice").await;
    let answer = alice.post(Publish::PATH, &[TITLE, ("author", "bob"), ("user", "bob")]).await;
    let article = Article { author: "alice".to_owned(), title: "On rules".to_owned() };
    assert_eq!((answer.status(), answer.json::<Article>()), (StatusCode::OK, article.clone()));
    assert!(alice.post(Published::PATH, &[("author", "bob")]).await.json::<Vec<_>>().contains(&article));
}

#[tokio::test]
async fn the_user_may_be_an_account() {
    let site = Site::new().await;
    let account = site.browser_of("bob").await.post(Whoami::PATH, &[]).await.json::<Account>();
    assert_eq!(account.name, "Bob Brown");
    assert_eq!(refusal(&site.browser_of("mallory").await.post(Whoami::PATH, &[]).await).1, AppError::NotConnected);
}

#[tokio::test]
async fn a_form_is_sent_back_to_its_page() {
    let site = Site::new().await;
    let mut bob =
        site.browser_of("bob").await.with_header("accept", "text/html").with_header("referer", "http://localhost/");
    let answer = bob.post(Publish::PATH, &[TITLE]).await;
    let location = answer.header("location").unwrap();
    assert_eq!(answer.status(), StatusCode::FOUND, "and no status is put in its place");
    assert!(location.starts_with("http://localhost/?") && location.contains("__err="), "{location}");
}

#[tokio::test]
async fn a_function_logs_in() {
    let site = Site::new().await;
    let mut browser = site.nobody();
    let wrong = browser.post(LogIn::PATH, &[("name", "alice"), ("password", "?")]).await;
    assert_eq!(refusal(&wrong), (StatusCode::UNPROCESSABLE_ENTITY, AppError::WrongPassword));
    browser.post(LogIn::PATH, &[("name", "alice"), ("password", "leptos")]).await;
    assert_eq!(browser.post(Whoami::PATH, &[]).await.json::<Account>().name, "Alice Adams");
}

#[tokio::test]
async fn a_page_calls_functions_as_whoever_asked_for_it() {
    tasks::init().unwrap();
    let site = Site::new().await;
    let page = site.nobody().get("/").await;
    assert!(page.text().contains("you are not logged in"), "{}", page.text());
    let page = site.browser_of("alice").await.get("/").await;
    assert!(page.text().contains("Alice Adams"), "{}", page.text());
}

#[tokio::test]
async fn a_router_of_axum_needs_the_layer() {
    let site = Site::new().await;
    let leptos = axum::Router::new().route("/api/{*function}", axum::routing::post(leptos_axum::handle_server_fns));
    let taken_over = Router::from_axum(leptos, "each function has its rule").with_sessions(&site.sessions).unwrap();
    let mut alice = site.browser_of("alice").await.at(&taken_over);
    let refused = refusal(&alice.post(Whoami::PATH, &[]).await);
    assert_eq!(refused.1, AppError::Session(500), "without a session nobody is let in");

    let mut alice = alice.at(&taken_over.layer(site.sessions.layer()));
    assert_eq!(alice.post(Whoami::PATH, &[]).await.status(), StatusCode::OK);
}
