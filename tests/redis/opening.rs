//! What is said at `connect`.

use std::time::Duration;

use os_session::testing::{Clock, store_law};
use os_session::{RedisStore, Store as _};
use os_session_tests::log::caught;
use os_session_tests::redis::{RedisServer, TestPrefix, ask};

use crate::key;

async fn refused(url: &str) -> String {
    RedisStore::connect(url).await.map(drop).expect_err("it cannot be connected to").to_string()
}

#[tokio::test]
async fn a_replica_is_refused() {
    let server = RedisServer::start();
    ask::<()>(&mut server.connection(), &[b"REPLICAOF", b"127.0.0.1", b"1"]);
    let error = refused(&server.url()).await;
    assert!(error.contains("this Redis is a replica"), "{error}");
}

#[tokio::test]
async fn a_node_of_a_cluster_is_told_how_to_be_connected_to() {
    let server = RedisServer::with(&["--cluster-enabled", "yes"]);
    let error = refused(&server.url()).await;
    assert!(error.contains("connect_cluster"), "{error}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named_as_what_it_is() {
    let mut server = RedisServer::start();
    server.kill();
    let error = refused(&server.url()).await;
    assert!(error.starts_with("Redis cannot be reached") && error.contains("refused"), "{error}");
}

#[tokio::test]
async fn no_error_and_no_debug_shows_a_password() {
    let server = RedisServer::with(&["--requirepass", "r1ght-secret"]);
    let wrong = format!("redis://:wr0ng-secret@127.0.0.1:{}", server.port());
    let error = refused(&wrong).await;
    assert!(error.contains("password") && !error.contains("wr0ng"), "{error}");
    let error = refused(&server.url()).await;
    assert!(error.contains("NOAUTH") || error.contains("password"), "{error}");
    for url in ["redis://:s3cret@host:port", "redis://:s3cret@", "redi://:s3cret@host", "rediss://:s3cret@127.0.0.1:1"]
    {
        let error = refused(url).await;
        assert!(!error.contains("s3cret"), "{error}");
    }
    let right = format!("redis://:r1ght-secret@127.0.0.1:{}", server.port());
    let store = RedisStore::builder().prefix("shop").connect(&right).await.unwrap();
    assert_eq!(store.find(&key(1)).await.unwrap(), None);
    assert_eq!(format!("{store:?}"), "RedisStore { prefix: \"shop\", .. }");
    assert!(!format!("{:?}", RedisStore::builder()).contains("secret"));
}

#[tokio::test]
async fn a_prefix_is_one_and_has_no_brace() {
    for prefix in ["", "a{b", "a}b", "{}"] {
        let error = RedisStore::builder().prefix(prefix).connect("redis://127.0.0.1:1").await.unwrap_err().to_string();
        assert!(error.contains("prefix"), "{error}");
    }
    for deadline in [Duration::ZERO, Duration::from_micros(999), Duration::MAX] {
        let error =
            RedisStore::builder().deadline(deadline).connect("redis://127.0.0.1:1").await.unwrap_err().to_string();
        assert!(error.contains("`deadline`") && error.contains("at most an hour"), "{error}");
    }
}

/// What the documentation grants is enough for all that a store does.
#[tokio::test(flavor = "multi_thread")]
async fn a_user_with_the_documented_rights_can_do_everything() {
    let server = RedisServer::start();
    let mut words: Vec<&[u8]> = vec![b"ACL", b"SETUSER", b"app", b"on", b">secret"];
    words.extend(crate::rights());
    ask::<()>(&mut server.connection(), &words);
    let url = format!("redis://app:secret@127.0.0.1:{}", server.port());
    for law in os_session::testing::law_names() {
        store_law(law, async |clock| {
            ask::<()>(&mut server.connection(), &[b"FLUSHALL"]);
            RedisStore::builder().clock(clock).connect(&url).await.unwrap()
        })
        .await;
    }
}

#[tokio::test]
async fn a_server_that_throws_keys_away_is_told_of_once_and_one_that_may_not_say_is_not() {
    let server = RedisServer::with(&["--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"]);
    let prefix = TestPrefix::at(server.url());
    let (lines, _guard) = caught();
    let store = prefix.store(Clock::new()).await;
    store.find(&key(1)).await.unwrap();
    let warned: Vec<_> = lines.take().into_iter().filter(|line| line.starts_with("WARN")).collect();
    assert_eq!(warned.len(), 1, "{warned:#?}");
    assert!(warned[0].contains("allkeys-lru") && warned[0].contains("noeviction"), "{}", warned[0]);

    let mut connection = server.connection();
    ask::<()>(&mut connection, &[b"ACL", b"SETUSER", b"app", b"on", b"nopass", b"~*", b"+@all", b"-info"]);
    prefix.store_at(&format!("redis://app:any@127.0.0.1:{}", server.port()), Clock::new()).await;
    for policy in ["volatile-lru", "noeviction"] {
        ask::<()>(&mut connection, &[b"CONFIG", b"SET", b"maxmemory-policy", policy.as_bytes()]);
        prefix.store(Clock::new()).await;
    }
    let warned: Vec<_> = lines.take().into_iter().filter(|line| line.starts_with("WARN")).collect();
    assert_eq!(warned, [""; 0]);
}
