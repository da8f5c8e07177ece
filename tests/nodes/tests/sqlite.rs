//! Nodes with their sessions in a file, killed.

use std::path::Path;
use std::sync::Arc;

use os_session_nodes::{Client, Crowd, How, LIMIT, Node, Place};
use rusqlite::Connection;
use tokio::sync::Notify;

fn start(path: &Path) -> Result<Node, String> {
    Node::start(env!("CARGO_BIN_EXE_node"), &Place::Sqlite(path.to_owned()), How { limit: LIMIT, lease: None })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_before_a_crash_holds_after_it() {
    for answers in [1, 137, 500, 900] {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("app.db");
        let mut node = start(&path).unwrap();
        let (client, broken) = (Client::new(), Arc::new(Notify::new()));
        let address = node.address.clone();
        let crowd = Crowd::run(&client, &address, answers, broken.clone());
        let killer = async {
            broken.notified().await;
            node.kill();
        };
        let (crowd, ()) = tokio::join!(crowd, killer);
        let (lives, ended, unknown) = crowd.counts();
        assert!(lives + ended + unknown > 0, "somebody did something");

        let mut node = start(&path).unwrap();
        crowd.check(&client, &node.address).await;
        node.kill();

        let file = Connection::open(&path).unwrap();
        let left: u32 = file.query_row("select count(*) from os_session_sessions", [], |row| row.get(0)).unwrap();
        assert_eq!(left, 0, "everybody has logged out everywhere");
        let sound: String = file.query_row("pragma integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(sound, "ok");
    }
}

#[test]
fn a_second_process_is_refused_while_the_first_lives() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("app.db");
    let mut first = start(&path).unwrap();
    let refused = start(&path).expect_err("the file has an owner");
    for part in ["app.db", "in use by process", "stop that process", "PostgresStore"] {
        assert!(refused.contains(part), "`{part}` is missing: {refused}");
    }
    first.kill();
    start(&path).expect("the owner is dead");
}
