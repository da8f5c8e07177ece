//! Lines of the log are the library's own: nothing that a client chooses starts one, or looks like
//! a part of it.

use axum::Form;
use os_session::routing::{self, get, post};
use os_session::testing::Browser;
use os_session::{Error, HookFailure, Session, StoreError, UserId, connected, policy};
use os_session_tests::log::caught;

use crate::site::{GROUPS, Site, admin};

/// A line break and a line of its own, an escape sequence, a line separator, a turn of the
/// direction, a field.
const FORGED: &str = "mallory\r\n2026-11-30 ERROR \u{1b}[2Kall is well\u{2028}\u{202e}\u{85} admin=true";

#[connected(opt)]
async fn log_in(session: Session, Form(form): Form<Vec<(String, String)>>) -> Result<(), Error> {
    session.connect(form[0].1.clone()).await
}

#[connected(opt)]
async fn log_out(session: Session) -> Result<(), Error> {
    session.disconnect().await
}

#[policy]
async fn fails(user: UserId) -> Result<bool, Error> {
    Err(Error::NoSuchHandler(user.to_string()))
}

#[connected(allow = fails)]
async fn by_policy() {}

fn assert_one_line(text: &str) {
    for character in ['\r', '\n', '\u{1b}', '\u{2028}', '\u{202e}', '\u{85}'] {
        assert!(!text.contains(character), "{character:?} in {text:?}");
    }
    assert!(text.chars().count() < 4_000, "{}", text.len());
}

#[tokio::test]
async fn no_user_id_forges_a_line_or_a_field() {
    for forged in [FORGED.to_owned(), FORGED.repeat(1_000)] {
        let groups =
            |user: UserId| async move { if user == "bob" { Ok([""]) } else { Err(format!("no row for {user}")) } };
        let site = Site::with(|builder| builder.groups(GROUPS, groups)).await;
        let router = routing::Router::new()
            .route("/log-in", post(log_in))
            .route("/log-out", post(log_out))
            .route("/policy", get(by_policy))
            .route("/admin", get(admin));
        let app = router.with_sessions(&site.sessions).unwrap();
        let (lines, _guard) = caught();
        let mut mallory = Browser::new(&app);
        // Some stores take no id of that length: then there is no session, and the line is about
        // the log-in.
        mallory.post("/log-in", &[("user", &forged)]).await;
        for path in ["/policy", "/admin"] {
            mallory.get(path).await;
        }
        mallory.post("/log-out", &[]).await;
        let lines = lines.take();
        assert!(!lines.is_empty());
        for line in &lines {
            assert_one_line(line);
        }
    }
}

#[tokio::test]
async fn a_denied_user_is_one_field_of_its_line() {
    let site = Site::new().await;
    let mut mallory = site.browser_of("mallory\n admin=true\"").await;
    let (lines, _guard) = caught();
    assert_eq!(mallory.get("/admin").await.status(), 403);
    let lines = lines.take();
    let line = lines.iter().find(|line| line.contains("request denied")).expect("a denial is logged");
    assert!(line.contains(r#"user="mallory\n admin=true\"" "#), "{line}");
}

#[test]
fn no_error_that_carries_foreign_text_is_more_than_a_line() {
    let hook = HookFailure::Error(FORGED.into());
    assert_one_line(&hook.to_string());
    let errors = [
        Error::NoSuchHandler(FORGED.to_owned()),
        Error::UserId(FORGED.to_owned()),
        Error::Groups(FORGED.into()),
        Error::User(FORGED.into()),
        Error::Store(StoreError::new(FORGED)),
    ];
    for error in errors {
        let text = error.to_string();
        assert_one_line(&text);
        assert!(text.contains(r"mallory\r\n2026"), "{text}");
    }
}
