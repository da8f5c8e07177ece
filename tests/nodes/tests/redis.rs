//! Nodes with their sessions in Redis: killed, outlived, and two over one server.

use std::sync::Arc;
use std::time::Duration;

use os_session_nodes::{Client, Crowd, How, LIMIT, Node, Place, Two};
use os_session_tests::redis::{RedisServer, TestPrefix};
use tokio::sync::Notify;

const MANY: u32 = 2000;
const STRICT: How = How { limit: LIMIT, lease: None };
/// Longer than a thousand of anything takes.
const LEASE: Duration = Duration::from_secs(5);
/// Who admits from memory: nobody, or both.
const MODES: [[Option<Duration>; 2]; 2] = [[None, None], [Some(LEASE), Some(LEASE)]];

fn start(prefix: &TestPrefix, how: How) -> Node {
    let place = Place::Redis { url: prefix.url.clone(), prefix: prefix.name.clone() };
    Node::start(env!("CARGO_BIN_EXE_node"), &place, how).unwrap()
}

fn both(prefix: &TestPrefix, leases: [Option<Duration>; 2]) -> Two {
    let [one, other] = leases.map(|lease| start(prefix, How { limit: MANY, lease }));
    Two { one, other, client: Client::new() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_out_on_one_node_is_obeyed_by_the_next_request_on_another() {
    for mode in MODES {
        both(&TestPrefix::new(), mode).log_outs().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_out_everywhere_is_obeyed_by_the_next_request_on_another() {
    for mode in MODES {
        both(&TestPrefix::new(), mode).log_outs_everywhere().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_device_is_shut_out_by_the_next_request_on_another() {
    for mode in MODES {
        both(&TestPrefix::new(), mode).closed_devices().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_taken_away_is_missed_by_the_next_request_on_another() {
    for mode in MODES {
        both(&TestPrefix::new(), mode).groups_taken_away().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_stopped_delays_a_log_out_by_its_lease_and_refuses_when_it_goes_on() {
    both(&TestPrefix::new(), [Some(Two::SHORT_LEASE); 2]).one_is_stopped().await;
}

/// Everybody has logged out everywhere: no index, no record, no value is left.
fn assert_nothing_is_left(prefix: &TestPrefix) {
    let mut left = prefix.keys();
    left.retain(|name| !["groups", "counter", "leases", "leases-told", "position"].contains(&name.as_str()));
    assert_eq!(left, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_before_a_node_crashed_holds_after_it() {
    for (answers, lease) in [(137, None), (900, None), (500, Some(Duration::from_millis(500)))] {
        let prefix = TestPrefix::new();
        let mut node = start(&prefix, How { limit: LIMIT, lease });
        let (client, broken) = (Client::new(), Arc::new(Notify::new()));
        let address = node.address.clone();
        let killer = async {
            broken.notified().await;
            node.kill();
        };
        let (crowd, ()) = tokio::join!(Crowd::run(&client, &address, answers, broken.clone()), killer);

        let node = start(&prefix, How { limit: LIMIT, lease });
        crowd.check(&client, &node.address).await;
        assert_nothing_is_left(&prefix);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_before_the_server_crashed_holds_after_it() {
    let mut server = RedisServer::with(&["--appendonly", "yes", "--appendfsync", "always"]);
    let prefix = TestPrefix::at(server.url());
    let node = start(&prefix, STRICT);
    for answers in [137, 700] {
        let (client, broken) = (Client::new(), Arc::new(Notify::new()));
        let killer = async {
            broken.notified().await;
            server.kill();
        };
        let (crowd, ()) = tokio::join!(Crowd::run(&client, &node.address, answers, broken.clone()), killer);
        server.restart();
        crowd.check(&client, &node.address).await;
        assert_nothing_is_left(&prefix);
    }
}
