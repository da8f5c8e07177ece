//! Nodes with their sessions in PostgreSQL: killed, outlived, and two over one database.

use std::sync::Arc;

use axum::http::Method;
use os_session_nodes::{Client, Crowd, LIMIT, Node, Place};
use os_session_tests::cluster::Cluster;
use os_session_tests::postgres::TestSchema;
use tokio::sync::Notify;

const MANY: u32 = 2000;
const TIMES: usize = 1000;

fn start(schema: &TestSchema, limit: u32) -> Result<Node, String> {
    let place = Place::Postgres { url: schema.url.clone(), schema: schema.name.clone() };
    Node::start(env!("CARGO_BIN_EXE_node"), &place, limit)
}

async fn sessions_left(schema: &TestSchema) -> i64 {
    schema.client().await.query_one("select count(*) from session", &[]).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_before_a_node_crashed_holds_after_it() {
    for answers in [1, 137, 900] {
        let schema = TestSchema::new();
        let mut node = start(&schema, LIMIT).unwrap();
        let (client, broken) = (Client::new(), Arc::new(Notify::new()));
        let address = node.address.clone();
        let killer = async {
            broken.notified().await;
            node.kill();
        };
        let (crowd, ()) = tokio::join!(Crowd::run(&client, &address, answers, broken.clone()), killer);

        let node = start(&schema, LIMIT).unwrap();
        crowd.check(&client, &node.address).await;
        assert_eq!(sessions_left(&schema).await, 0, "everybody has logged out everywhere");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_before_the_server_crashed_holds_after_it() {
    let cluster = Cluster::start();
    let schema = TestSchema::at(cluster.url());
    let node = start(&schema, LIMIT).unwrap();
    for answers in [137, 700] {
        let (client, broken) = (Client::new(), Arc::new(Notify::new()));
        let killer = async {
            broken.notified().await;
            cluster.kill();
        };
        let (crowd, ()) = tokio::join!(Crowd::run(&client, &node.address, answers, broken.clone()), killer);

        let reply = client.ask(Method::GET, &node.address, "/me", "session=none").await.expect("the node lives");
        assert!([401, 503].contains(&reply.status), "{reply:?}");
        cluster.recover();
        crowd.check(&client, &node.address).await;
        assert_eq!(sessions_left(&schema).await, 0, "everybody has logged out everywhere");
    }
    drop(schema);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_outlives_its_server_and_none_starts_without() {
    let cluster = Cluster::start();
    let schema = TestSchema::at(cluster.url());
    let (node, client) = (start(&schema, LIMIT).unwrap(), Client::new());
    let cookie = client.login(&node.address, "alice").await;
    cluster.stop();

    let reply = client.ask(Method::GET, &node.address, "/me", &cookie).await.expect("the node lives");
    assert!(reply.status == 503 && reply.retry_after, "{reply:?}");
    let refused = start(&schema, LIMIT).expect_err("the store connects when it is made");
    assert!(refused.contains("connect"), "{refused}");

    cluster.resume();
    assert_eq!(client.status(&node.address, "/me", &cookie).await, 200, "nothing has to be restarted");
}

/// Two nodes over one database, and a client.
fn both(schema: &TestSchema, limit: u32) -> (Node, Node, Client) {
    (start(schema, limit).unwrap(), start(schema, limit).unwrap(), Client::new())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_out_on_one_node_is_obeyed_by_the_next_request_on_another() {
    let schema = TestSchema::new();
    let (one, other, client) = both(&schema, MANY);
    for _ in 0..TIMES {
        let cookie = client.login(&one.address, "alice").await;
        assert_eq!(client.status(&other.address, "/me", &cookie).await, 200);
        client.change(Method::POST, &one.address, "/logout", &cookie).await;
        assert_eq!(client.status(&other.address, "/me", &cookie).await, 401);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_out_everywhere_is_obeyed_by_the_next_request_on_another() {
    let schema = TestSchema::new();
    let (one, other, client) = both(&schema, MANY);
    for _ in 0..TIMES {
        let cookie = client.login(&one.address, "bob").await;
        let elsewhere = client.login(&other.address, "bob").await;
        assert_eq!(client.status(&other.address, "/me", &elsewhere).await, 200);
        client.change(Method::POST, &one.address, "/logout-everywhere", &cookie).await;
        assert_eq!(client.status(&other.address, "/me", &elsewhere).await, 401);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_device_is_shut_out_by_the_next_request_on_another() {
    let schema = TestSchema::new();
    let (one, other, client) = both(&schema, MANY);
    let here = client.login(&one.address, "carol").await;
    let list = client.ask(Method::GET, &one.address, "/devices", &here).await.unwrap().body;
    let own: Vec<String> = serde_json::from_str(&list).unwrap();
    for _ in 0..TIMES {
        let there = client.login(&other.address, "carol").await;
        let list = client.ask(Method::GET, &one.address, "/devices", &here).await.unwrap().body;
        let handles: Vec<String> = serde_json::from_str(&list).unwrap();
        let handle = handles.iter().find(|handle| !own.contains(handle)).expect("the new one is listed");
        assert_eq!(client.status(&other.address, "/me", &there).await, 200);
        client.change(Method::POST, &one.address, &format!("/devices/{handle}/close"), &here).await;
        assert_eq!(client.status(&other.address, "/me", &there).await, 401);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_taken_away_is_missed_by_the_next_request_on_another() {
    let schema = TestSchema::new();
    let (one, other, client) = both(&schema, MANY);
    let cookie = client.login(&other.address, "dave").await;
    for _ in 0..TIMES {
        client.change(Method::POST, &one.address, "/groups/admin/dave", "").await;
        assert_eq!(client.status(&other.address, "/admin", &cookie).await, 200);
        client.change(Method::DELETE, &one.address, "/groups/admin/dave", "").await;
        assert_eq!(client.status(&other.address, "/admin", &cookie).await, 403);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn parallel_log_ins_over_both_nodes_leave_the_limit() {
    let schema = TestSchema::new();
    let (one, other, client) = both(&schema, LIMIT);
    for round in 0..10 {
        let mut logins = tokio::task::JoinSet::new();
        for number in 0..50 {
            let address = if number % 2 == 0 { &one.address } else { &other.address }.clone();
            let client = client.clone();
            logins.spawn(async move { client.login(&address, &format!("eve{round}")).await });
        }
        let mut alive = 0;
        for cookie in logins.join_all().await {
            alive += u32::from(client.status(&one.address, "/me", &cookie).await == 200);
        }
        assert_eq!(alive, LIMIT);
    }
}
