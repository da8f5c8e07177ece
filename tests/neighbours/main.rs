//! An application may use SQLite through sqlx, 0.8 or 0.9, or through `rusqlite` itself: all link
//! one SQLite, and share a file.
//!
//! Only one crate of a build may link it, so this is about what Cargo resolves: each application is a package outside of the workspace.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const OLDEST: &str = "=0.32.1";
const NEWEST: &str = "0.43";

const WITH_SQLX: &str = r#"
use os_session::{Sessions, SqliteStore};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let file = std::env::args().nth(1).ok_or("no file")?;
    let sessions = Sessions::builder().store(SqliteStore::open(&file).await?).build().await?;
    sessions.groups().create("admin").await?;

    let pool = sqlx::SqlitePool::connect(&format!("sqlite://{file}")).await?;
    sqlx::query("create table notes (text text)").execute(&pool).await?;
    sqlx::query("insert into notes values ('mine')").execute(&pool).await?;
    sessions.groups().create("staff").await?;
    let groups: Vec<String> = sqlx::query_scalar("select name from os_session_groups order by name").fetch_all(&pool).await?;
    println!("{}", groups.join(" "));
    Ok(())
}
"#;

const WITH_RUSQLITE: &str = r#"
use os_session::{Sessions, SqliteStore};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let file = std::env::args().nth(1).ok_or("no file")?;
    let sessions = Sessions::builder().store(SqliteStore::open(&file).await?).build().await?;
    sessions.groups().create("admin").await?;

    let connection = rusqlite::Connection::open(&file)?;
    connection.execute("create table notes (text text)", [])?;
    sessions.groups().create("staff").await?;
    let mut groups = connection.prepare("select name from os_session_groups order by name")?;
    let groups: Vec<String> = groups.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    println!("{}", groups.join(" "));
    Ok(())
}
"#;

/// An application with this store and these dependencies besides.
struct Application {
    package: PathBuf,
}

impl Application {
    fn new(name: &str, main: &str, dependencies: &str) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").display().to_string();
        let package = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("beside-{name}"));
        fs::create_dir_all(package.join("src")).expect("a package can be made");
        let manifest = format!(
            r#"
            [package]
            name = "beside-sqlx"
            edition = "2024"

            [workspace]

            [dependencies]
            os-session = {{ path = "{root}/os-session", features = ["sqlite", "postgres"] }}
            tokio = {{ version = "1", features = ["macros", "rt-multi-thread"] }}
            {dependencies}

            [profile.dev]
            debug = false
            "#
        );
        fs::write(package.join("Cargo.toml"), manifest).expect("a manifest can be written");
        fs::write(package.join("src/main.rs"), main).expect("a program can be written");
        // Resolved as it is for an application that begins today.
        let _ = fs::remove_file(package.join("Cargo.lock"));
        Self { package }
    }

    fn cargo(&self, arguments: &[&str]) -> Output {
        let output = Command::new(env!("CARGO"))
            .args(arguments)
            .current_dir(&self.package)
            // One for all, and never that of the build which runs this test.
            .env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("beside-sqlx"))
            .output()
            .expect("cargo starts");
        let printed = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}:\n{printed}", self.package.display());
        output
    }

    fn assert_shares_a_file(&self) {
        let folder = tempfile::tempdir().expect("a folder for the database");
        let file = folder.path().join("app.db").display().to_string();
        let output = self.cargo(&["run", "--quiet", "--", &file]);
        assert_eq!(String::from_utf8_lossy(&output.stdout), "admin staff\n", "{}", self.package.display());
    }
}

fn sqlx(version: &str) -> String {
    format!(
        r#"sqlx = {{ version = "{version}", default-features = false, features = ["runtime-tokio", "sqlite", "postgres"] }}"#
    )
}

fn rusqlite(version: &str) -> String {
    format!(r#"rusqlite = "{version}""#)
}

/// It takes the oldest `rusqlite` of the range: no other links the same library.
#[test]
fn an_application_with_sqlx_0_8_and_sqlite_links_and_shares_a_file() {
    Application::new("sqlx-0.8", WITH_SQLX, &sqlx("0.8")).assert_shares_a_file();
}

/// It takes the newest `rusqlite` that links the same library.
#[test]
fn an_application_with_sqlx_0_9_and_sqlite_links_and_shares_a_file() {
    Application::new("sqlx-0.9", WITH_SQLX, &sqlx("0.9")).assert_shares_a_file();
}

#[test]
fn an_application_with_sqlx_0_9_and_the_oldest_rusqlite_links_and_shares_a_file() {
    let dependencies = [sqlx("0.9"), rusqlite(OLDEST)].join("\n");
    Application::new("sqlx-0.9-oldest", WITH_SQLX, &dependencies).assert_shares_a_file();
}

#[test]
fn an_application_with_the_newest_rusqlite_links_and_shares_a_file() {
    Application::new("rusqlite-newest", WITH_RUSQLITE, &rusqlite(NEWEST)).assert_shares_a_file();
}

#[test]
fn every_rusqlite_of_the_range_resolves() {
    for minor in 32..=43 {
        let version = format!("0.{minor}");
        Application::new(&format!("rusqlite-{version}"), WITH_RUSQLITE, &rusqlite(&version))
            .cargo(&["generate-lockfile"]);
    }
}
