//! The application's own tables in the same file.

use std::sync::mpsc;
use std::time::Duration;

use crate::site::Folder;

#[tokio::test]
async fn the_applications_tables_live_in_the_same_file() {
    let folder = Folder::new();
    folder.connection().execute_batch("CREATE TABLE sessions (mine TEXT); PRAGMA user_version = 42").unwrap();
    let site = folder.open().await;
    let mut alice = site.log_in("alice").await;
    folder.connection().execute("INSERT INTO sessions VALUES ('of the application')", []).unwrap();
    assert_eq!(alice.get("/me").await.text(), "alice");
    site.close().await;

    assert_eq!(folder.number("SELECT count(*) FROM sessions"), 1);
    assert_eq!(folder.number("PRAGMA user_version"), 42, "the application's number is its own");
    let ours = "SELECT count(*) FROM sqlite_schema WHERE name NOT LIKE 'os_session_%' AND name NOT LIKE 'sqlite_%'";
    assert_eq!(folder.number(ours), 1, "nothing but `os_session_…` was added");
}

#[tokio::test]
async fn a_log_in_waits_for_a_transaction_of_the_application() {
    let folder = Folder::new();
    let site = folder.open().await;
    let mut alice = site.log_in("alice").await;
    let mut connection = folder.connection();
    connection.execute_batch("CREATE TABLE notes (text TEXT)").unwrap();
    let transaction = connection.transaction().unwrap();
    transaction.execute("INSERT INTO notes VALUES ('half written')", []).unwrap();

    assert_eq!(alice.get("/me").await.status(), 200, "reads wait for nobody");
    let (app, sessions) = (site.app.clone(), site.sessions.clone());
    let log_in = tokio::spawn(async move { os_session::testing::Browser::connected(&app, &sessions, "bob").await });
    // It cannot be over while the file is locked.
    tokio::task::yield_now().await;
    assert!(!log_in.is_finished());
    transaction.commit().unwrap();
    assert_eq!(log_in.await.unwrap().unwrap().get("/me").await.text(), "bob");
}

/// The application reads and writes as it likes; sessions come and go meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_write_at_once() {
    let folder = Folder::new();
    let site = folder.open().await;
    let connection = folder.connection();
    connection.busy_timeout(Duration::from_secs(5)).unwrap();
    connection.execute_batch("CREATE TABLE notes (text TEXT)").unwrap();
    let (stop, stopped) = mpsc::channel::<()>();
    let application = std::thread::spawn(move || {
        let mut notes = 0;
        while stopped.try_recv() == Err(mpsc::TryRecvError::Empty) {
            connection.execute("INSERT INTO notes VALUES ('a note')", []).unwrap();
            notes += 1;
        }
        notes
    });
    for _ in 0..50 {
        let mut alice = site.log_in("alice").await;
        assert_eq!(alice.get("/me").await.status(), 200);
        assert_eq!(alice.post("/logout", &[]).await.status(), 200);
        assert_eq!(alice.get("/me").await.status(), 401);
    }
    drop(stop);
    let notes: i64 = application.join().unwrap();
    assert_eq!(folder.number("SELECT count(*) FROM notes"), notes);
}
