//! Scripts that the server does not know.

use os_session::Store as _;
use os_session::testing::Clock;
use os_session_tests::proxy::Proxy;
use os_session_tests::redis::{RedisServer, TestPrefix, ask};

/// After a restart, or a failover, the server knows no script: each is told once, and nobody notices.
#[tokio::test]
async fn a_server_that_forgot_the_scripts_is_told_each_once() {
    let server = RedisServer::start();
    let prefix = TestPrefix::at(server.url());
    let proxy = Proxy::before(&prefix.url).await;
    let store = prefix.store_at(&proxy.url(), Clock::new()).await;
    store.insert(crate::session("alice", 1).await, crate::LIMIT).await.unwrap();
    ask::<()>(&mut server.connection(), &[b"SCRIPT", b"FLUSH"]);
    proxy.trips();
    for trips in [2, 1] {
        assert!(store.find(&crate::key(1)).await.unwrap().is_some());
        assert_eq!(proxy.trips(), trips);
    }
}
