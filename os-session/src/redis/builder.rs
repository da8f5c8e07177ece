//! What can be said before a connection is made.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use redis::cluster::ClusterClientBuilder;
use redis::{Client, ConnectionInfo, cmd};
use tokio::time::timeout;

use super::channel::Channel;
use super::link::{Link, Links, Way};
use super::scripts::Scripts;
use super::server_clock::ServerClock;
use super::{RedisStore, Shared, address, advice, answers, failure, greeting, import};
use crate::clock::Clock;
use crate::lease::new_name;
use crate::log_once::LogOnce;
use crate::store::{StoreError, check_deadline};

/// Puts a [`RedisStore`] together: [`RedisStore::builder`].
#[derive(Clone)]
#[must_use = "nothing is connected until `connect` is called"]
pub struct RedisBuilder {
    clock: Clock,
    prefix: String,
    deadline: Duration,
    for_import: bool,
}

impl fmt::Debug for RedisBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisBuilder")
            .field("prefix", &self.prefix)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}

impl RedisBuilder {
    pub(super) fn new() -> Self {
        Self {
            clock: Clock::new(),
            prefix: "os_session".to_owned(),
            deadline: Duration::from_secs(3),
            for_import: false,
        }
    }

    /// For tests: a clock whose turns are added to the server's time. The time itself is always the server's.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// What the names of all keys begin with, in braces: `os_session` by default, so that keys are named `{os_session}:…`. What is in
    /// braces decides the node of a cluster, and all of a store is on one. It has one character at least, and no brace. Each application on a
    /// server needs one of its own.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// How long an operation may take, the wait for a connection included: 3 seconds by default. Whatever takes longer
    /// is an error, and the request is answered with 503. It is an hour at most.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Connects also where an import was begun and not finished: for [`RedisStore::import`], and nothing else.
    pub fn for_import(mut self) -> Self {
        self.for_import = true;
        self
    }

    /// Connects by URL: `redis://user:password@host:6379/0`, or `rediss://…` for TLS, which the application chooses with a feature of the
    /// crate `redis`.
    ///
    /// # Errors
    ///
    /// A URL that cannot be read, or wants TLS where there is none; a server that cannot be reached, does not accept the user, is older
    /// than Redis 7, a replica, a Sentinel or a node of a cluster; sessions that are being [imported](RedisStore::import) there. No error shows the password.
    pub async fn connect(self, url: &str) -> Result<RedisStore, StoreError> {
        let info = address::parse(url)?;
        self.connect_with(&info).await
    }

    /// Connects with what the driver itself knows of a server, for what a URL cannot say.
    ///
    /// # Errors
    ///
    /// As for [`connect`](RedisBuilder::connect).
    pub async fn connect_with(self, info: &ConnectionInfo) -> Result<RedisStore, StoreError> {
        let root = self.root()?;
        let client = Client::open(address::prepared(info, self.deadline)).map_err(|error| failure::failed(&error))?;
        // Boxed: the compiler could not prove otherwise that what awaits it is `Send`.
        let store = self.finish(Way::One(client.clone()), vec![client], root).boxed().await;
        store.map_err(|error| failure::at([info], &error))
    }

    /// Connects to a cluster by the URLs of some of its nodes; the others are found. All of the store is on one of them, and follows its
    /// hash slot when that moves. While it is moved key by key, operations fail, and nothing is half done.
    ///
    /// ```no_run
    /// # async fn start() -> Result<(), Box<dyn std::error::Error>> {
    /// use os_session::RedisStore;
    ///
    /// let nodes = ["redis://10.0.0.1:6379", "redis://10.0.0.2:6379", "redis://10.0.0.3:6379"];
    /// let store = RedisStore::builder().connect_cluster(nodes).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`connect`](RedisBuilder::connect), except that nodes of a cluster are what is wanted.
    pub async fn connect_cluster(
        self,
        urls: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<RedisStore, StoreError> {
        let root = self.root()?;
        let nodes = urls.into_iter().map(|url| address::parse(url.as_ref())).collect::<Result<Vec<_>, _>>()?;
        let servers = nodes.iter().map(|info| Client::open(address::prepared(info, self.deadline)));
        let servers = servers.collect::<Result<Vec<_>, _>>().map_err(|error| failure::failed(&error))?;
        let client = ClusterClientBuilder::new(nodes.clone())
            // It would ask again what may have been done.
            .retries(0)
            .connection_timeout(self.deadline)
            .response_timeout(self.deadline)
            .tcp_settings(address::tcp(self.deadline))
            .build()
            .map_err(|error| failure::failed(&error))?;
        let connected = timeout(self.deadline, client.get_async_connection()).await;
        let store = match connected {
            Ok(Ok(connection)) => self.finish(Way::Cluster(Link::Cluster(connection)), servers, root).boxed().await,
            Ok(Err(error)) => Err(failure::failed(&error)),
            Err(_) => Err(failure::no_connection(self.deadline)),
        };
        store.map_err(|error| failure::at(&nodes, &error))
    }

    /// What the names of all keys begin with.
    fn root(&self) -> Result<String, StoreError> {
        if self.prefix.is_empty() || self.prefix.contains(['{', '}']) {
            return Err(StoreError::new(format!(
                "`{}` cannot be the prefix of keys in Redis: it has one character at least, and no brace",
                self.prefix
            )));
        }
        check_deadline(self.deadline)?;
        Ok(format!("{{{}}}:", self.prefix))
    }

    async fn finish(self, way: Way, servers: Vec<Client>, root: String) -> Result<RedisStore, StoreError> {
        let links = Links::new(way, self.deadline);
        let (scripts, moment) = links.with_link(|link| prepare(link, &root, self.for_import)).await?;
        let node = new_name()?;
        let channel = Channel::new(servers, &root, node, self.deadline);
        let (clock, prefix) = (self.clock, self.prefix);
        let server_clock = ServerClock::at(moment);
        let shared = Shared { clock, prefix, root, scripts, links, server_clock, channel, unread: LogOnce::default() };
        Ok(RedisStore { shared: Arc::new(shared) })
    }
}

/// Returns the scripts, which the server knows from then on, and the timestamp of the server.
async fn prepare(mut link: Link, root: &str, for_import: bool) -> Result<(Scripts, u64), StoreError> {
    greeting::check(&mut link).await?;
    advice::warn_of_eviction(&mut link).await;
    if !for_import {
        import::refuse_unfinished(&mut link, root).await?;
    }
    let failed = |error| failure::failed(&error);
    let timestamp = answers::time(link.ask_any(&cmd("TIME")).await.map_err(failed)?)?;
    Ok((Scripts::load(&link).await.map_err(failed)?, timestamp))
}
