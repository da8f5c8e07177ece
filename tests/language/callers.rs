//! Each kind of caller at each kind of handler: the answer, who hears of a refusal, and what the log says of it.

use std::time::Duration;

use axum::extract::Path;
use os_session::routing::{self, get};
use os_session::testing::Browser;
use os_session::{Error, UserId, connected, connected_rpc, connected_wrapper, policy};
use os_session_tests::log::caught;

use crate::Site;

#[connected]
async fn anyone() {}

#[connected(opt, deny = "banned")]
async fn both() {}

#[connected(opt, force_unconnected)]
async fn ignored() {}

#[connected(allow = "staff", deny = "banned")]
async fn page() {}

#[policy]
async fn is_even(Path(number): Path<u32>) -> bool {
    number.is_multiple_of(2)
}

#[connected(allow = "staff" & is_even)]
async fn asked(_: Path<u32>) {}

#[connected(allow = "staff", fresh = "1h")]
async fn fresh() {}

#[connected_rpc(allow = "staff", deny = "banned")]
async fn rpc(user: UserId) -> Result<String, Error> {
    Ok(user.to_string())
}

#[connected_wrapper(deny = "banned")]
async fn wrapper() -> Result<(), Error> {
    Ok(())
}

#[connected_wrapper(allow = "staff")]
async fn staff_wrapper() -> Result<(), Error> {
    Ok(())
}

#[connected(opt)]
async fn calls_rpc() -> Result<String, Error> {
    rpc().await
}

#[connected(opt)]
async fn calls_wrapper() -> Result<(), Error> {
    wrapper().await
}

#[connected(opt)]
async fn calls_staff_wrapper() -> Result<(), Error> {
    staff_wrapper().await
}

/// Users are in the groups that their names list.
const CALLERS: [&str; 5] = ["", "stranger", "staff", "staff+banned", "stale: staff"];

const IN: (u16, &str) = (200, "");
const WHO: (u16, &str) = (401, "");
const NOBODY: (u16, &str) = (401, "not connected");
const NO: (u16, &str) = (403, "permission denied");
/// A browser is led to where it can confirm.
const STALE: (u16, &str) = (303, "not authenticated lately");

/// A path, the function whose rule decides, and for each caller the status and the denial.
type Row = (&'static str, &'static str, &'static str, [(u16, &'static str); 5]);

const TABLE: [Row; 10] = [
    ("/anyone", "anyone", "connected", [WHO, IN, IN, IN, IN]),
    ("/both", "both", "connected or not, deny banned", [IN, IN, IN, NO, IN]),
    ("/ignored", "ignored", "connected or not, session ignored", [IN, IN, IN, IN, IN]),
    ("/page", "page", "connected, allow staff, deny banned", [NOBODY, NO, IN, NO, IN]),
    ("/asked/2", "asked", "connected, allow staff & is_even()", [NOBODY, NO, IN, IN, IN]),
    ("/asked/3", "asked", "connected, allow staff & is_even()", [NOBODY, NO, NO, NO, NO]),
    ("/fresh", "fresh", "connected, allow staff, fresh 1h", [NOBODY, NO, IN, IN, STALE]),
    ("/rpc", "rpc", "connected, allow staff, deny banned", [NOBODY, NO, IN, NO, IN]),
    ("/wrapper", "wrapper", "anybody, deny banned", [IN, IN, IN, NO, IN]),
    ("/staff-wrapper", "staff_wrapper", "anybody, allow staff", [NOBODY, NO, IN, IN, IN]),
];

#[tokio::test]
async fn each_answers_as_documented_and_a_refusal_is_heard_of_once() {
    let site = Site::new().await;
    let app = routing::Router::new()
        .route("/anyone", get(anyone))
        .route("/both", get(both))
        .route("/ignored", get(ignored))
        .route("/page", get(page))
        .route("/asked/{number}", get(asked))
        .route("/fresh", get(fresh))
        .route("/rpc", get(calls_rpc))
        .route("/wrapper", get(calls_wrapper))
        .route("/staff-wrapper", get(calls_staff_wrapper))
        .with_sessions(&site.sessions)
        .unwrap();
    let mut stale = Browser::connected(&app, &site.sessions, "staff").await.unwrap();
    site.clock.advance(Duration::from_hours(2));

    for (path, function, rule, expected) in TABLE {
        for (caller, (status, denial)) in CALLERS.into_iter().zip(expected) {
            let mut browser = match caller {
                "" => Browser::new(&app),
                "stale: staff" => stale.clone(),
                user => Browser::connected(&app, &site.sessions, user).await.unwrap(),
            };
            site.log.clear();
            let (lines, guard) = caught();
            let answer = browser.get(path).await;
            drop(guard);
            let case = format!("{caller:?} at {path}");
            assert_eq!(answer.status(), status, "{case}");

            let user = caller.strip_prefix("stale: ").unwrap_or(caller);
            let heard = if denial.is_empty() { vec![] } else { vec![format!("denied {}: {denial}", who(user))] };
            assert_eq!(site.log.take(), heard, "{case}");

            let lines = lines.take();
            let refusals: Vec<_> = lines.iter().filter(|line| line.contains("request denied")).collect();
            assert_eq!(refusals.len(), usize::from(!denial.is_empty()), "{case}: {lines:?}");
            for line in refusals {
                let handler = format!("handler=language::callers::{function} (tests/language/callers.rs:");
                for part in [&handler, &format!("rule={rule}"), &format!("denial={denial}")] {
                    assert!(line.contains(part.as_str()), "{case}: {part} in {line}");
                }
                assert_eq!(line.contains(&format!("user={user}")), !user.is_empty(), "{case}: {line}");
            }
            if let Some(token) = browser.cookie("__Host-os-session") {
                assert!(!lines.iter().any(|line| line.contains(token)), "{case}: {lines:?}");
            }
        }
    }
    // A proof made anew opens what was stale.
    assert_eq!(stale.get("/fresh").await.status(), 303);
    stale.connect(&site.sessions, "staff").await.unwrap();
    assert_eq!(stale.get("/fresh").await.status(), 200);
}

fn who(user: &str) -> &str {
    if user.is_empty() { "None" } else { user }
}
