//! Connections: one to a server, or those to a cluster, and the deadline of whatever is asked of them.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::cluster_async::ClusterConnection;
use redis::cluster_routing::{RoutingInfo, SingleNodeRoutingInfo};
use redis::{AsyncConnectionConfig, Client, Cmd, ErrorKind, PushInfo, PushKind, RedisError, RedisResult, Value};
use tokio::time::{Instant, sleep, timeout_at};

use super::failure;
use super::scripts::{Argument, Script};
use crate::store::StoreError;

/// How long a cluster is given before it is asked again, and how often it is asked.
const AGAIN: Duration = Duration::from_millis(20);
const TRIES: u32 = 10;

/// A way to ask, which many share.
#[derive(Clone)]
pub(super) enum Link {
    One(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl Link {
    /// The answer to a command, by the node that keeps its keys.
    pub(super) async fn ask(&mut self, command: &Cmd) -> RedisResult<Value> {
        match self {
            Self::One(connection) => command.query_async(connection).await,
            Self::Cluster(connection) => command.query_async(connection).await,
        }
    }

    /// The answer to a command without keys, which any primary can give.
    pub(super) async fn ask_any(&mut self, command: &Cmd) -> RedisResult<Value> {
        match self {
            Self::One(connection) => command.query_async(connection).await,
            Self::Cluster(connection) => {
                let anywhere = RoutingInfo::SingleNode(SingleNodeRoutingInfo::RandomPrimary);
                connection.route_command(command.clone(), anywhere).await?.extract_error()
            }
        }
    }
}

/// How a link is made.
pub(super) enum Way {
    /// To this server.
    One(Client),
    /// It is there, and sees to its connections itself.
    Cluster(Link),
}

/// The link in use.
struct Current {
    link: Link,
    /// The other side has closed it.
    closed: Arc<AtomicBool>,
    number: u64,
}

/// A link that is made anew when it broke.
pub(super) struct Links {
    way: Way,
    deadline: Duration,
    current: Mutex<Option<Current>>,
    /// Held by whoever makes one; gives each a number.
    making: tokio::sync::Mutex<u64>,
    round_trips: AtomicU64,
}

impl Links {
    pub(super) fn new(way: Way, deadline: Duration) -> Self {
        Self {
            way,
            deadline,
            current: Mutex::default(),
            making: tokio::sync::Mutex::default(),
            round_trips: AtomicU64::new(0),
        }
    }

    /// How long an operation may take.
    pub(super) fn deadline(&self) -> Duration {
        self.deadline
    }

    /// How many scripts were asked for.
    pub(super) fn round_trips(&self) -> u64 {
        self.round_trips.load(Ordering::Relaxed)
    }

    /// Whether a cluster is behind it.
    pub(super) fn is_cluster(&self) -> bool {
        matches!(self.way, Way::Cluster(_))
    }

    /// The answer of a script. One deadline for the wait for a connection, for making one, and for the work.
    ///
    /// A future that is dropped leaves its connection in order: the answer that nobody waits for is read and thrown away. A
    /// connection that missed the deadline is used no more, since nobody knows whether it still lives.
    pub(super) async fn run(
        &self,
        script: &Script,
        root: &str,
        caller: &str,
        arguments: &[Argument<'_>],
    ) -> Result<Value, StoreError> {
        let until = Instant::now() + self.deadline;
        let (mut link, number) = timeout_at(until, self.link())
            .await
            .map_err(|_| failure::no_connection(self.deadline))?
            .map_err(|error| failure::failed(&error))?;
        self.round_trips.fetch_add(1, Ordering::Relaxed);
        let work = async {
            let mut tries = 1;
            loop {
                let answer = match link.ask(&script.known(root, caller, arguments)).await {
                    // Another server, or one that was restarted.
                    Err(error) if error.code() == Some("NOSCRIPT") => {
                        link.ask(&script.told(root, caller, arguments)).await
                    }
                    answer => answer,
                };
                match answer {
                    Err(error) if is_elsewhere(&error) && tries < TRIES => tries += 1,
                    answer => break answer,
                }
                sleep(AGAIN).await;
            }
        };
        match timeout_at(until, work).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => {
                if is_useless(&error) {
                    self.give_up(number);
                }
                Err(failure::failed(&error))
            }
            Err(_) => {
                self.give_up(number);
                Err(failure::too_slow(self.deadline))
            }
        }
    }

    /// Returns what `work` gets over a link, within the deadline.
    ///
    /// `work` owns its link and returns a plain future. The bound of an async closure could not
    /// require that its future is `Send`.
    pub(super) async fn with_link<T, F>(&self, work: impl FnOnce(Link) -> F) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, StoreError>> + Send,
    {
        let until = Instant::now() + self.deadline;
        let (link, number) = timeout_at(until, self.link())
            .await
            .map_err(|_| failure::no_connection(self.deadline))?
            .map_err(|error| failure::failed(&error))?;
        timeout_at(until, work(link)).await.unwrap_or_else(|_| {
            self.give_up(number);
            Err(failure::too_slow(self.deadline))
        })
    }

    /// The link in use, or a new one: made once, however many wait for it.
    async fn link(&self) -> RedisResult<(Link, u64)> {
        let client = match &self.way {
            Way::Cluster(link) => return Ok((link.clone(), 0)),
            Way::One(client) => client,
        };
        if let Some(usable) = self.usable() {
            return Ok(usable);
        }
        let mut number = self.making.lock().await;
        if let Some(usable) = self.usable() {
            return Ok(usable);
        }
        let closed = Arc::new(AtomicBool::new(false));
        let told = closed.clone();
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(None)
            .set_response_timeout(None)
            .set_push_sender(move |push: PushInfo| {
                if push.kind == PushKind::Disconnection {
                    told.store(true, Ordering::Relaxed);
                }
                Ok::<_, RedisError>(())
            });
        let link = Link::One(client.get_multiplexed_async_connection_with_config(&config).await?);
        *number += 1;
        let made = Current { link: link.clone(), closed, number: *number };
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Some(made);
        Ok((link, *number))
    }

    fn usable(&self) -> Option<(Link, u64)> {
        let current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let current = current.as_ref().filter(|current| !current.closed.load(Ordering::Relaxed))?;
        Some((current.link.clone(), current.number))
    }

    /// The link of that number is used no more.
    fn give_up(&self, number: u64) {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if current.as_ref().is_some_and(|current| current.number == number) {
            *current = None;
        }
    }
}

/// Whether a cluster says that it did nothing, since what was asked for is on another node, or will be. The link has learnt which.
///
/// Nothing else is asked twice: what a connection that broke had asked for may have been done.
fn is_elsewhere(error: &RedisError) -> bool {
    matches!(error.code(), Some("MOVED" | "ASK" | "TRYAGAIN")) || error.kind() == ErrorKind::ClusterConnectionNotFound
}

/// Whether the connection will never work again, or leads to what is the primary no more.
fn is_useless(error: &RedisError) -> bool {
    error.is_unrecoverable_error() || matches!(error.code(), Some("READONLY" | "NOAUTH" | "MASTERDOWN"))
}
