//! The example over PostgreSQL as curl sees it: its own users, their roles, and what the audit knows.

use os_session_e2e::{Curl, PostgresExample};
use tokio_postgres::Client;

const PASSWORD: (&str, &str) = ("password", "postgres");

async fn logged_in(app: &PostgresExample, name: &str) -> Curl {
    let curl = Curl::at(app.base());
    curl.post("/login", &[("name", name), PASSWORD]).leads_to("/");
    curl
}

async fn audit(database: &Client) -> Vec<String> {
    let rows = database.query("select what from audit order by at", &[]).await.expect("the audit is there");
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn roles_decide_and_the_audit_knows() {
    let app = PostgresExample::start().await;
    let database = app.database().await;
    assert_eq!(Curl::at(app.base()).post("/login", &[("name", "alice"), ("password", "wrong")]).status, 422);
    Curl::at(app.base()).get("/articles").leads_to("/login?next=/articles");

    let (alice, bob) = (logged_in(&app, "alice").await, logged_in(&app, "bob").await);
    assert_eq!(bob.get("/").body, "welcome bob, who is editor\n");
    assert_eq!((alice.get("/admin").status, bob.get("/admin").status), (200, 403));

    database.execute("update users set role = 'reader' where name = 'bob'", &[]).await.expect("a role is changed");
    assert_eq!(bob.get("/articles").status, 403, "the next request knows");
    bob.post("/logout", &[]).leads_to("/login");
    let told = [
        "/articles: not connected",
        "logged in",
        "logged in",
        "/admin: permission denied",
        "/articles: permission denied",
        "session ended: disconnected",
    ];
    assert_eq!(audit(&database).await, told);
}

#[tokio::test]
async fn an_account_that_is_deleted_is_logged_out() {
    let app = PostgresExample::start().await;
    let database = app.database().await;
    let bob = logged_in(&app, "bob").await;
    database.execute("delete from users where name = 'bob'", &[]).await.expect("an account is deleted");
    bob.get("/").leads_to("/login?next=/");
    let sessions = database.query("select from os_session.session", &[]).await.expect("the store has its own schema");
    assert!(sessions.is_empty(), "its session is gone");
}

#[tokio::test]
async fn an_administrator_logs_a_user_out_everywhere() {
    let app = PostgresExample::start().await;
    let database = app.database().await;
    let (alice, one, other) =
        (logged_in(&app, "alice").await, logged_in(&app, "bob").await, logged_in(&app, "bob").await);
    let id: i64 = database.query_one("select id from users where name = 'bob'", &[]).await.expect("bob").get(0);
    assert_eq!(one.post(&format!("/admin/users/{id}/logout"), &[]).status, 403, "bob may not");
    assert_eq!(alice.post(&format!("/admin/users/{id}/logout"), &[]).status, 204);
    for bob in [one, other] {
        bob.get("/").leads_to("/login?next=/");
    }
    let elsewhere = logged_in(&app, "alice").await;
    alice.post("/logout-everywhere", &[]).leads_to("/login");
    elsewhere.get("/").leads_to("/login?next=/");
}

#[tokio::test]
async fn a_database_that_cannot_be_used_is_one_line() {
    let said = PostgresExample::refused("postgres://postgres@127.0.0.1:1/none");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.starts_with("postgres-example: the database of `DATABASE_URL` cannot be used"), "{said}");
}

/// The README's excerpt, line by line: it shows what runs.
#[test]
fn the_readme_shows_this_example() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let read = |path: &str| std::fs::read_to_string(format!("{root}/{path}")).expect("the file is there");
    let readme = read("README.md");
    let (_, shown) =
        readme.split_once("<!-- from examples/postgres -->\n```rust,ignore\n").expect("the README has the excerpt");
    let (shown, _) = shown.split_once("```").expect("the excerpt ends");
    let example: String = ["main", "users", "pages", "audit"]
        .iter()
        .map(|file| read(&format!("examples/postgres/src/{file}.rs")))
        .collect();
    for line in shown.lines().map(str::trim).filter(|line| !line.is_empty()) {
        // The example says more of what may fail.
        let line = line.strip_suffix("?;").unwrap_or(line);
        assert!(example.contains(line), "not in the example: {line}");
    }
}
