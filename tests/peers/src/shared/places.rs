//! A database and a Redis of this run alone. Both go with it.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use axum_session_redispool::SessionRedisPool;
use axum_session_sqlx::SessionPgPool;
use os_session::{
    LeasedStore, Limit, MemoryStore, NewSession, PostgresStore, RedisStore, SessionHandle, SessionKey, Store, WhenFull,
};
use sqlx::PgPool;
use tempfile::TempDir;
use tower_sessions_redis_store::RedisStore as PeersRedis;
use tower_sessions_redis_store::fred::prelude::{ClientLike as _, Config, Pool};
use tower_sessions_sqlx_store::PostgresStore as PeersPostgres;

use crate::peer::Backend;
use crate::site::Site;
use crate::{axum_session, median, network, ours, peer, timed};

pub struct Places {
    stored: u64,
    server: String,
    name: String,
    url: String,
    pool: PgPool,
    redis: Child,
    redis_url: String,
    _folder: TempDir,
}

const LEASED: &str = "leased";

impl Places {
    pub async fn new(stored: u64, delay: Option<Duration>) -> Self {
        let server = std::env::var("OS_SESSION_TEST_POSTGRES");
        let server = server.unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432/postgres".to_owned());
        let name = format!("shared_{}_{stored}", std::process::id());
        execute(&server, &format!("drop database if exists {name}")).await;
        execute(&server, &format!("create database {name}")).await;
        let (base, _) = server.rsplit_once('/').expect("the address names a database");
        let between = |url: String| delay.map_or_else(|| url.clone(), |delay| network::through(&url, delay));
        let url = between(format!("{base}/{name}"));
        let pool = PgPool::connect(&url).await.expect("PostgreSQL");
        for statement in [
            "create table users (id bigint primary key, password_hash text not null)",
            "insert into users select i, 'hash' from generate_series(0, 99) i",
        ] {
            sqlx::query(statement).execute(&pool).await.expect(statement);
        }
        let folder = tempfile::tempdir().expect("a folder");
        let port = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("a port").port();
        let redis = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--save", "", "--enable-debug-command", "local"])
            .args(["--port", &port.to_string(), "--dir"])
            .arg(folder.path())
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server starts");
        let redis_url = format!("redis://127.0.0.1:{port}");
        while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let redis_url = between(redis_url);
        Self { stored, server, name, url, pool, redis, redis_url, _folder: folder }
    }

    /// Each application, and by which its figures are divided.
    pub async fn sites(&self) -> Vec<(Site, Option<&'static str>)> {
        const LOGIN_POSTGRES: Option<&str> = Some("axum-login, PostgreSQL");
        const LOGIN_REDIS: Option<&str> = Some("axum-login, Redis");
        let memory = MemoryStore::new();
        fill(&memory, self.stored).await;
        let postgres = PostgresStore::connect(&self.url).await.expect("PostgreSQL");
        // Apart from the others, whose log-outs would wait for the nodes that remember.
        let leased_postgres = PostgresStore::builder().schema(LEASED).connect(&self.url).await.expect("PostgreSQL");
        let redis = RedisStore::connect(&self.redis_url).await.expect("Redis");
        let leased_redis = RedisStore::builder().prefix(LEASED).connect(&self.redis_url).await.expect("Redis");
        fill(&redis, self.stored).await;
        fill(&leased_redis, self.stored).await;

        let peers_postgres = PeersPostgres::new(self.pool.clone());
        peers_postgres.migrate().await.expect("tables");
        let fred = Pool::new(Config::from_url(&self.redis_url).expect("a URL"), None, None, None, 6).expect("a pool");
        fred.connect();
        fred.wait_for_connect().await.expect("Redis");
        let others = sqlx_of_axum_session::PgPool::connect(&self.url).await.expect("PostgreSQL");
        let redispool = redis_pool::RedisPool::from(redis::Client::open(&*self.redis_url).expect("a URL"));

        let sites = vec![
            (ours::site("os-session, memory", memory).await, None),
            (ours::site("os-session, PostgreSQL", postgres).await, LOGIN_POSTGRES),
            (ours::site("os-session, PostgreSQL, leased", leased(leased_postgres).await).await, LOGIN_POSTGRES),
            (peer::site("axum-login, PostgreSQL", Backend::Postgres(self.pool.clone()), peers_postgres), None),
            (
                axum_session::site("axum_session, PostgreSQL", SessionPgPool::from(others), self.pool.clone()).await,
                None,
            ),
            (ours::site("os-session, Redis", redis).await, LOGIN_REDIS),
            (ours::site("os-session, Redis, leased", leased(leased_redis).await).await, LOGIN_REDIS),
            (peer::site("axum-login, Redis", Backend::Postgres(self.pool.clone()), PeersRedis::new(fred)), None),
            (
                axum_session::site("axum_session, Redis", SessionRedisPool::from(redispool), self.pool.clone()).await,
                None,
            ),
        ];
        // One of each, for the others to be copies of.
        for (site, _) in &sites {
            site.log_in("1").await;
        }
        self.add_rows().await;
        sites
    }

    /// Sessions of others for everybody who keeps them in PostgreSQL, and keys of the peers' size in Redis.
    async fn add_rows(&self) {
        let rows = self.stored;
        let ours = |schema: &str| {
            format!(
            "insert into {schema}.session (key, user_id, handle, opened, seen, authenticated, idle, ends, expire)
             select sha256(convert_to(i || random()::text, 'UTF8')), 'other' || (i / 3), i, 4e12::bigint, 4e12::bigint, 4e12::bigint, 1e9::bigint,
                9e12::bigint, false
             from generate_series(1, {rows}) i"
        )
        };
        let login = format!(
            "insert into tower_sessions.session
             select md5(i || random()::text), (select data from tower_sessions.session limit 1),
                (select expiry_date from tower_sessions.session limit 1) from generate_series(1, {rows}) i"
        );
        let session = format!(
            "insert into sessions (id, session, expires)
             select md5(i || random()::text), (select session from sessions limit 1), (select expires from sessions limit 1)
             from generate_series(1, {rows}) i"
        );
        for statement in [ours("os_session"), ours(LEASED), login, session, "vacuum analyze".to_owned()] {
            sqlx::query(&statement).execute(&self.pool).await.expect("rows");
        }
        let client = redis::Client::open(&*self.redis_url).expect("a URL");
        let mut connection = client.get_connection().expect("Redis");
        redis::cmd("DEBUG")
            .arg("POPULATE")
            .arg(2 * rows)
            .arg("other")
            .arg(300)
            .query::<()>(&mut connection)
            .expect("keys");
    }

    /// The least that anybody pays who asks PostgreSQL for a row.
    pub async fn floor(&self) -> Duration {
        let connected = tokio_postgres::connect(&self.url, tokio_postgres::NoTls).await;
        let (client, connection) = connected.expect("PostgreSQL");
        let connection = tokio::spawn(connection);
        let statement = client.prepare("select password_hash from users where id = $1").await.expect("a statement");
        let mut samples = Vec::new();
        for id in 0..500_i64 {
            samples.push(timed(client.query_one(&statement, &[&(id % 100)])).await.0);
        }
        connection.abort();
        median(samples).unwrap_or_default()
    }
}

impl Drop for Places {
    fn drop(&mut self) {
        let _ = self.redis.kill();
        let _ = self.redis.wait();
        let (server, drop) = (self.server.clone(), format!("drop database {} with (force)", self.name));
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().expect("a runtime");
            runtime.block_on(execute(&server, &drop));
        });
        let _ = dropping.join();
    }
}

async fn leased<S: os_session::LeaseStore>(store: S) -> LeasedStore<S> {
    let store = LeasedStore::new(store).expect("a lease can be asked for");
    while !store.holds_lease() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    store
}

async fn execute(url: &str, statement: &str) {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.expect("PostgreSQL");
    tokio::spawn(connection);
    client.batch_execute(statement).await.expect(statement);
}

async fn fill<S: Store + Clone>(store: &S, sessions: u64) {
    const AT_ONCE: u64 = 64;
    let limit = Limit { sessions: std::num::NonZeroU32::MAX, when_full: WhenFull::CloseOldest };
    let tasks = (0..AT_ONCE).map(|first| {
        let store = store.clone();
        tokio::spawn(async move {
            for number in (first..sessions).step_by(AT_ONCE as usize) {
                let mut key = [0; 32];
                key[..8].copy_from_slice(&(number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_ne_bytes());
                let handle = SessionHandle::from_u64(number);
                let new = NewSession::new(SessionKey::from_bytes(key), format!("other{}", number / 3), handle);
                store.insert(new, limit).await.expect("room");
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.expect("a session is stored");
    }
}
