//! What an operator reads in the log: who came, who went and why, and who was refused what.

use axum::http::Method;
use os_session_tests::log::caught;

use crate::site::{Site, request};

fn line<'a>(lines: &'a [String], parts: &[&str]) -> &'a str {
    let mut found = lines.iter().filter(|line| parts.iter().all(|part| line.contains(part)));
    match (found.next(), found.next()) {
        (Some(line), None) => line,
        (None, _) => panic!("no line with {parts:?} in {lines:#?}"),
        (Some(_), Some(_)) => panic!("more than one line with {parts:?} in {lines:#?}"),
    }
}

#[tokio::test]
async fn log_ins_and_log_outs_are_told_with_user_session_and_reason() {
    let site = Site::new().await;
    let (lines, _guard) = caught();
    let mut alice = site.browser();
    alice.post("/login/alice", &[]).await;
    let handle = site.sessions.of_user("alice").await.unwrap()[0].handle.to_string();
    alice.post("/logout", &[]).await;
    let lines = lines.take();
    line(&lines, &["INFO", "session opened", "user=alice", &handle]);
    line(&lines, &["INFO", "session closed", "user=alice", "reason=disconnected", &handle]);
}

#[tokio::test]
async fn denials_are_told_with_handler_rule_and_user() {
    let site = Site::new().await;
    let mut bob = site.browser_of("bob").await;
    let (lines, _guard) = caught();
    bob.get("/admin").await;
    site.browser().get("/admin").await;
    let lines = lines.take();
    let rule = "rule=connected, allow admin, deny banned";
    line(
        &lines,
        &["INFO", "request denied", "handler=http::site::admin (", rule, "user=bob", "denial=permission denied"],
    );
    let of_nobody =
        line(&lines, &["INFO", "request denied", "handler=http::site::admin (", rule, "denial=not connected"]);
    assert!(!of_nobody.contains("user="), "{of_nobody}");
}

#[tokio::test]
async fn what_a_client_sends_is_no_part_of_a_line() {
    let site = Site::new().await;
    let (lines, _guard) = caught();
    let forged = "%0aINFO%20session%20opened%20user=root";
    for path in ["/me", "/admin", "/nowhere"] {
        let mut request = request(Method::GET, &format!("{path}?next={forged}"));
        for name in ["user-agent", "referer", "origin", "sec-fetch-site", "x-request-id"] {
            request.headers_mut().insert(name, "forged\tINFO session opened user=root".parse().unwrap());
        }
        site.browser().send(request).await;
    }
    let lines = lines.take();
    assert!(!lines.iter().any(|line| line.contains("root")), "{lines:#?}");
}
