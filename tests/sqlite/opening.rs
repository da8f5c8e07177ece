//! Files that are not opened, and what the error says.

use std::error::Error as _;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use os_session::{Sessions, SqliteStore};
use tempfile::tempdir;

async fn refusal(path: impl AsRef<Path>) -> String {
    let path = path.as_ref();
    let error = SqliteStore::open(path).await.expect_err("it is refused");
    error.source().expect("a store's error has a cause").to_string()
}

#[tokio::test]
async fn a_second_owner_is_refused_by_whatever_path_it_comes() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("app.db");
    let store = SqliteStore::open(&file).await.unwrap();
    let link = folder.path().join("link.db");
    std::os::unix::fs::symlink(&file, &link).unwrap();
    let roundabout = folder.path().join("..").join(folder.path().file_name().unwrap()).join("app.db");
    for path in [&file, &link, &roundabout] {
        let text = refusal(path).await;
        assert!(text.contains("app.db` is in use in this process already"), "{text}");
        assert!(text.contains("clone its `SqliteStore`"), "it says what to do: {text}");
    }

    let clone = store.clone();
    drop(store);
    refusal(&file).await;
    drop(clone);
    SqliteStore::open(&file).await.expect("the file was let go");
}

#[tokio::test]
async fn sessions_hold_on_to_the_file() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("app.db");
    let sessions = Sessions::builder().store(SqliteStore::open(&file).await.unwrap()).build().await.unwrap();
    refusal(&file).await;
    drop(sessions);
    SqliteStore::open(&file).await.expect("the file was let go");
}

#[tokio::test]
async fn what_is_no_file_is_refused() {
    let folder = tempdir().unwrap();
    for path in [Path::new(""), Path::new(":memory:"), folder.path()] {
        let text = refusal(path).await;
        assert!(text.contains("is no file") && text.contains("MemoryStore"), "{text}");
    }
    let text = refusal(folder.path().join("missing").join("app.db")).await;
    assert!(text.contains("missing/app.db") && text.contains("No such file"), "{text}");
}

#[tokio::test]
async fn another_kind_of_file_is_refused_and_left_as_it_is() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("letter.txt");
    let letter = "Dear reader, ".repeat(1000);
    std::fs::write(&file, &letter).unwrap();
    let text = refusal(&file).await;
    assert!(text.contains("letter.txt` cannot be opened") && text.contains("not a database"), "{text}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), letter);
}

#[tokio::test]
async fn tables_of_a_newer_release_are_refused_and_left_as_they_are() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("app.db");
    drop(SqliteStore::open(&file).await.unwrap());
    let connection = rusqlite::Connection::open(&file).unwrap();
    connection.execute("UPDATE os_session_schema SET version = 9, compatible_from = 9", []).unwrap();
    let text = refusal(&file).await;
    assert!(text.contains("app.db` were written by a newer release of os-session (schema 9"), "{text}");
    let version: i64 = connection.query_row("SELECT version FROM os_session_schema", [], |row| row.get(0)).unwrap();
    assert_eq!(version, 9);
}

/// What `DATABASE_URL` holds names the file that sqlx opens by it.
#[tokio::test]
async fn a_database_url_opens_the_file_that_it_names() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("my app.db");
    let encoded = file.display().to_string().replace(' ', "%20");
    drop(SqliteStore::open(format!("sqlite:{encoded}?mode=rwc")).await.unwrap());
    let mut names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["my app.db", "my app.db-owner"]);

    let store = SqliteStore::open(format!("sqlite://{encoded}?mode=rw")).await.unwrap();
    for address in [format!("{}?mode=rwc", file.display()), format!("file:{encoded}"), format!("file://{encoded}#part")]
    {
        let text = refusal(&address).await;
        assert!(text.contains("my app.db` is in use"), "{address}: {text}");
        assert!(SqliteStore::schema_state(&address).await.unwrap().found > 0, "{address}");
        assert_eq!(SqliteStore::file_of(&address).unwrap(), file, "{address}");
    }
    drop(store);
}

#[tokio::test]
async fn an_address_that_cannot_work_is_refused_and_creates_nothing() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("app.db").display().to_string();
    for (address, fix) in [
        (format!("sqlite:{file}?mode=rw"), "`mode=rwc`"),
        (format!("sqlite:{file}?mode=ro"), "`mode=rwc`"),
        (format!("{file}?mod=rwc"), "the known ones are"),
        (format!("sqlite3://{file}"), "`sqlite:app.db`"),
        (format!("file:/{file}"), "`file:app.db`"),
        ("sqlite::memory:".to_owned(), "MemoryStore"),
    ] {
        let text = refusal(&address).await;
        assert!(text.contains(fix), "{address}: {text}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn what_is_created_is_for_its_owner_alone_and_what_exists_keeps_its_mode() {
    let folder = tempdir().unwrap();
    let (file, link) = (folder.path().join("app.db"), folder.path().join("link.db"));
    std::os::unix::fs::symlink("app.db", &link).unwrap();
    let beside = |end: &str| folder.path().join(format!("app.db{end}"));
    let store = SqliteStore::open(&link).await.unwrap();
    for path in [file.clone(), beside("-wal"), beside("-shm"), beside("-owner")] {
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
    drop(store);

    for path in [&file, &beside("-owner")] {
        std::fs::set_permissions(path, Permissions::from_mode(0o640)).unwrap();
    }
    let _store = SqliteStore::open(&file).await.unwrap();
    for path in [file.clone(), beside("-wal"), beside("-owner")] {
        assert_eq!(mode(&path), 0o640, "{}", path.display());
    }
}
