//! The channel on which nodes hear of each other's changes.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, PushInfo, PushKind, RedisError, Value, cmd};
use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::timeout;

use super::failure;
use crate::change::{Change, Listener};
use crate::heartbeat::keep_trying;
use crate::store::StoreError;

/// Where a node listens, and by what it knows its own words.
pub(super) struct Channel {
    /// Servers on which the same is heard: one, or some of a cluster.
    servers: Vec<Client>,
    next: AtomicUsize,
    name: String,
    node: String,
    deadline: Duration,
}

impl Channel {
    pub(super) fn new(servers: Vec<Client>, root: &str, node: String, deadline: Duration) -> Self {
        Self { servers, next: AtomicUsize::new(0), name: format!("{root}changes"), node, deadline }
    }

    pub(super) fn node(&self) -> &str {
        &self.node
    }

    /// Listens until the channel is lost.
    pub(super) async fn listen(&self, listener: &Listener) -> StoreError {
        let (connection, mut heard) = match timeout(self.deadline, self.open()).await {
            Ok(Ok(opened)) => opened,
            Ok(Err(error)) => return failure::failed(&error),
            Err(_) => return failure::no_connection(self.deadline),
        };
        let echo = Notify::new();
        let hear = async {
            while let Some(push) = heard.recv().await {
                match push.kind {
                    PushKind::Message => self.heard(&push.data, listener, &echo),
                    PushKind::Disconnection => break,
                    _ => {}
                }
            }
            StoreError::new("Redis closed the connection on which changes are heard")
        };
        tokio::select! {
            lost = hear => lost,
            lost = self.keep(connection, listener, &echo) => lost,
        }
    }

    async fn open(&self) -> Result<(MultiplexedConnection, UnboundedReceiver<PushInfo>), RedisError> {
        // The next one, since the last may be the one that is gone.
        let server = &self.servers[self.next.fetch_add(1, Ordering::Relaxed) % self.servers.len()];
        let (told, heard) = unbounded_channel();
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(None)
            .set_response_timeout(None)
            .set_push_sender(move |push: PushInfo| told.send(push));
        let mut connection = server.get_multiplexed_async_connection_with_config(&config).await?;
        connection.subscribe(&self.name).await?;
        Ok((connection, heard))
    }

    async fn keep(&self, connection: MultiplexedConnection, listener: &Listener, echo: &Notify) -> StoreError {
        let message = format!("{} ?", self.node);
        let say = || {
            let (mut connection, mut command) = (connection.clone(), cmd("PUBLISH"));
            command.arg(&self.name).arg(&message);
            async move {
                let said = command.query_async::<Value>(&mut connection).await;
                said.map(drop).map_err(|error| failure::failed(&error))
            }
        };
        keep_trying(say, echo, listener, self.deadline, failure::too_slow(self.deadline)).await
    }

    fn heard(&self, data: &[Value], listener: &Listener, echo: &Notify) {
        let message = match data {
            [_, Value::BulkString(message)] => std::str::from_utf8(message).unwrap_or("- *"),
            _ => "- *",
        };
        Change::tell_message(message, &self.node, listener, || echo.notify_one());
    }
}
