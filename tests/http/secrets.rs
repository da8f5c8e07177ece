//! The token is random, and nobody but the browser ever has it.

use std::collections::HashSet;
use std::fmt::Write as _;

use axum::http::Method;
use axum::response::Redirect;
use os_session::routing::{self, post};
use os_session::testing::Browser;
use os_session::{Error, Session, connected};
use os_session_tests::log::caught;

use crate::site::{COOKIE, Site, request, set_cookies};

/// The 32 bytes in the value of a session cookie.
fn bytes_of(token: &str) -> [u8; 32] {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut bytes = [0; 32];
    for (place, character) in token.bytes().enumerate() {
        let value = ALPHABET.iter().position(|letter| *letter == character).expect("base64url");
        for bit in (0..6).filter(|bit| value & (0b10_0000 >> bit) != 0) {
            let at = place * 6 + bit;
            bytes[at / 8] |= 0b1000_0000 >> (at % 8);
        }
    }
    bytes
}

/// The ways in which bytes may be written down.
fn spellings(token: &str) -> [String; 4] {
    let bytes = bytes_of(token);
    let hex = bytes.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("a string takes everything");
        hex
    });
    let decimal = format!("{bytes:?}");
    [token.to_owned(), hex.to_uppercase(), hex, decimal]
}

#[tokio::test]
async fn the_tokens_of_ten_thousand_log_ins_are_random() {
    const LOG_INS: usize = 10_000;
    let site = Site::with(|builder| builder.max_sessions_per_user(1000)).await;
    let mut tokens = Vec::with_capacity(LOG_INS);
    for number in 0..LOG_INS {
        let browser = site.browser_of(&format!("user{}", number / 100)).await;
        tokens.push(bytes_of(browser.cookie(COOKIE).expect("logged in")));
    }
    for bit in 0..256 {
        let ones = tokens.iter().filter(|token| token[bit / 8] & (1 << (bit % 8)) != 0).count();
        // Six standard deviations of fifty: a fair coin misses that once in millions of runs.
        assert!(ones.abs_diff(LOG_INS / 2) < 300, "bit {bit} is set in {ones} of {LOG_INS}");
    }
    for part in [0..8, 8..16, 16..24, 24..32] {
        let parts: HashSet<_> = tokens.iter().map(|token| &token[part.clone()]).collect();
        assert_eq!(parts.len(), LOG_INS, "no two have bytes {part:?} in common");
    }
}

#[connected(opt)]
async fn login_and_leave(session: Session) -> Result<Redirect, Error> {
    session.connect("alice").await?;
    Ok(Redirect::to("/who"))
}

/// Logs in and out, is refused, confirms, fails: everything that could write down a token.
async fn tokens_of_a_busy_day(site: &Site) -> (Vec<String>, Vec<String>) {
    let app = site_with_redirect(site);
    let mut alice = Browser::new(&app);
    let (mut tokens, mut answers) = (Vec::new(), Vec::new());
    for path in [
        "/leave",
        "/who",
        "/me",
        "/admin",
        "/confirm",
        "/logout-elsewhere",
        "/nowhere",
        "/login/bob",
        "/logout",
        "/login/alice",
    ] {
        let answer = match path {
            "/who" | "/me" | "/admin" | "/nowhere" => alice.get(path).await,
            _ => alice.post(path, &[]).await,
        };
        tokens.extend(alice.cookie(COOKIE).map(str::to_owned));
        let mut headers = answer.headers().clone();
        headers.remove("set-cookie");
        answers.push(format!("{headers:?} {}", answer.text()));
    }
    let mut cross_site = request(Method::POST, "/me");
    cross_site.headers_mut().insert("sec-fetch-site", "cross-site".parse().unwrap());
    alice.send(cross_site).await;
    tokens.dedup();
    (tokens, answers)
}

fn site_with_redirect(site: &Site) -> axum::Router {
    let router = crate::site::pages().merge(routing::Router::new().route("/leave", post(login_and_leave)));
    router.with_sessions(&site.sessions).expect("every rule can be decided")
}

#[tokio::test]
async fn no_token_is_logged_or_sent_outside_its_cookie() {
    let site = Site::new().await;
    let (lines, _guard) = caught();
    let (tokens, answers) = tokens_of_a_busy_day(&site).await;
    assert_eq!(tokens.len(), 5, "log-in, confirmation, others logged out, another user, alice again");
    let lines = lines.take().join("\n");
    assert!(lines.contains("session opened"), "something was logged: {lines}");
    for spelling in tokens.iter().flat_map(|token| spellings(token)) {
        assert!(!lines.contains(&spelling), "{spelling} in the log:\n{lines}");
        assert!(!answers.iter().any(|answer| answer.contains(&spelling)), "{spelling} in an answer");
    }
}

#[tokio::test]
async fn debug_output_shows_no_token_and_no_hash() {
    let site = Site::new().await;
    let alice = site.browser_of("alice").await;
    let shown = format!("{:?} {:?} {:?}", site.memory, site.sessions, site.sessions.of_user("alice").await);
    assert!(shown.contains("alice"), "the session is in the dump: {shown}");
    for spelling in spellings(alice.cookie(COOKIE).unwrap()) {
        assert!(!shown.contains(&spelling), "{spelling} in {shown}");
    }
    assert!(shown.contains("SessionKey(…)"), "the hash is not shown either: {shown}");
}

#[tokio::test]
async fn the_header_of_the_cookie_is_marked_as_sensitive() {
    let site = Site::new().await;
    let answer = site.browser().post("/login/alice", &[]).await;
    assert_eq!(set_cookies(&answer).len(), 1);
    let shown = format!("{:?}", answer.headers());
    assert!(shown.contains("Sensitive"), "so that whoever logs headers logs no token: {shown}");
}
