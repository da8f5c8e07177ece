//! A `deny_fun` with the application's types, and one of a server function.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use os_session::routing::{self, get};
use os_session::testing::Browser;
use os_session::{BoxError, Denial, Error, FromUser, User, UserId, connected, connected_rpc};
use os_session_tests::trace::name;

use crate::site::Site;

#[derive(Clone)]
struct App {
    greeting: &'static str,
}

#[derive(Clone)]
struct Account(String);

impl FromUser<App> for Account {
    type Error = BoxError;

    async fn from_user(id: &UserId, app: &App) -> Result<Option<Self>, BoxError> {
        match id.as_str() {
            "carol" => Err("the user table of db-7.internal is gone".into()),
            name => Ok(Some(Self(format!("{} {name}", app.greeting)))),
        }
    }
}

#[expect(clippy::unused_async, reason = "a deny_fun is async")]
async fn sorry_account(account: Option<User<Account>>, State(app): State<App>) -> impl IntoResponse {
    (StatusCode::CREATED, account.map_or(format!("{} stranger", app.greeting), |User(Account(name))| name))
}

#[connected(allow = "admin", deny_fun = sorry_account, state = App)]
async fn with_accounts() {}

#[tokio::test]
async fn a_deny_fun_takes_state_and_accounts() {
    let site = Site::new().await;
    let app = App { greeting: "sorry" };
    let router = routing::Router::new().route("/", get(with_accounts)).with_state(app);
    let router = router.with_sessions(&site.sessions).unwrap();
    let answered = async |browser: &mut Browser| {
        let answer = browser.get("/").await;
        (answer.status().as_u16(), answer.text().to_owned())
    };
    assert_eq!(answered(&mut Browser::new(&router)).await, (401, "sorry stranger".to_owned()));
    let mut bob = Browser::connected(&router, &site.sessions, "bob").await.unwrap();
    assert_eq!(answered(&mut bob).await, (403, "sorry bob".to_owned()), "201 is no refusal");
    let mut carol = Browser::connected(&router, &site.sessions, "carol").await.unwrap();
    let (status, text) = answered(&mut carol).await;
    assert_eq!(status, 503, "an account that cannot be loaded refuses all the same");
    assert!(!text.contains("db-7"), "{text}");
}

#[derive(Debug)]
enum Refused {
    By(String),
    Because(Error),
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::Because(error)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        match self {
            Self::By(who) => (StatusCode::IM_A_TEAPOT, who).into_response(),
            Self::Because(error) => (error.status(), "because").into_response(),
        }
    }
}

#[expect(clippy::unused_async, reason = "a deny_fun is async")]
async fn sorry_in_kind(user: Option<UserId>, denial: Denial) -> Result<(), Refused> {
    Err(Refused::By(format!("{} {denial}", name(user.as_ref()))))
}

async fn sorry_everywhere() -> StatusCode {
    panic!("a server function's refusal is its caller's, not the application's")
}

#[connected_rpc(allow = "admin", deny_fun = sorry_in_kind)]
async fn rename(_user: UserId) -> Result<(), Refused> {
    Ok(())
}

#[connected_rpc]
async fn greet(_user: UserId) -> Result<(), Refused> {
    Ok(())
}

#[connected(opt)]
async fn call_rename() -> Result<(), Refused> {
    rename().await
}

#[connected(opt)]
async fn call_greet() -> Result<(), Refused> {
    greet().await
}

#[tokio::test]
async fn a_server_function_is_refused_in_its_own_type() {
    let site = Site::with(|builder| builder.deny_fun(sorry_everywhere)).await;
    let router = routing::Router::new().route("/rename", get(call_rename)).route("/greet", get(call_greet));
    let app = router.with_sessions(&site.sessions).unwrap();
    let mut bob = Browser::connected(&app, &site.sessions, "bob").await.unwrap();
    let told = bob.get("/rename").await;
    assert_eq!((told.status().as_u16(), told.text()), (418, "bob permission denied"));
    assert_eq!(site.log.take(), ["denied bob: permission denied"]);
    let told = Browser::new(&app).get("/rename").await;
    assert_eq!((told.status().as_u16(), told.text()), (418, "None not connected"));
    let told = Browser::new(&app).get("/greet").await;
    assert_eq!((told.status().as_u16(), told.text()), (401, "because"), "no denial: no `deny_fun`");
}
