//! The user as a type of the application: loaded once a request, and what follows when its account is gone, cannot be
//! loaded, or was never an account of that type.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use os_session::routing::{self, get};
use os_session::testing::{Answer, Browser};
use os_session::{
    CloseReason, Error, FromUser, MemoryStore, Session, Sessions, User, UserId, connected, connected_rpc,
    on_connected_request, on_denied_request, on_open_session, on_post_close_session, on_pre_close_session,
    on_unconnected_request,
};
use os_session_tests::trace::{Gate, Log, name};

/// The application: its user table, and what happened.
#[derive(Clone, Default)]
struct App {
    gone: Arc<Mutex<BTreeSet<String>>>,
    broken: Arc<Mutex<bool>>,
    loading: Gate,
    log: Log,
}

impl App {
    fn delete(&self, user: &str) {
        self.gone.lock().unwrap_or_else(PoisonError::into_inner).insert(user.to_owned());
    }

    fn break_table(&self, broken: bool) {
        *self.broken.lock().unwrap_or_else(PoisonError::into_inner) = broken;
    }
}

#[derive(Clone)]
struct Account {
    name: String,
}

impl FromUser<App> for Account {
    type Error = &'static str;

    async fn from_user(id: &UserId, app: &App) -> Result<Option<Self>, &'static str> {
        app.log.note(format!("load({id})"));
        app.loading.pass().await;
        if *app.broken.lock().unwrap_or_else(PoisonError::into_inner) {
            return Err("the table cannot be read");
        }
        let gone = app.gone.lock().unwrap_or_else(PoisonError::into_inner).contains(id.as_str());
        Ok((!gone).then(|| Self { name: id.to_string() }))
    }
}

#[on_open_session(state = App)]
async fn open_session(user: UserId, State(app): State<App>) {
    app.log.note(format!("open_session({user})"));
}

#[on_connected_request(state = App)]
async fn connected_request(user: UserId, State(app): State<App>) {
    app.log.note(format!("connected_request({user})"));
}

#[on_unconnected_request(state = App)]
async fn unconnected_request(State(app): State<App>) {
    app.log.note("unconnected_request");
}

#[on_denied_request(state = App)]
async fn denied_request(user: Option<UserId>, State(app): State<App>) {
    app.log.note(format!("denied_request({})", name(user.as_ref())));
}

#[on_pre_close_session(state = App)]
async fn pre_close(user: UserId, why: CloseReason, State(app): State<App>) {
    app.log.note(format!("pre_close({user}, {why})"));
}

#[on_post_close_session(state = App)]
async fn post_close(user: UserId, why: CloseReason, State(app): State<App>) {
    app.log.note(format!("post_close({user}, {why})"));
}

fn handled(app: &App, account: Option<&Account>) {
    app.log.note(format!("handler({})", account.map_or("None", |account| &account.name)));
}

#[connected]
async fn required(account: User<Account>, State(app): State<App>) {
    handled(&app, Some(&account));
}

#[connected(opt)]
async fn optional(account: Option<User<Account>>, State(app): State<App>) {
    handled(&app, account.as_deref());
}

/// A rule that needs somebody, and a parameter that says otherwise.
#[connected]
async fn required_but_optional(account: Option<User<Account>>, State(app): State<App>) {
    handled(&app, account.as_deref());
}

#[connected(allow = "admin")]
async fn allowed_but_optional(account: Option<User<Account>>, State(app): State<App>) {
    handled(&app, account.as_deref());
}

#[connected(deny = "banned", deny_fun = sorry, state = App)]
async fn not_banned() {}

/// Asks for the account of who was refused.
#[expect(clippy::unused_async, reason = "a deny_fun is an async function")]
async fn sorry(account: Option<User<Account>>, State(app): State<App>) -> impl IntoResponse {
    app.log.note(format!("deny_fun({})", account.as_deref().map_or("None", |account| &account.name)));
}

#[connected]
async fn four_times(
    User(first): User<Account>,
    second: Option<User<Account>>,
    State(app): State<App>,
) -> Result<(), Error> {
    rename().await?;
    rename_if_connected().await?;
    handled(&app, second.as_deref().filter(|second| second.name == first.name));
    Ok(())
}

#[connected]
async fn twice_at_the_same_time() -> Result<(), Error> {
    tokio::try_join!(rename(), rename()).map(|_| ())
}

#[connected_rpc(state = App)]
async fn rename(_account: User<Account>) -> Result<(), Error> {
    Ok(())
}

#[connected_rpc(opt, state = App)]
async fn rename_if_connected(account: Option<Account>) -> Result<Option<String>, Error> {
    Ok(account.map(|account| account.name))
}

#[connected(opt)]
async fn by_function() -> Result<(), Error> {
    rename().await
}

#[connected(opt)]
async fn by_optional_function() -> Result<String, Error> {
    Ok(rename_if_connected().await?.unwrap_or_else(|| "None".to_owned()))
}

#[connected(opt)]
async fn number(user: Option<User<i64>>) -> String {
    user.map_or_else(|| "None".to_owned(), |user| user.to_string())
}

#[connected(opt)]
async fn who(session: Session) -> Result<String, Error> {
    Ok(name(session.user().await?.as_ref()).to_owned())
}

struct Site {
    store: MemoryStore,
    sessions: Sessions,
    router: Router,
    app: App,
}

impl Site {
    async fn new() -> Self {
        let app = App::default();
        let store = MemoryStore::new();
        let sessions = Sessions::builder()
            .store(store.clone())
            .groups(["admin", "banned"], |user: UserId| async move {
                match user.as_str() {
                    "alice" => vec!["admin"],
                    "mallory" => vec!["banned"],
                    _ => vec![],
                }
            })
            .state(app.clone())
            .build()
            .await
            .expect("the configuration works");
        let router = routing::Router::new()
            .route("/required", get(required))
            .route("/optional", get(optional))
            .route("/required-but-optional", get(required_but_optional))
            .route("/allowed-but-optional", get(allowed_but_optional))
            .route("/not-banned", get(not_banned))
            .route("/four-times", get(four_times))
            .route("/twice-at-the-same-time", get(twice_at_the_same_time))
            .route("/by-function", get(by_function))
            .route("/by-optional-function", get(by_optional_function))
            .route("/number", get(number))
            .route("/who", get(who))
            .with_state(app.clone())
            .with_sessions(&sessions)
            .expect("every rule can be decided");
        Self { store, sessions, router, app }
    }

    /// A browser in which that user is logged in; what ran at that log-in is not in the log.
    async fn browser_of(&self, user: impl Into<UserId>) -> Browser {
        let browser = Browser::connected(&self.router, &self.sessions, user).await.expect("the log-in succeeds");
        self.app.log.clear();
        browser
    }

    /// The account of alice is deleted while she is logged in, and then her browser goes there.
    async fn after_deletion(&self, path: &str) -> Answer {
        let mut alice = self.browser_of("alice").await;
        self.app.delete("alice");
        alice.get(path).await
    }
}

#[tokio::test]
async fn an_account_is_loaded_once_a_request_however_many_ask() {
    let site = Site::new().await;
    let mut alice = site.browser_of("alice").await;
    for _ in 0..2 {
        assert_eq!(alice.get("/four-times").await.status(), StatusCode::OK);
        assert_eq!(site.app.log.take(), ["connected_request(alice)", "load(alice)", "handler(alice)"]);
    }
}

/// Both functions ask while the first answer of the user table is still awaited.
#[tokio::test]
async fn an_account_is_loaded_once_though_two_ask_at_the_same_time() {
    let site = Site::new().await;
    let mut alice = site.browser_of("alice").await;
    site.app.loading.close();
    let table = async {
        site.app.loading.arrived().await;
        site.app.loading.open();
    };
    let (answer, ()) = tokio::join!(alice.get("/twice-at-the-same-time"), table);
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(site.app.log.take(), ["connected_request(alice)", "load(alice)"]);
}

#[tokio::test]
async fn a_request_that_asks_for_no_account_loads_none() {
    let site = Site::new().await;
    let mut alice = site.browser_of("alice").await;
    assert_eq!(alice.get("/who").await.text(), "alice");
    assert_eq!(site.app.log.take(), ["connected_request(alice)"]);
}

#[tokio::test]
async fn an_account_that_is_gone_ends_its_session_and_the_request_goes_on_unconnected() {
    let site = Site::new().await;
    let answer = site.after_deletion("/optional").await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(
        site.app.log.take(),
        [
            "connected_request(alice)",
            "load(alice)",
            "pre_close(alice, the account is gone)",
            "post_close(alice, the account is gone)",
            "handler(None)"
        ]
    );
    assert!(site.store.is_empty());
}

/// Another browser of the same user: its session ends at its own next request that asks for the account.
#[tokio::test]
async fn each_session_of_a_gone_account_ends_when_it_asks() {
    let site = Site::new().await;
    let mut phone = site.browser_of("alice").await;
    site.after_deletion("/optional").await;
    assert_eq!(site.store.len(), 1);
    assert_eq!(phone.get("/required").await.status(), StatusCode::UNAUTHORIZED);
    assert!(site.store.is_empty());
}

/// Never run with `None`, which would be a way in for nobody.
#[tokio::test]
async fn a_rule_that_needs_somebody_refuses_whose_account_is_gone() {
    for path in ["/required", "/required-but-optional", "/allowed-but-optional"] {
        let site = Site::new().await;
        let answer = site.after_deletion(path).await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{path}");
        assert_eq!(
            site.app.log.take(),
            [
                "connected_request(alice)",
                "load(alice)",
                "pre_close(alice, the account is gone)",
                "post_close(alice, the account is gone)"
            ],
            "{path}"
        );
        assert!(site.store.is_empty(), "{path}");
    }
}

#[tokio::test]
async fn a_function_with_a_rule_refuses_whose_account_is_gone() {
    let site = Site::new().await;
    assert_eq!(site.after_deletion("/by-function").await.status(), StatusCode::UNAUTHORIZED);
    assert!(site.store.is_empty());
}

#[tokio::test]
async fn a_function_for_everybody_gets_no_account_that_is_gone() {
    let site = Site::new().await;
    assert_eq!(site.after_deletion("/by-optional-function").await.text(), "None");
    assert!(site.store.is_empty());
}

/// A refusal is no reason to keep the session of an account that is gone.
#[tokio::test]
async fn a_deny_fun_that_finds_the_account_gone_ends_its_session() {
    let site = Site::new().await;
    let mut mallory = site.browser_of("mallory").await;
    site.app.delete("mallory");
    assert!(mallory.get("/not-banned").await.status().is_client_error());
    assert_eq!(
        site.app.log.take(),
        [
            "denied_request(mallory)",
            "load(mallory)",
            "pre_close(mallory, the account is gone)",
            "post_close(mallory, the account is gone)",
            "deny_fun(None)"
        ]
    );
    assert!(site.store.is_empty());
}

/// Not "the account is gone", and not "nobody": the session stays.
#[tokio::test]
async fn a_user_table_that_fails_is_a_503() {
    for path in ["/required", "/optional", "/required-but-optional", "/by-function", "/by-optional-function"] {
        let site = Site::new().await;
        let mut alice = site.browser_of("alice").await;
        site.app.break_table(true);
        let answer = alice.get(path).await;
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE, "{path}");
        assert_eq!(answer.header("retry-after"), Some("5"), "{path}");
        assert!(!answer.text().contains("table"), "{path}: no internal text");
        assert_eq!(site.app.log.take(), ["connected_request(alice)", "load(alice)"], "{path}");

        site.app.break_table(false);
        assert_eq!(alice.get(path).await.status(), StatusCode::OK, "{path}: the next request");
    }
}

/// A mistake of the program, and never a missing account.
#[tokio::test]
async fn an_id_that_does_not_parse_is_a_500() {
    let site = Site::new().await;
    let mut alice = site.browser_of("alice").await;
    assert_eq!(alice.get("/number").await.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(alice.get("/who").await.text(), "alice");

    let mut seven = site.browser_of(7).await;
    assert_eq!(seven.get("/number").await.text(), "7");
}

#[tokio::test]
async fn nobody_has_no_account_and_none_is_loaded() {
    let site = Site::new().await;
    let mut nobody = Browser::new(&site.router);
    assert_eq!(nobody.get("/optional").await.status(), StatusCode::OK);
    assert_eq!(site.app.log.take(), ["unconnected_request", "handler(None)"]);
    assert_eq!(nobody.get("/required").await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(site.app.log.take(), ["unconnected_request"]);
}
