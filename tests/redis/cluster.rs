//! A cluster of three nodes.

use std::time::{Duration, Instant};

use os_session::testing::{Clock, store_laws};
use os_session::{RedisStore, Store as _};
use os_session_tests::postgres::unique_name;
use os_session_tests::redis::{RedisServer, ask};
use redis::Connection;

use crate::{LIMIT, handle, key, session};

struct Nodes {
    servers: Vec<RedisServer>,
    connections: Vec<Connection>,
}

impl Nodes {
    /// Three nodes that know each other, and that all of the cluster is there.
    async fn start() -> Self {
        let servers: Vec<_> = (0..3).map(|_| RedisServer::with(&["--cluster-enabled", "yes"])).collect();
        let mut connections: Vec<_> = servers.iter().map(RedisServer::connection).collect();
        for (connection, (first, last)) in connections.iter_mut().zip([(0, 5460), (5461, 10922), (10923, 16383)]) {
            let (first, last) = (first.to_string(), last.to_string());
            ask::<()>(connection, &[b"CLUSTER", b"ADDSLOTSRANGE", first.as_bytes(), last.as_bytes()]);
        }
        for server in &servers[1..] {
            let (port, bus) = (server.port().to_string(), server.bus_port().to_string());
            let meet: [&[u8]; 5] = [b"CLUSTER", b"MEET", b"127.0.0.1", port.as_bytes(), bus.as_bytes()];
            ask::<()>(&mut connections[0], &meet);
        }
        let mut nodes = Self { servers, connections };
        nodes.wait_for("cluster_state:ok").await;
        nodes.wait_for("cluster_known_nodes:3").await;
        nodes.wait_for("cluster_slots_ok:16384").await;
        nodes
    }

    /// Nodes tell each other what they know, and nobody else: there is nothing to wait for but their word.
    async fn wait_for(&mut self, line: &str) {
        let until = Instant::now() + Duration::from_secs(30);
        for connection in &mut self.connections {
            while !ask::<String>(connection, &[b"CLUSTER", b"INFO"]).contains(line) {
                assert!(Instant::now() < until, "the nodes do not agree on {line}");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }

    async fn store(&self, prefix: &str, clock: Clock) -> RedisStore {
        let urls: Vec<_> = self.servers.iter().map(RedisServer::url).collect();
        let builder = RedisStore::builder().prefix(prefix).clock(clock).deadline(Duration::from_secs(10));
        builder.connect_cluster(&urls).await.unwrap()
    }

    /// The hash slot of a key, and which node has it.
    fn home(&mut self, key: &str) -> (u16, usize) {
        let slot: u16 = ask(&mut self.connections[0], &[b"CLUSTER", b"KEYSLOT", key.as_bytes()]);
        (slot, usize::from(slot > 5460) + usize::from(slot > 10922))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_law_holds_on_a_cluster() {
    let mut nodes = Nodes::start().await;
    let shared = &nodes;
    store_laws(async |clock| shared.store(&unique_name("test"), clock).await).await;

    let sizes: Vec<usize> = nodes.connections.iter_mut().map(|connection| ask(connection, &[b"DBSIZE"])).collect();
    assert!(sizes.iter().all(|size| *size > 0), "stores are spread over the nodes by their prefix: {sizes:?}");
}

/// All keys of a store move together. Until they have, there is no telling what is there.
#[tokio::test(flavor = "multi_thread")]
async fn a_hash_slot_that_moves_is_an_error_until_it_has_moved() {
    let mut nodes = Nodes::start().await;
    let store = nodes.store("moving", Clock::new()).await;
    for number in 1..=5 {
        store.insert(session("alice", number).await, LIMIT).await.unwrap();
    }
    let (slot, from) = nodes.home("{moving}:");
    let to = (from + 1) % 3;
    let slot = slot.to_string();
    let ids: Vec<String> =
        nodes.connections.iter_mut().map(|connection| ask(connection, &[b"CLUSTER", b"MYID"])).collect();
    let set = |connection: &mut Connection, what: &str, node: &str| {
        let words: [&[u8]; 5] = [b"CLUSTER", b"SETSLOT", slot.as_bytes(), what.as_bytes(), node.as_bytes()];
        ask::<()>(connection, &words);
    };
    set(&mut nodes.connections[to], "IMPORTING", &ids[from]);
    set(&mut nodes.connections[from], "MIGRATING", &ids[to]);
    let keys: Vec<Vec<u8>> =
        ask(&mut nodes.connections[from], &[b"CLUSTER", b"GETKEYSINSLOT", slot.as_bytes(), b"100"]);
    let port = nodes.servers[to].port().to_string();

    for key_that_moves in keys {
        let answers = (store.find(&key(1)).await, store.close(&key(2)).await);
        assert!(answers.0.is_err() && answers.1.is_err(), "neither none nor done: {answers:?}");
        let error = answers.0.unwrap_err().to_string();
        assert!(error.contains("on their way to another node"), "{error}");
        let words: [&[u8]; 6] = [b"MIGRATE", b"127.0.0.1", port.as_bytes(), &key_that_moves, b"0", b"5000"];
        ask::<()>(&mut nodes.connections[from], &words);
    }
    for node in [to, from] {
        set(&mut nodes.connections[node], "NODE", &ids[to]);
    }
    assert_eq!(store.find(&key(1)).await.unwrap().unwrap().handle, handle(1), "it is found where it is now");
    assert_eq!(store.close_all(&"alice".into(), None).await.unwrap().len(), 5, "and all of it is there");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_was_down_is_found_again() {
    let mut nodes = Nodes::start().await;
    let store = nodes.store("falling", Clock::new()).await;
    store.insert(session("alice", 1).await, LIMIT).await.unwrap();
    let (_, home) = nodes.home("{falling}:");
    nodes.servers[home].kill();
    for _ in 0..3 {
        let began = Instant::now();
        let error = store.find(&key(1)).await.unwrap_err().to_string();
        assert!(error.contains("cannot be reached"), "{error}");
        assert!(began.elapsed() < Duration::from_secs(5), "long before the deadline: {:?}", began.elapsed());
    }
    nodes.servers[home].restart();
    nodes.connections[home] = nodes.servers[home].connection();
    nodes.wait_for("cluster_state:ok").await;
    assert!(store.find(&key(1)).await.unwrap().is_some(), "by the same store");
}

/// What the documentation grants is enough on a cluster as well.
#[tokio::test(flavor = "multi_thread")]
async fn a_user_with_the_documented_rights_can_use_a_cluster() {
    let mut nodes = Nodes::start().await;
    for connection in &mut nodes.connections {
        let mut words: Vec<&[u8]> = vec![b"ACL", b"SETUSER", b"app", b"on", b">secret", b"+cluster"];
        words.extend(crate::rights());
        ask::<()>(connection, &words);
    }
    let urls: Vec<_> =
        nodes.servers.iter().map(|server| format!("redis://app:secret@127.0.0.1:{}", server.port())).collect();
    let store = RedisStore::builder().connect_cluster(&urls).await.unwrap();
    store.insert(session("alice", 1).await, LIMIT).await.unwrap();
    assert!(store.find(&key(1)).await.unwrap().is_some());

    let wrong: Vec<_> = urls.iter().map(|url| url.replace("secret", "wr0ng")).collect();
    let error = RedisStore::builder().connect_cluster(&wrong).await.unwrap_err().to_string();
    assert!(!error.contains("wr0ng"), "{error}");
}
