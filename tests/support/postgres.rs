//! PostgreSQL for tests: a schema for each, gone when the test is, however it ends.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use os_session::testing::Clock;
use os_session::{PostgresBuilder, PostgresStore};
use tokio_postgres::{Client, NoTls};

/// Where tests find a server: `OS_SESSION_TEST_POSTGRES`, or the one on this machine.
#[must_use]
pub fn url() -> String {
    std::env::var("OS_SESSION_TEST_POSTGRES")
        .unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432/postgres".to_owned())
}

/// A connection for what a test does itself.
///
/// # Panics
///
/// If there is no server.
pub async fn client(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("the tests need a PostgreSQL");
    tokio::spawn(connection);
    client
}

/// A name that no other test has, in this run or another.
#[must_use]
pub fn unique_name(prefix: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let nanos = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() & 0xffff_ffff);
    format!("{prefix}_{}_{nanos:x}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// A schema that nobody else uses. It is made by the first store, and dropped with this.
#[derive(Debug)]
pub struct TestSchema {
    /// The address of the database.
    pub url: String,
    /// The name of the schema.
    pub name: String,
}

impl TestSchema {
    /// A name for a schema in the tests' database.
    #[must_use]
    pub fn new() -> Self {
        Self::at(url())
    }

    /// A name for a schema in another database.
    #[must_use]
    pub fn at(url: String) -> Self {
        Self { url, name: unique_name("test") }
    }

    /// A store in this schema, with few connections, since many tests run at once.
    ///
    /// # Panics
    ///
    /// If it cannot be reached.
    pub async fn store(&self, clock: Clock) -> PostgresStore {
        self.store_at(&self.url, clock).await
    }

    /// The same by another way to the server.
    ///
    /// # Panics
    ///
    /// If it cannot be reached.
    pub async fn store_at(&self, url: &str, clock: Clock) -> PostgresStore {
        self.builder().clock(clock).connect(url).await.expect("the tests need a PostgreSQL")
    }

    /// For a store in this schema that is like no other.
    pub fn builder(&self) -> PostgresBuilder {
        PostgresStore::builder().schema(&self.name).max_connections(4)
    }

    /// Something that is another as soon as a session was written.
    ///
    /// # Panics
    ///
    /// If there is no server.
    pub async fn contents(&self) -> String {
        let versions = "select string_agg(xmin::text || ctid, ' ') from session";
        self.client().await.query_one(versions, &[]).await.expect("there are sessions").get(0)
    }

    /// A connection whose unqualified names are those of this schema.
    ///
    /// # Panics
    ///
    /// If there is no server.
    pub async fn client(&self) -> Client {
        let client = client(&self.url).await;
        client.batch_execute(&format!("set search_path = {}", self.name)).await.expect("a schema can be named");
        client
    }
}

impl Default for TestSchema {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for TestSchema {
    fn drop(&mut self) {
        // A test that failed may have left a transaction open, which would be waited for.
        let script = "select pg_terminate_backend(l.pid) from pg_locks l join pg_class c on c.oid = l.relation
                where c.relnamespace = to_regnamespace('{name}') and l.pid <> pg_backend_pid();
            drop schema if exists {name} cascade";
        clean_up(&self.url, &script.replace("{name}", &self.name));
    }
}

/// Runs a script to its end, from a `drop`: in a thread of its own, since a test that fails may have stopped its runtime.
pub fn clean_up(url: &str, script: &str) {
    let (url, script) = (url.to_owned(), script.to_owned());
    let cleaned = std::thread::spawn(move || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
        runtime.block_on(async {
            let Ok((client, connection)) = tokio_postgres::connect(&url, NoTls).await else { return };
            tokio::spawn(connection);
            let _ = client.batch_execute(&script).await;
        });
    });
    let _ = cleaned.join();
}
