//! A question changes nothing.

use os_session::SqliteStore;
use os_session_tests::postgres::TestSchema;
use os_session_tests::redis::{RedisServer, TestPrefix};

use crate::run::{By, TestFile, run};

#[tokio::test(flavor = "multi_thread")]
async fn a_check_tells_and_changes_nothing() {
    let (schema, file) = (TestSchema::new(), TestFile::new());
    for ran in [run(&schema, &["--json", "check"]).await, run(&file, &["--json", "check"]).await] {
        assert!(ran.code == 3 && ran.json()["ready"] == false, "{:?}", ran.said());
    }
    let made = "select count(*) from pg_namespace where nspname = $1";
    let schemas: i64 = schema.client().await.query_one(made, &[&schema.name]).await.unwrap().get(0);
    assert_eq!(schemas, 0);
    assert!(!file.path().exists());
    // Nor does a question.
    for ran in [run(&schema, &["groups", "list"]).await, run(&file, &["groups", "list"]).await] {
        assert!(ran.code == 1 && ran.err.contains("os-session migrate"), "{:?}", ran.said());
    }
    assert!(!file.path().exists());

    for ran in [run(&schema, &["migrate"]).await, run(&file, &["migrate"]).await] {
        assert!(ran.code == 0 && ran.out.contains("ready"), "{:?}", ran.said());
    }
    for ran in [run(&schema, &["check"]).await, run(&file, &["check"]).await, run(&TestPrefix::new(), &["check"]).await]
    {
        assert!(ran.code == 0 && ran.out.contains("ready"), "{:?}", ran.said());
    }

    schema
        .client()
        .await
        .batch_execute("update migration set version = 9, compatible_from = 9 where version = (select max(version) from migration)")
        .await
        .unwrap();
    let ran = run(&schema, &["check"]).await;
    assert!(ran.code == 3 && ran.out.contains("update it"), "{:?}", ran.said());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_names_the_settings_under_which_a_log_out_may_be_forgotten() {
    let url = format!("{}?options[synchronous_commit]=off", os_session_tests::postgres::url());
    let ran = run(&By(&url), &["check", "--schema", "nobody_made_it"]).await;
    assert!(ran.code == 3 && ran.out.contains("advice: `synchronous_commit` is off"), "{:?}", ran.said());
    let server = RedisServer::with(&["--appendonly", "no"]);
    let ran = run(&TestPrefix::at(server.url()), &["--json", "check"]).await;
    assert!(ran.code == 0 && ran.json()["advice"][0].as_str().unwrap().contains("appendonly"), "{:?}", ran.said());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_checked_while_its_server_runs() {
    let file = TestFile::new();
    let _server = SqliteStore::open(file.path()).await.unwrap();
    assert_eq!(run(&file, &["check"]).await.code, 0);
    for scheme in ["sqlite://", "sqlite:", "file:"] {
        let ran = run(&By(&format!("{scheme}{}?mode=rwc", file.path().display())), &["check"]).await;
        assert_eq!(ran.code, 0, "{scheme}: {:?}", ran.said());
    }
    let ran = run(&file, &["groups", "list"]).await;
    assert!(ran.code == 1 && ran.err.contains("one owner"), "{:?}", ran.said());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_printed_script_makes_the_schema() {
    let schema = TestSchema::new();
    let ran = run(&schema, &["migrate", "--print"]).await;
    os_session_tests::postgres::client(&schema.url).await.batch_execute(&ran.out).await.unwrap();
    assert_eq!(run(&schema, &["check"]).await.code, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_not_there_is_no_empty_store() {
    let file = TestFile::new();
    let ran = run(&file, &["check"]).await;
    assert!(ran.code == 3 && ran.out.contains("there is no file"), "{:?}", ran.said());
    assert_eq!(run(&file, &["--json", "check"]).await.json()["ready"], false);
    let ran = run(&file, &["sessions", "list", "ann"]).await;
    assert!(ran.code == 1 && ran.err.contains("there is no file"), "{:?}", ran.said());
    assert!(!file.path().exists());
}
