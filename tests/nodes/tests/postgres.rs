//! Nodes with their sessions in PostgreSQL: killed, outlived, and two over one database.

use std::sync::Arc;
use std::time::Duration;

use axum::http::Method;
use os_session_nodes::{Client, Crowd, How, LIMIT, Node, Place, Two};
use os_session_tests::cluster::Cluster;
use os_session_tests::postgres::TestSchema;
use tokio::sync::Notify;

const MANY: u32 = 2000;

const STRICT: How = How { limit: LIMIT, lease: None };

fn start(schema: &TestSchema, how: How) -> Result<Node, String> {
    let place = Place::Postgres { url: schema.url.clone(), schema: schema.name.clone() };
    Node::start(env!("CARGO_BIN_EXE_node"), &place, how)
}

async fn sessions_left(schema: &TestSchema) -> i64 {
    schema.client().await.query_one("select count(*) from session", &[]).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_before_a_node_crashed_holds_after_it() {
    for answers in [1, 137, 900] {
        let schema = TestSchema::new();
        let mut node = start(&schema, STRICT).unwrap();
        let (client, broken) = (Client::new(), Arc::new(Notify::new()));
        let address = node.address.clone();
        let killer = async {
            broken.notified().await;
            node.kill();
        };
        let (crowd, ()) = tokio::join!(Crowd::run(&client, &address, answers, broken.clone()), killer);

        let node = start(&schema, STRICT).unwrap();
        crowd.check(&client, &node.address).await;
        assert_eq!(sessions_left(&schema).await, 0, "everybody has logged out everywhere");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_before_the_server_crashed_holds_after_it() {
    let cluster = Cluster::start();
    let schema = TestSchema::at(cluster.url());
    let node = start(&schema, STRICT).unwrap();
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
    let (node, client) = (start(&schema, STRICT).unwrap(), Client::new());
    let cookie = client.login(&node.address, "alice").await;
    cluster.stop();

    let reply = client.ask(Method::GET, &node.address, "/me", &cookie).await.expect("the node lives");
    assert!(reply.status == 503 && reply.retry_after, "{reply:?}");
    let refused = start(&schema, STRICT).expect_err("the store connects when it is made");
    assert!(refused.contains("connect"), "{refused}");

    cluster.resume();
    assert_eq!(client.status(&node.address, "/me", &cookie).await, 200, "nothing has to be restarted");
}

/// Longer than a thousand of anything takes.
const LEASE: Duration = Duration::from_secs(5);
/// Who admits from memory: nobody, or both.
const MODES: [[Option<Duration>; 2]; 2] = [[None, None], [Some(LEASE), Some(LEASE)]];

/// Two nodes over one database, and a client.
fn both(schema: &TestSchema, leases: [Option<Duration>; 2]) -> Two {
    let [one, other] = leases.map(|lease| start(schema, How { limit: MANY, lease }).unwrap());
    Two { one, other, client: Client::new() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_out_on_one_node_is_obeyed_by_the_next_request_on_another() {
    // And of a node that asks the store each time, by one that does not.
    for mode in MODES.into_iter().chain([[None, Some(LEASE)]]) {
        both(&TestSchema::new(), mode).log_outs().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_out_everywhere_is_obeyed_by_the_next_request_on_another() {
    for mode in MODES {
        both(&TestSchema::new(), mode).log_outs_everywhere().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_device_is_shut_out_by_the_next_request_on_another() {
    for mode in MODES {
        both(&TestSchema::new(), mode).closed_devices().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_taken_away_is_missed_by_the_next_request_on_another() {
    for mode in MODES {
        both(&TestSchema::new(), mode).groups_taken_away().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_stopped_delays_a_log_out_by_its_lease_and_refuses_when_it_goes_on() {
    both(&TestSchema::new(), [Some(Two::SHORT_LEASE); 2]).one_is_stopped().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn parallel_log_ins_over_both_nodes_leave_the_limit() {
    let schema = TestSchema::new();
    let [one, other] = [None, Some(LEASE)].map(|lease| start(&schema, How { limit: LIMIT, lease }).unwrap());
    let client = Client::new();
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
