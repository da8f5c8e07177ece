//! What an operator reads in the log: who came, who went and why, and who was refused what.

use std::time::Duration;

use axum::http::{Method, header};
use os_session_tests::log::caught;

use crate::site::{COOKIE, Site, request};

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
async fn a_session_that_expires_or_is_revoked_is_one_line_with_the_reason() {
    let site = Site::new().await;
    let mut expired = site.browser_of("alice").await;
    let _revoked = [site.browser_of("bob").await, site.browser_of("bob").await];
    let (lines, _guard) = caught();
    site.sessions.disconnect_all("bob").await.unwrap();
    site.clock.advance(Duration::from_hours(14 * 24));
    expired.post("/login/alice", &[]).await;
    let lines = lines.take();
    line(&lines, &["INFO", "session closed", "user=alice", "reason=expired"]);
    let revoked = |line: &&String| line.contains("user=bob") && line.contains("reason=disconnected everywhere");
    assert_eq!(lines.iter().filter(revoked).count(), 2, "{lines:#?}");
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

/// Lines that any client can cause, at a level that is off in production.
fn of_debug<'a>(lines: &'a [String], event: &str) -> Vec<&'a String> {
    assert!(!lines.iter().any(|line| !line.starts_with("DEBUG") && line.contains(event)), "{lines:#?}");
    lines.iter().filter(|line| line.contains(event)).collect()
}

#[tokio::test]
async fn a_cookie_that_leads_nowhere_is_one_debug_line_without_its_value() {
    let site = Site::new().await;
    let alice = site.browser_of("alice").await.cookie(COOKIE).unwrap().to_owned();
    let unknown = "A".repeat(43);
    for (path, cookie, event) in [
        ("/me", format!("{COOKIE}={unknown}"), "no session for the token in the cookie"),
        ("/logout", format!("{COOKIE}={unknown}"), "no session for the token in the cookie"),
        ("/me", format!("{COOKIE}={unknown}; {COOKIE}={alice}"), "two different cookies of one name"),
        ("/me", "__Host-os-browser=B; __Host-os-browser=A".to_owned(), ""),
    ] {
        let (lines, _guard) = caught();
        let method = if path == "/logout" { Method::POST } else { Method::GET };
        let mut request = request(method, path);
        request.headers_mut().insert(header::COOKIE, cookie.parse().unwrap());
        site.browser().send(request).await;
        let lines = lines.take();
        let expected = usize::from(!event.is_empty());
        let found = if event.is_empty() { Vec::new() } else { of_debug(&lines, event) };
        assert_eq!(found.len(), expected, "{path} with {cookie}: {lines:#?}");
        assert!(!lines.iter().any(|line| line.contains(&unknown) || line.contains(&alice)), "{lines:#?}");
    }
}

#[tokio::test]
async fn an_exchanged_token_is_one_debug_line_with_the_session() {
    let site = Site::new().await;
    for path in ["/confirm", "/logout-elsewhere"] {
        let mut alice = site.browser_of("alice").await;
        let handle = site.sessions.of_user("alice").await.unwrap()[0].handle.to_string();
        let before = alice.cookie(COOKIE).unwrap().to_owned();
        let (lines, _guard) = caught();
        alice.post(path, &[]).await;
        let lines = lines.take();
        let found = of_debug(&lines, "session token exchanged");
        assert_eq!(found.len(), 1, "{lines:#?}");
        assert!(found[0].contains(&handle), "{lines:#?}");
        let after = alice.cookie(COOKIE).unwrap();
        assert!(!lines.iter().any(|line| line.contains(&before) || line.contains(after)), "{lines:#?}");
    }
}

#[tokio::test]
async fn a_refused_log_in_is_one_debug_line_with_the_reason() {
    let site = Site::with(|builder| builder.max_sessions_per_user(1).refuse_when_full()).await;
    let _alice = site.browser_of("alice").await;
    let (lines, _guard) = caught();
    site.browser().post("/login/alice", &[]).await;
    site.browser().post("/login/%20%0aINFO%20root", &[]).await;
    let mut over_http = request(Method::POST, "/login/bob");
    over_http.headers_mut().insert("origin", "http://app.example".parse().unwrap());
    site.browser().send(over_http).await;
    let lines = lines.take();
    let found = of_debug(&lines, "log-in refused");
    assert!(found.iter().any(|line| line.contains("Too many sessions")), "{lines:#?}");
    assert!(!found.iter().any(|line| line.contains("root") || line.contains('\n')), "{lines:#?}");
}
