//! Whoever reads the database cannot make a cookie of it.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use os_session::testing::{Browser, Clock};
use os_session_tests::postgres::TestSchema;

use crate::site::{COOKIE, node};

#[tokio::test]
async fn no_spelling_of_a_token_is_in_the_database() {
    let schema = TestSchema::new();
    let store = schema.store(Clock::new()).await;
    let (sessions, app) = node(&store, |builder| builder).await;
    let alice = Browser::connected(&app, &sessions, "alice").await.unwrap();
    let token = alice.cookie(COOKIE).unwrap();
    let bytes = URL_SAFE_NO_PAD.decode(token).unwrap();
    let hex = bytes.iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));

    let client = schema.client().await;
    let rows = format!("select query_to_xml('select * from {}.session', true, false, '')::text", schema.name);
    let dump: String = client.query_one_scalar(&rows, &[]).await.unwrap();
    let keys: String =
        client.query_one_scalar("select string_agg(encode(key, 'hex'), ' ') from session", &[]).await.unwrap();
    let dump = format!("{dump} {keys}").to_lowercase();
    assert!(dump.contains("alice"), "it is a dump: {dump}");
    for spelling in [token, &hex, STANDARD.encode(&bytes).trim_end_matches('=')] {
        assert!(!dump.contains(&spelling.to_lowercase()), "{spelling} is in {dump}");
    }
    let base64_of_keys: String =
        client.query_one_scalar("select string_agg(encode(key, 'base64'), ' ') from session", &[]).await.unwrap();
    assert!(!base64_of_keys.contains(STANDARD.encode(&bytes).trim_end_matches('=')));
}

#[tokio::test]
async fn a_store_shows_neither_address_nor_password() {
    let schema = TestSchema::new();
    let store = schema.store(Clock::new()).await;
    assert_eq!(format!("{store:?}"), format!("PostgresStore {{ schema: {:?}, .. }}", schema.name));
}
