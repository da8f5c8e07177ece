//! What was revoked on one node is refused by the very next request on another: a thousand times out of a thousand.

use std::time::{Duration, Instant};

use axum::http::Method;

use crate::{Client, Node};

const TIMES: usize = 1000;

/// Two nodes over one store, and a client.
#[derive(Debug)]
pub struct Two {
    /// The node on which something is revoked.
    pub one: Node,
    /// The node that must obey.
    pub other: Node,
    /// Who asks.
    pub client: Client,
}

impl Two {
    /// The lease of nodes for [`one_is_stopped`](Two::one_is_stopped).
    pub const SHORT_LEASE: Duration = Duration::from_secs(2);

    /// Stops a node while it holds a lease, logs out on the other, and lets it go on.
    ///
    /// # Panics
    ///
    /// If it admits a request after that, or if the log-out takes far longer than its lease.
    pub async fn one_is_stopped(&self) {
        let Self { one, other, client } = self;
        let cookie = client.login(&one.address, "alice").await;
        let elsewhere = client.login(&one.address, "bob").await;
        for _ in 0..10 {
            assert_eq!(client.status(&other.address, "/me", &cookie).await, 200);
        }
        other.pause();
        let began = Instant::now();
        client.change(Method::POST, &one.address, "/logout", &cookie).await;
        let waited = began.elapsed();
        // A request that is there before it goes on is decided after that.
        let (late, ()) = tokio::join!(client.status(&other.address, "/me", &cookie), async { other.go_on() });
        assert_eq!(late, 401, "it refuses as soon as it goes on");
        assert!(waited < Self::SHORT_LEASE * 2, "the log-out waited for {waited:?}");
        assert_eq!(client.status(&other.address, "/me", &elsewhere).await, 200, "and admits whom it may");

        other.pause();
        client.change(Method::POST, &one.address, "/logout", &elsewhere).await;
        let third = client.login(&one.address, "carol").await;
        let began = Instant::now();
        client.change(Method::POST, &one.address, "/logout", &third).await;
        assert!(began.elapsed() < Self::SHORT_LEASE / 2, "nobody waits twice for a node that does nothing");
        other.go_on();
        assert_eq!(client.status(&other.address, "/me", &third).await, 401);
    }

    /// Logs out here, and asks there.
    ///
    /// # Panics
    ///
    /// If a single request is admitted that must not be.
    pub async fn log_outs(&self) {
        let Self { one, other, client } = self;
        for _ in 0..TIMES {
            let cookie = client.login(&one.address, "alice").await;
            assert_eq!(client.status(&other.address, "/me", &cookie).await, 200);
            client.change(Method::POST, &one.address, "/logout", &cookie).await;
            assert_eq!(client.status(&other.address, "/me", &cookie).await, 401);
        }
    }

    /// Logs out everywhere here, and asks there with another session.
    ///
    /// # Panics
    ///
    /// If a single request is admitted that must not be.
    pub async fn log_outs_everywhere(&self) {
        let Self { one, other, client } = self;
        for _ in 0..TIMES {
            let cookie = client.login(&one.address, "bob").await;
            let elsewhere = client.login(&other.address, "bob").await;
            assert_eq!(client.status(&other.address, "/me", &elsewhere).await, 200);
            client.change(Method::POST, &one.address, "/logout-everywhere", &cookie).await;
            assert_eq!(client.status(&other.address, "/me", &elsewhere).await, 401);
        }
    }

    /// Closes a device here, and asks there with its cookie.
    ///
    /// # Panics
    ///
    /// If a single request is admitted that must not be.
    pub async fn closed_devices(&self) {
        let Self { one, other, client } = self;
        let here = client.login(&one.address, "carol").await;
        let list = client.ask(Method::GET, &one.address, "/devices", &here).await.expect("it is answered").body;
        let own: Vec<String> = serde_json::from_str(&list).expect("a list");
        for _ in 0..TIMES {
            let there = client.login(&other.address, "carol").await;
            let list = client.ask(Method::GET, &one.address, "/devices", &here).await.expect("it is answered").body;
            let handles: Vec<String> = serde_json::from_str(&list).expect("a list");
            let handle = handles.iter().find(|handle| !own.contains(handle)).expect("the new one is listed");
            assert_eq!(client.status(&other.address, "/me", &there).await, 200);
            client.change(Method::POST, &one.address, &format!("/devices/{handle}/close"), &here).await;
            assert_eq!(client.status(&other.address, "/me", &there).await, 401);
        }
    }

    /// Takes a user out of a group here, and asks there for what the group may see.
    ///
    /// # Panics
    ///
    /// If a single request is admitted that must not be, or refused.
    pub async fn groups_taken_away(&self) {
        let Self { one, other, client } = self;
        let cookie = client.login(&other.address, "dave").await;
        for _ in 0..TIMES {
            client.change(Method::POST, &one.address, "/groups/admin/dave", "").await;
            assert_eq!(client.status(&other.address, "/admin", &cookie).await, 200);
            client.change(Method::DELETE, &one.address, "/groups/admin/dave", "").await;
            assert_eq!(client.status(&other.address, "/admin", &cookie).await, 403);
        }
    }
}
