//! The addresses that applications have.

use std::time::Duration;

use os_session::{PostgresStore, Store as _};
use os_session_tests::postgres::TestSchema;

use crate::key;

/// The tests' address with a query.
fn with(schema: &TestSchema, query: &str) -> String {
    format!("{}?{query}", schema.url)
}

async fn error(schema: &TestSchema, url: &str) -> String {
    schema.builder().connect(url).await.unwrap_err().to_string()
}

#[tokio::test]
async fn what_sqlx_writes_into_a_url_is_understood() {
    let schema = TestSchema::new();
    for query in [
        "sslmode=prefer&statement-cache-capacity=100",
        "ssl-mode=allow&statement-cache-capacity=0&application_name=my+app",
        "sslmode=disable&options[statement_timeout]=7s&options%5Block_timeout%5D=1s&connect_timeout=5",
    ] {
        let store = schema.builder().connect(&with(&schema, query)).await.expect(query);
        assert_eq!(store.find(&key(1)).await.unwrap(), None);
    }
    let config: tokio_postgres::Config = schema.url.parse().unwrap();
    schema.builder().connect_with(config).await.unwrap();
}

#[tokio::test]
async fn an_option_in_a_url_reaches_the_server() {
    let schema = TestSchema::new();
    let url = with(&schema, "options[no_such_setting]=1");
    assert!(error(&schema, &url).await.contains("no_such_setting"));
}

#[tokio::test]
async fn tls_without_a_connector_says_what_to_write() {
    let schema = TestSchema::new();
    for mode in ["require", "verify-ca", "verify-full"] {
        let error = error(&schema, &with(&schema, &format!("sslmode={mode}"))).await;
        assert!(error.contains("sslmode") && error.contains("PostgresStore::builder().tls("), "{error}");
    }
    for parameter in ["sslrootcert", "sslcert", "sslkey", "ssl-root-cert"] {
        let error = error(&schema, &with(&schema, &format!("{parameter}=/a/file"))).await;
        assert!(error.contains(parameter) && error.contains(".tls("), "{error}");
    }
    // With a connector that can do nothing, the file is its business, and there is no TLS.
    let url = with(&schema, "sslmode=verify-full&sslrootcert=/a/file");
    let error = schema.builder().tls(tokio_postgres::NoTls).connect(&url).await.unwrap_err().to_string();
    assert!(error.contains("TLS"), "{error}");
}

#[tokio::test]
async fn a_mistake_is_named_and_the_password_is_not() {
    let schema = TestSchema::new();
    for (url, named) in [
        ("postgres://app:hunter2@localhost/app?pool_size=5".to_owned(), "pool_size"),
        ("postgres://app:hunter2@localhost/app?sslmode=hunter2".to_owned(), "verify-full"),
        ("postgres://app:hun?ter2hunter2@localhost/app".to_owned(), "%3F"),
        ("postgres://app:hun#ter2/hunter2@localhost/app".to_owned(), "PostgreSQL"),
        ("postgres://app:%ffhunter2@localhost:hunter2/app".to_owned(), "PostgreSQL"),
        ("mysql://app:hunter2@localhost/app".to_owned(), "postgres://"),
        ("host=localhost password=hunter2".to_owned(), "connect_with"),
        (String::new(), "postgres://"),
        ("postgres://app:hunter2@127.0.0.1:1/app".to_owned(), "PostgreSQL"),
    ] {
        let error = error(&schema, &url).await;
        assert!(error.contains(named) && !error.contains("hunter2"), "{url}: {error}");
    }
    for name in ["", "a b", "x\"; drop table y; --", "pg_mine"] {
        let error = schema.builder().schema(name).connect(&schema.url).await.unwrap_err().to_string();
        assert!(error.contains("schema"), "{error}");
    }
}

#[tokio::test]
async fn more_connections_than_a_server_can_have_are_refused() {
    for connections in [0, 262_144, u32::MAX] {
        let builder = PostgresStore::builder().max_connections(connections);
        let error = builder.connect("postgres://127.0.0.1:1/nowhere").await.unwrap_err().to_string();
        assert!(error.contains("`max_connections`") && error.contains(&connections.to_string()), "{error}");
    }
}

#[tokio::test]
async fn a_deadline_that_is_none_is_refused() {
    for deadline in [Duration::ZERO, Duration::from_micros(999), Duration::MAX] {
        let refused = PostgresStore::builder().deadline(deadline).connect("postgres://127.0.0.1:1/nowhere").await;
        let error = refused.unwrap_err().to_string();
        assert!(error.contains("`deadline`") && error.contains("at most an hour"), "{error}");
    }
}
