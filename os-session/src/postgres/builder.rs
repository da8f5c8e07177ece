//! What can be said before a connection is made.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Object, PoolError, RecyclingMethod, TimeoutType};
use futures_util::FutureExt as _;
use tokio::time::timeout;
use tokio_postgres::config::TargetSessionAttrs;
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::{Config, NoTls, Socket};

use super::channel::{self, Channel, Open};
use super::pool::Pool;
use super::schema::{Schema, Statements};
use super::{PostgresStore, Shared, address, advice, failure, migrations};
use crate::clock::Clock;
use crate::lease::new_name;
use crate::log_once::LogOnce;
use crate::schema_state::SchemaState;
use crate::store::{StoreError, check_deadline};

type MakeManager = Arc<dyn Fn(Config, ManagerConfig) -> Manager + Send + Sync>;

/// One connection on which the lease is renewed, and one on which others are waited for.
const FOR_LEASES: usize = 2;

/// What PostgreSQL's own `max_connections` can be at most.
const MOST_CONNECTIONS: u32 = 262_143;

/// How long a start waits until the schema is up to date, other nodes' work on it included.
const MIGRATION: Duration = Duration::from_mins(5);

/// Puts a [`PostgresStore`] together: [`PostgresStore::builder`].
#[derive(Clone)]
#[must_use = "nothing is connected until `connect` is called"]
pub struct PostgresBuilder {
    clock: Clock,
    schema: String,
    max_connections: u32,
    deadline: Duration,
    tls: Option<(MakeManager, Open)>,
}

impl fmt::Debug for PostgresBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresBuilder")
            .field("schema", &self.schema)
            .field("max_connections", &self.max_connections)
            .field("deadline", &self.deadline)
            .field("tls", &self.tls.is_some())
            .finish_non_exhaustive()
    }
}

impl PostgresBuilder {
    pub(super) fn new() -> Self {
        Self {
            clock: Clock::new(),
            schema: "os_session".to_owned(),
            max_connections: 10,
            deadline: Duration::from_secs(3),
            tls: None,
        }
    }

    /// For tests: a clock whose turns are added to the database's time. The time itself is always the database's.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// The schema for tables and functions, `os_session` by default. Letters, digits and underscores.
    pub fn schema(mut self, name: impl Into<String>) -> Self {
        self.schema = name.into();
        self
    }

    /// How many connections there are at most for requests, 10 by default. Each is made when it is needed first, and used for one
    /// operation after another, so that few serve many requests. One more listens to other nodes, and at most two more are for leases.
    pub fn max_connections(mut self, connections: u32) -> Self {
        self.max_connections = connections;
        self
    }

    /// How long an operation may take, the wait for a connection included: 3 seconds by default. Whatever takes longer
    /// is an error, and the request is answered with 503. It is an hour at most.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// How a connection is encrypted: a connector such as those of the crates `tokio-postgres-rustls` and
    /// `postgres-native-tls`. It alone decides which certificates are good: `sslmode=require`, `verify-ca` and
    /// `verify-full` say that there has to be TLS, and the first two verify no less than the last.
    ///
    /// ```no_run
    /// # async fn start() -> Result<(), Box<dyn std::error::Error>> {
    /// use os_session::PostgresStore;
    /// use tokio_postgres_rustls::MakeRustlsConnect;
    ///
    /// let (connector, _unreadable) = MakeRustlsConnect::with_native_certs().map_err(|_| "no certificates to trust")?;
    /// let url = "postgres://app:secret@db.internal/app?sslmode=verify-full";
    /// let store = PostgresStore::builder().tls(connector).connect(url).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn tls<T>(mut self, connector: T) -> Self
    where
        T: MakeTlsConnect<Socket, Stream: Send + Sync + 'static, TlsConnect: Send + Sync>
            + Clone
            + Send
            + Sync
            + 'static,
        <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
    {
        let open = channel::opening(connector.clone());
        let make = move |config, manager| Manager::from_config(config, connector.clone(), manager);
        self.tls = Some((Arc::new(make), open));
        self
    }

    /// Connects by URL: `postgres://user:password@host/database`. What sqlx's `PgConnectOptions::to_url_lossy` gives is
    /// understood as well.
    ///
    /// The schema is created or migrated if necessary.
    ///
    /// # Errors
    ///
    /// A URL that cannot be read, that names an unknown parameter or wants TLS without a connector; a database that
    /// cannot be reached, does not accept the role, or is a standby; a schema that a newer release has changed too far,
    /// or that the role may not bring up to date. No error shows the password.
    pub async fn connect(self, url: &str) -> Result<PostgresStore, StoreError> {
        let config = address::parse(url, self.tls.is_some())?;
        self.connect_with(config).await
    }

    /// Connects with a configuration of the driver, for what a URL cannot say.
    ///
    /// # Errors
    ///
    /// As for [`connect`](PostgresBuilder::connect).
    pub async fn connect_with(self, config: Config) -> Result<PostgresStore, StoreError> {
        let prepared = self.prepared(config)?;
        let (mut connection, schema) = self.first_connection_with(&prepared).boxed().await?;
        // Boxed, as the other step: the compiler could not prove otherwise that what awaits it is
        // `Send`.
        timeout(MIGRATION, migrations::migrate(&mut connection, &schema).boxed())
            .await
            .map_err(|_| failure::too_slow(MIGRATION))??;

        let statements = Arc::new(Statements::new(&schema));
        let most = usize::try_from(self.max_connections).unwrap_or(usize::MAX);
        let node = new_name()?;
        let pool = |most| Pool::new(self.manager(&prepared), most, self.deadline, statements.clone(), &node);
        let (pool, leases) = (pool(most)?, pool(FOR_LEASES)?);
        let open = self.tls.map_or_else(|| channel::opening(NoTls), |(_, open)| open);
        let channel = Channel::new(open, prepared, schema.clone(), node, self.deadline);
        let shared =
            Shared { clock: self.clock, schema, statements, pool, leases, channel, unread: LogOnce::default() };
        Ok(PostgresStore { shared: Arc::new(shared) })
    }

    /// How far the schema is in the database, without a change to it.
    ///
    /// ```no_run
    /// # async fn look() -> Result<(), os_session::StoreError> {
    /// use os_session::PostgresStore;
    ///
    /// let state = PostgresStore::builder().schema_state("postgres://app:secret@db.internal/app").await?;
    /// if state.is_behind() {
    ///     println!("version {} is there, and `connect` would make {} of it", state.found, state.known);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`connect`](PostgresBuilder::connect), except for what only a change meets.
    pub async fn schema_state(&self, url: &str) -> Result<SchemaState, StoreError> {
        let (client, schema) = self.first_connection(url).await?;
        migrations::state(&client, &schema).await
    }

    /// What to change in the settings of the server, for which a log-out that has returned might be forgotten in a crash or a failover: a
    /// sentence each. `os-session check` prints them.
    ///
    /// # Errors
    ///
    /// As for [`schema_state`](PostgresBuilder::schema_state).
    pub async fn advice(&self, url: &str) -> Result<Vec<String>, StoreError> {
        let (client, _) = self.first_connection(url).await?;
        advice::of(&client).await
    }

    /// A connection on which nothing was done yet, and the schema that is to be used.
    async fn first_connection(&self, url: &str) -> Result<(Object, Schema), StoreError> {
        let prepared = self.prepared(address::parse(url, self.tls.is_some())?)?;
        self.first_connection_with(&prepared).await
    }

    async fn first_connection_with(&self, prepared: &Config) -> Result<(Object, Schema), StoreError> {
        let schema = Schema::new(&self.schema)?;
        // A connection of its own: it may have to make what the others prepare, and for longer than an operation takes.
        let first = deadpool_postgres::Pool::builder(self.manager(prepared)).max_size(1).build();
        let connection = timeout(self.deadline, first.map_err(StoreError::new)?.get())
            .await
            .unwrap_or_else(|_| Err(PoolError::Timeout(TimeoutType::Create)))
            .map_err(|error| failure::no_connection_to(&address::hosts(prepared), self.deadline, error))?;
        Ok((connection, schema))
    }

    fn manager(&self, prepared: &Config) -> Manager {
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        match &self.tls {
            Some((make, _)) => make(prepared.clone(), recycling),
            None => Manager::from_config(prepared.clone(), NoTls, recycling),
        }
    }

    /// The configuration with what every connection needs.
    fn prepared(&self, mut config: Config) -> Result<Config, StoreError> {
        address::can_encrypt(&config, self.tls.is_some())?;
        if !(1..=MOST_CONNECTIONS).contains(&self.max_connections) {
            return Err(StoreError::new(format!(
                "`max_connections` must be at least 1 and at most {MOST_CONNECTIONS}, got {}",
                self.max_connections
            )));
        }
        check_deadline(self.deadline)?;
        // A standby answers with what was true a while ago, and can revoke nothing.
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(self.deadline);
        }
        if config.get_application_name().is_none() {
            config.application_name("os-session");
        }
        Ok(config)
    }
}
