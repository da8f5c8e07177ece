//! Rows that this release cannot read.

use std::time::Duration;

use os_session_tests::log::caught;

use crate::site::{Folder, cookie_of};

/// The cookie of a session whose row was changed like this while nothing ran.
async fn changed(folder: &Folder, change: &str) -> String {
    let site = folder.open().await;
    let alice = cookie_of(&site.log_in("alice").await);
    site.close().await;
    folder.connection().execute_batch(change).unwrap();
    alice
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_nobody_and_one_line_in_the_log() {
    for damage in [
        "UPDATE os_session_sessions SET format = 2",
        "UPDATE os_session_sessions SET opened = -1",
        "UPDATE os_session_sessions SET ends = -9223372036854775808",
        "UPDATE os_session_sessions SET user = CAST(x'ff00' AS TEXT)",
    ] {
        let folder = Folder::new();
        let alice = changed(&folder, damage).await;
        let site = folder.open().await;
        let (lines, _guard) = caught();
        for _ in 0..3 {
            assert_eq!(site.with_cookie(&alice).get("/me").await.status(), 401, "{damage}");
        }
        let lines: Vec<_> = lines.take().into_iter().filter(|line| line.contains("cannot be read")).collect();
        assert_eq!(lines.len(), 1, "{damage}: {lines:?}");
        assert!(lines[0].starts_with("WARN") && lines[0].contains("row=1"), "{lines:?}");
        assert_eq!(folder.number("SELECT count(*) FROM os_session_sessions"), 1, "it is left where it is: {damage}");
    }
}

#[tokio::test]
async fn rows_of_a_newer_format_are_not_purged_and_end_when_their_user_says_so() {
    let folder = Folder::new();
    changed(&folder, "UPDATE os_session_sessions SET format = 2").await;
    folder.clock.advance(Duration::from_hours(24 * 365));
    let site = folder.open().await;
    let mut alice = site.log_in("alice").await;
    assert_eq!(folder.number("SELECT count(*) FROM os_session_sessions"), 2, "a log-in tidies up, but not that");
    assert_eq!(site.sessions.of_user("alice").await.unwrap().len(), 1);

    assert_eq!(alice.post("/logout-everywhere", &[]).await.status(), 200);
    assert_eq!(folder.number("SELECT count(*) FROM os_session_sessions"), 0, "everywhere is everywhere");
}

#[tokio::test]
async fn a_damaged_key_is_in_nobodys_way() {
    let folder = Folder::new();
    let alice = changed(&folder, "UPDATE os_session_sessions SET key = x'0102'").await;
    let site = folder.open().await;
    assert_eq!(site.with_cookie(&alice).get("/me").await.status(), 401);
    assert_eq!(site.sessions.of_user("alice").await.unwrap().len(), 0);
    let mut alice = site.log_in("alice").await;
    site.sessions.groups().add_user_in_group("alice", "admin").await.unwrap();
    assert_eq!(alice.get("/admin").await.status(), 200);
    assert_eq!(alice.post("/logout-everywhere", &[]).await.status(), 200);
    assert_eq!(folder.number("SELECT count(*) FROM os_session_sessions"), 0);
}
