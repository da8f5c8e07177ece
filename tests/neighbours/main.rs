//! An application may use sqlx with SQLite of its own, 0.8 or 0.9: both link one SQLite, and share a file.
//!
//! Only one crate of a build may link it, so this is about what Cargo resolves: each application is a package outside of the workspace.

use std::fs;
use std::path::Path;
use std::process::Command;

const MAIN: &str = r#"
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

fn lives_beside(sqlx: &str) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").display().to_string();
    let package = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("beside-sqlx-{sqlx}"));
    fs::create_dir_all(package.join("src")).expect("a package can be made");
    let manifest = format!(
        r#"
        [package]
        name = "beside-sqlx"
        edition = "2024"

        [workspace]

        [dependencies]
        os-session = {{ path = "{root}/os-session", features = ["sqlite", "postgres"] }}
        sqlx = {{ version = "{sqlx}", default-features = false, features = ["runtime-tokio", "sqlite", "postgres"] }}
        tokio = {{ version = "1", features = ["macros", "rt-multi-thread"] }}

        [profile.dev]
        debug = false
        "#
    );
    fs::write(package.join("Cargo.toml"), manifest).expect("a manifest can be written");
    fs::write(package.join("src/main.rs"), MAIN).expect("a program can be written");

    let folder = tempfile::tempdir().expect("a folder for the database");
    let output = Command::new(env!("CARGO"))
        .args(["run", "--quiet", "--", &folder.path().join("app.db").display().to_string()])
        .current_dir(&package)
        // One for both, and never that of the build which runs this test.
        .env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("beside-sqlx"))
        .output()
        .expect("cargo starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "beside sqlx {sqlx}:\n{said}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "admin staff\n", "{said}");
}

#[test]
fn an_application_with_sqlx_0_8_and_sqlite_links_and_shares_a_file() {
    lives_beside("0.8");
}

#[test]
fn an_application_with_sqlx_0_9_and_sqlite_links_and_shares_a_file() {
    lives_beside("0.9");
}
