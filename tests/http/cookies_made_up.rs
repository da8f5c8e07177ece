//! Cookies that no log-in handed out: nobody is connected by them, nothing is stored, nothing breaks.

use axum::http::{HeaderValue, Method, header};
use os_session_tests::log::caught;

use crate::site::{COOKIE, Site, request, set_cookies};

/// Well-formed, and different for each number.
fn made_up(number: usize) -> String {
    format!("{number:0>42}A")
}

#[tokio::test]
async fn what_is_ill_formed_is_nobody_and_never_reaches_the_store() {
    let (site, store) = Site::watched(|builder| builder).await;
    let alice = site.browser_of("alice").await;
    let token = alice.cookie(COOKIE).unwrap().to_owned();
    store.calls.clear();

    let mut ill_formed: Vec<Vec<u8>> = [
        "",
        "=",
        ";",
        ";;;;",
        COOKIE,
        "__Host-os-session=",
        "__Host-os-session=\"\"",
        "__Host-os-session=undefined",
        "__Host-os-session=../../etc/passwd",
        "__Host-os-session=' OR 1=1 --",
        "__Host-os-session=%00%0d%0a",
        "__Host-os-session=={}",
        "__Host-os-session[]=a",
    ]
    .iter()
    .map(|text| text.as_bytes().to_vec())
    .collect();
    ill_formed.extend(
        [
            format!("{COOKIE}=\"{token}\""),
            format!("{COOKIE}={token}="),
            format!("{COOKIE}={token}A"),
            format!("{COOKIE}={}", &token[1..]),
            format!("{COOKIE}={}", token.replace(&token[..1], "+")),
            format!("{COOKIE}= {token}"),
            format!("{COOKIE} ={token}"),
            format!("{COOKIE}={}", "A".repeat(100_000)),
            format!("{COOKIE}=a; ").repeat(5_000),
            format!("{COOKIE}={}B", "A".repeat(42)),
        ]
        .map(String::into_bytes),
    );
    ill_formed.push(format!("{COOKIE}=\u{e9}\u{202e}{token}").into_bytes());
    ill_formed.push([COOKIE.as_bytes(), b"=", &[0xff; 43]].concat());

    let (lines, _guard) = caught();
    for cookie in ill_formed {
        let shown = String::from_utf8_lossy(&cookie[..cookie.len().min(80)]).into_owned();
        for (path, expected) in [("/who", 200), ("/me", 401), ("/admin", 401)] {
            let mut request = request(Method::GET, path);
            request.headers_mut().insert(header::COOKIE, HeaderValue::from_bytes(&cookie).unwrap());
            let answer = site.browser().send(request).await;
            assert_eq!(answer.status(), expected, "{shown}");
            assert!(expected != 200 || answer.text() == "None", "{shown}");
            assert_eq!(set_cookies(&answer), [""; 0], "{shown}");
        }
    }
    assert_eq!(store.calls.take(), [""; 0]);
    let lines = lines.take();
    let from_the_client = ["passwd", "OR 1=1", "undefined", "\u{202e}"];
    assert!(!lines.iter().any(|line| from_the_client.iter().any(|text| line.contains(text))), "{lines:?}");
}

#[tokio::test]
async fn a_session_is_found_beside_what_is_ill_formed() {
    let site = Site::new().await;
    let alice = site.browser_of("alice").await;
    let token = alice.cookie(COOKIE).unwrap();
    for cookie in [
        format!("theme=dark; {COOKIE}={token}; lang=en"),
        format!("{COOKIE}=garbage; {COOKIE}={token}"),
        format!("{COOKIE}={token}; {COOKIE}=garbage"),
        format!("{COOKIE}={token}; {COOKIE}={token}"),
    ] {
        let mut request = request(Method::GET, "/who");
        request.headers_mut().insert(header::COOKIE, cookie.parse().unwrap());
        assert_eq!(site.browser().send(request).await.text(), "alice", "{cookie}");
    }
}

#[tokio::test]
async fn two_different_sessions_in_one_request_count_as_none() {
    let (site, store) = Site::watched(|builder| builder).await;
    let alice = site.browser_of("alice").await.cookie(COOKIE).unwrap().to_owned();
    let bob = site.browser_of("bob").await.cookie(COOKIE).unwrap().to_owned();
    store.calls.clear();
    for (first, second) in [(&alice, &bob), (&bob, &alice), (&alice, &made_up(1)), (&made_up(1), &alice)] {
        let in_one_header = vec![format!("{COOKIE}={first}; {COOKIE}={second}")];
        let in_two = vec![format!("{COOKIE}={first}"), format!("{COOKIE}={second}")];
        for cookies in [in_one_header, in_two] {
            let mut request = request(Method::GET, "/who");
            for cookie in &cookies {
                request.headers_mut().append(header::COOKIE, cookie.parse().unwrap());
            }
            assert_eq!(site.browser().send(request).await.text(), "None", "{cookies:?}");
        }
    }
    assert_eq!(store.calls.take(), [""; 0], "neither was looked up");
    assert_eq!(site.memory.len(), 2, "and neither was harmed");
}

#[tokio::test]
async fn ten_thousand_made_up_cookies_cause_no_error_no_row_and_no_growth() {
    let (site, store) = Site::watched(|builder| builder).await;
    site.join("alice", &["admin"]).await;
    let mut alice = site.browser_of("alice").await;
    let before = format!("{:?}", site.memory);
    store.calls.clear();
    let (lines, _guard) = caught();

    for number in 0..10_000 {
        let path = if number % 2 == 0 { "/who" } else { "/admin" };
        let mut request = request(Method::GET, path);
        let cookie = format!("{COOKIE}={}", made_up(number));
        request.headers_mut().insert(header::COOKIE, cookie.parse().unwrap());
        let answer = site.browser().send(request).await;
        assert_eq!(answer.status(), if number % 2 == 0 { 200 } else { 401 });
        assert_eq!(set_cookies(&answer), [""; 0], "an identifier is not adopted");
    }
    let calls = store.calls.take();
    assert_eq!(calls.len(), 10_000, "each is looked up once");
    assert!(calls.iter().all(|call| call == "find"), "and nothing else is done");
    assert_eq!(format!("{:?}", site.memory), before, "nothing in the store has changed");
    assert!(!lines.take().iter().any(|line| line.contains(&made_up(0)[..30])));
    assert_eq!(alice.get("/admin").await.status(), 200);
}

/// A log-in does not keep an identifier that somebody else planted.
#[tokio::test]
async fn an_identifier_that_was_never_issued_is_not_adopted() {
    let site = Site::new().await;
    let mut victim = site.browser();
    victim.set_cookie(COOKIE, &made_up(7));
    assert_eq!(victim.get("/who").await.text(), "None");
    assert_eq!(victim.post("/login/alice", &[]).await.status(), 200);
    assert_ne!(victim.cookie(COOKIE), Some(&*made_up(7)));
    assert_eq!(site.memory.len(), 1);

    let mut planter = site.browser();
    planter.set_cookie(COOKIE, &made_up(7));
    assert_eq!(planter.get("/who").await.text(), "None");
}
