//! The stores that tests of any store are run on.

use std::future::Future;

use os_session::testing::Clock;
use os_session::{MemoryStore, PostgresStore, RedisStore, SqliteStore, Store};
use os_session_tests::postgres::TestSchema;
use os_session_tests::redis::TestPrefix;
use tempfile::TempDir;

/// An empty store, as one or two processes have it.
pub(crate) trait Backend: Sized {
    /// A handle on it.
    type Store: Store + Clone;

    /// An empty store whose time is told by that clock.
    fn open(clock: Clock) -> impl Future<Output = Self>;

    /// Two handles on it. Where processes can share the store, each is as a process of its own would have it.
    fn handles(&self) -> [Self::Store; 2];

    /// The processes end, whatever they were about to do, and begin again. What is kept in memory only stays as it is.
    fn reopen(&mut self) -> impl Future<Output = ()> {
        std::future::ready(())
    }
}

/// The memory store.
pub(crate) struct Memory(pub(crate) [MemoryStore; 2]);

impl Backend for Memory {
    type Store = MemoryStore;

    fn open(clock: Clock) -> impl Future<Output = Self> {
        let store = MemoryStore::with_clock(clock);
        std::future::ready(Self([store.clone(), store]))
    }

    fn handles(&self) -> [Self::Store; 2] {
        self.0.clone()
    }
}

/// The SQLite store, with memory for two sessions only.
pub(crate) struct Sqlite {
    clock: Clock,
    store: Option<[SqliteStore; 2]>,
    folder: TempDir,
}

impl Sqlite {
    async fn store(folder: &TempDir, clock: Clock) -> Option<[SqliteStore; 2]> {
        let builder = SqliteStore::builder().clock(clock).cached_sessions(2);
        let store = builder.open(folder.path().join("sessions.db")).await.expect("a folder of its own");
        Some([store.clone(), store])
    }
}

impl Backend for Sqlite {
    type Store = SqliteStore;

    async fn open(clock: Clock) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self { store: Self::store(&folder, clock.clone()).await, clock, folder }
    }

    fn handles(&self) -> [Self::Store; 2] {
        self.store.clone().expect("the store is open")
    }

    async fn reopen(&mut self) {
        // The file has one owner, so the first has to go before the second comes.
        self.store = None;
        self.store = Self::store(&self.folder, self.clock.clone()).await;
    }
}

/// Two stores on one schema of PostgreSQL.
pub(crate) struct Postgres {
    clock: Clock,
    stores: [PostgresStore; 2],
    schema: TestSchema,
}

impl Postgres {
    async fn stores(schema: &TestSchema, clock: &Clock) -> [PostgresStore; 2] {
        [schema.store(clock.clone()).await, schema.store(clock.clone()).await]
    }
}

impl Backend for Postgres {
    type Store = PostgresStore;

    async fn open(clock: Clock) -> Self {
        let schema = TestSchema::new();
        Self { stores: Self::stores(&schema, &clock).await, clock, schema }
    }

    fn handles(&self) -> [Self::Store; 2] {
        self.stores.clone()
    }

    async fn reopen(&mut self) {
        self.stores = Self::stores(&self.schema, &self.clock).await;
    }
}

/// Two stores on one prefix of Redis.
pub(crate) struct Redis {
    clock: Clock,
    stores: [RedisStore; 2],
    prefix: TestPrefix,
}

impl Redis {
    async fn stores(prefix: &TestPrefix, clock: &Clock) -> [RedisStore; 2] {
        [prefix.store(clock.clone()).await, prefix.store(clock.clone()).await]
    }
}

impl Backend for Redis {
    type Store = RedisStore;

    async fn open(clock: Clock) -> Self {
        let prefix = TestPrefix::new();
        Self { stores: Self::stores(&prefix, &clock).await, clock, prefix }
    }

    fn handles(&self) -> [Self::Store; 2] {
        self.stores.clone()
    }

    async fn reopen(&mut self) {
        self.stores = Self::stores(&self.prefix, &self.clock).await;
    }
}
