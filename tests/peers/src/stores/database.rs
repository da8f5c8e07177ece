//! Databases of this run alone: a folder for SQLite, a database in the PostgreSQL that is there. Both go with it.

use std::time::Duration;

use os_session::{
    Limit, MemoryStore, NewSession, PostgresStore, SessionHandle, SessionKey, SqliteStore, Store, WhenFull,
};
use sqlx::{ConnectOptions, PgPool, SqlitePool};
use tempfile::TempDir;
use tower_sessions_sqlx_store::{PostgresStore as PeersPostgres, SqliteStore as PeersSqlite};

use crate::peer::Backend;
use crate::site::Site;
use crate::{median, ours, peer, timed};

pub struct Database {
    folder: TempDir,
    server: String,
    name: String,
    pub ours_sqlite: SqliteStore,
    cold_sqlite: SqliteStore,
    pub ours_postgres: PostgresStore,
    pub peers_sqlite: SqlitePool,
    peers_sqlite_wal: SqlitePool,
    pub peers_postgres: PgPool,
}

/// All applications, and for each the one that its figures are divided by.
pub struct Sites {
    pub all: Vec<Site>,
    pub peers_of: Vec<Option<usize>>,
}

const USERS: &str = "create table users (id bigint primary key, password_hash text not null)";

impl Database {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let server = std::env::var("OS_SESSION_TEST_POSTGRES");
        let server = server.unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432/postgres".to_owned());
        let name = format!("stores_{}", std::process::id());
        execute(&server, &format!("drop database if exists {name}")).await;
        execute(&server, &format!("create database {name}")).await;
        let (base, _) = server.rsplit_once('/').expect("the address names a database");
        let url = format!("{base}/{name}");

        let peers_postgres = PgPool::connect(&url).await.expect("PostgreSQL");
        sqlx::query(USERS).execute(&peers_postgres).await.expect("a table");
        let fill = "insert into users select i, 'hash' from generate_series(0, 99) i";
        sqlx::query(fill).execute(&peers_postgres).await.expect("users");
        let path = |name: &str| folder.path().join(name);
        Self {
            ours_sqlite: SqliteStore::open(path("ours.db")).await.expect("a file"),
            cold_sqlite: SqliteStore::builder().cached_sessions(0).open(path("cold.db")).await.expect("a file"),
            ours_postgres: PostgresStore::connect(&url).await.expect("PostgreSQL"),
            peers_sqlite: peers_file(&path("peer.db").display().to_string(), false).await,
            peers_sqlite_wal: peers_file(&path("peer-wal.db").display().to_string(), true).await,
            peers_postgres,
            folder,
            server,
            name,
        }
    }

    /// The applications, with so many sessions of others in each store.
    pub async fn sites(&self, stored: u64) -> Sites {
        let memory = MemoryStore::new();
        fill(&memory, stored).await;
        let peers_sqlite = PeersSqlite::new(self.peers_sqlite.clone());
        let peers_wal = PeersSqlite::new(self.peers_sqlite_wal.clone());
        let peers_postgres = PeersPostgres::new(self.peers_postgres.clone());
        peers_sqlite.migrate().await.expect("tables");
        peers_wal.migrate().await.expect("tables");
        peers_postgres.migrate().await.expect("tables");
        let all = vec![
            ours::site("os-session, memory", memory).await,
            ours::site("os-session, SQLite", self.ours_sqlite.clone()).await,
            ours::site("os-session, SQLite, nothing kept warm", self.cold_sqlite.clone()).await,
            peer::site("axum-login, SQLite", Backend::Sqlite(self.peers_sqlite.clone()), peers_sqlite),
            peer::site("axum-login, SQLite in WAL mode", Backend::Sqlite(self.peers_sqlite_wal.clone()), peers_wal),
            ours::site("os-session, PostgreSQL", self.ours_postgres.clone()).await,
            peer::site("axum-login, PostgreSQL", Backend::Postgres(self.peers_postgres.clone()), peers_postgres),
        ];
        // One of each, for the others to be copies of.
        for site in &all[3..] {
            site.log_in("1").await;
        }
        self.add_rows(stored, false).await;
        Sites { all, peers_of: vec![None, Some(3), Some(3), None, None, Some(6), None] }
    }

    /// Rows of other users in every database.
    pub async fn add_rows(&self, rows: u64, expired: bool) {
        let life = if expired { "1, 1, 1, 1, 2, 2" } else { "4e12, 4e12, 4e12, 1e9, 9e12, 9e12" };
        let ours = format!(
            "with recursive n(i) as (select 1 union all select i + 1 from n where i < {rows})
             insert into os_session_sessions (key, user, handle, opened, seen, authenticated, idle, ends, expires, browser)
             select randomblob(32), 'other' || (i / 3), i, {life}, 0 from n"
        );
        let expiry = if expired {
            "'2001-01-01 00:00:00.0 +00:00:00'"
        } else {
            "(select expiry_date from tower_sessions limit 1)"
        };
        let peers = format!(
            "with recursive n(i) as (select 1 union all select i + 1 from n where i < {rows})
             insert into tower_sessions select hex(randomblob(16)), (select data from tower_sessions limit 1), {expiry} from n"
        );
        for file in ["ours.db", "cold.db"] {
            let mut file =
                sqlite(&self.folder.path().join(file).display().to_string()).connect().await.expect("a file");
            sqlx::query(
                &ours
                    .replace("4e12", "cast(4e12 as integer)")
                    .replace("1e9", "cast(1e9 as integer)")
                    .replace("9e12", "cast(9e12 as integer)"),
            )
            .execute(&mut file)
            .await
            .expect("rows");
        }
        for pool in [&self.peers_sqlite, &self.peers_sqlite_wal] {
            sqlx::query(&peers).execute(pool).await.expect("rows");
        }
        let (seen, idle, ends) =
            if expired { ("1", "1", "2") } else { ("4e12::bigint", "1e9::bigint", "9e12::bigint") };
        let ours = format!(
            "insert into os_session.session (key, user_id, handle, opened, seen, authenticated, idle, ends, expire)
             select sha256(convert_to(i || random()::text, 'UTF8')), 'other' || (i / 3), i + {offset}, {seen}, {seen}, {seen}, {idle}, {ends}, false
             from generate_series(1, {rows}) i",
            offset = if expired { 1_000_000_000 } else { 0 },
        );
        let expiry = if expired { "'2001-01-01'" } else { "(select expiry_date from tower_sessions.session limit 1)" };
        let peers = format!(
            "insert into tower_sessions.session
             select md5(i || random()::text), (select data from tower_sessions.session limit 1), {expiry} from generate_series(1, {rows}) i"
        );
        for statement in [ours, peers, "vacuum analyze".to_owned()] {
            sqlx::query(&statement).execute(&self.peers_postgres).await.expect("rows");
        }
    }

    /// The least that anybody pays who asks PostgreSQL for a row.
    pub async fn floor(&self) -> Duration {
        let (base, _) = self.server.rsplit_once('/').expect("the address names a database");
        let connected = tokio_postgres::connect(&format!("{base}/{}", self.name), tokio_postgres::NoTls).await;
        let (client, connection) = connected.expect("PostgreSQL");
        let connection = tokio::spawn(connection);
        let statement = client.prepare("select password_hash from users where id = $1").await.expect("a statement");
        let mut samples = Vec::new();
        for id in 0..500_i64 {
            samples.push(timed(client.query_one(&statement, &[&(id % 100)])).await.0);
        }
        connection.abort();
        median(samples)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let (server, drop) = (self.server.clone(), format!("drop database {} with (force)", self.name));
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().expect("a runtime");
            runtime.block_on(execute(&server, &drop));
        });
        let _ = dropping.join();
    }
}

async fn execute(url: &str, statement: &str) {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.expect("PostgreSQL");
    tokio::spawn(connection);
    client.batch_execute(statement).await.expect(statement);
}

fn sqlite(path: &str) -> sqlx::sqlite::SqliteConnectOptions {
    sqlx::sqlite::SqliteConnectOptions::new().filename(path).create_if_missing(true)
}

/// A file of the peer's, with its users.
async fn peers_file(path: &str, wal: bool) -> SqlitePool {
    let options = if wal { sqlite(path).journal_mode(sqlx::sqlite::SqliteJournalMode::Wal) } else { sqlite(path) };
    let pool = SqlitePool::connect_with(options).await.expect("a file");
    sqlx::query(USERS).execute(&pool).await.expect("a table");
    let fill = "with recursive n(i) as (select 0 union all select i + 1 from n where i < 99) insert into users select i, 'hash' from n";
    sqlx::query(fill).execute(&pool).await.expect("users");
    pool
}

async fn fill(store: &MemoryStore, sessions: u64) {
    let limit = Limit { sessions: std::num::NonZeroU32::MAX, when_full: WhenFull::CloseOldest };
    for number in 0..sessions {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&(number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_ne_bytes());
        let new = NewSession::new(
            SessionKey::from_bytes(key),
            format!("other{}", number / 3),
            SessionHandle::from_u64(number),
        );
        store.insert(new, limit).await.expect("memory");
    }
}
