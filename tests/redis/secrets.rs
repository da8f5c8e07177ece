//! Whoever reads the server cannot make a cookie of it.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use os_session::testing::{Browser, Clock};
use os_session_tests::redis::{TestPrefix, ask};

use crate::site::{COOKIE, node};

#[tokio::test]
async fn no_spelling_of_a_token_is_in_the_server() {
    let prefix = TestPrefix::new();
    let store = prefix.store(Clock::new()).await;
    let (sessions, app) = node(&store, |builder| builder).await;
    let alice = Browser::connected(&app, &sessions, "alice").await.unwrap();
    let token = alice.cookie(COOKIE).unwrap();
    let bytes = URL_SAFE_NO_PAD.decode(token).unwrap();
    let hex = bytes.iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));

    let mut connection = prefix.connection();
    let keys: Vec<Vec<u8>> = ask(&mut connection, &[b"ZRANGE", &prefix.key("sessions", b""), b"0", b"-1"]);
    let record: Vec<Vec<u8>> = ask(&mut connection, &[b"HGETALL", &prefix.key("session:", &keys[0])]);
    let whole: Vec<u8> = record.iter().chain(&keys).flatten().copied().collect();
    let holds = |spelling: &[u8]| whole.windows(spelling.len()).any(|window| window.eq_ignore_ascii_case(spelling));
    assert!(holds(b"alice"), "it is what the server has");
    for spelling in [token.as_bytes(), hex.as_bytes(), STANDARD.encode(&bytes).trim_end_matches('=').as_bytes(), &bytes]
    {
        assert!(!holds(spelling));
    }
}
