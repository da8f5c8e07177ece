//! The channel on which nodes hear of each other's changes.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, select};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Notify;
use tokio::time::timeout;
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::{AsyncMessage, Client, Config, Connection, Socket};

use super::failure;
use super::schema::Schema;
use crate::change::{Change, Listener};
use crate::heartbeat::keep_trying;
use crate::store::StoreError;

type Opening = Pin<Box<dyn Future<Output = Result<(Client, Box<dyn Wire>), tokio_postgres::Error>> + Send>>;

/// Makes a connection on which messages are heard, encrypted as the others are.
pub(super) type Open = Arc<dyn Fn(Config) -> Opening + Send + Sync>;

type Next<'a> = Pin<Box<dyn Future<Output = Option<Result<AsyncMessage, tokio_postgres::Error>>> + Send + 'a>>;

/// A connection, whatever encrypts it.
pub(super) trait Wire: Send {
    fn next(&mut self) -> Next<'_>;
}

impl<S, T> Wire for Connection<S, T>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
    T: AsyncRead + AsyncWrite + Unpin + Send,
{
    fn next(&mut self) -> Next<'_> {
        Box::pin(poll_fn(|context| self.poll_message(context)))
    }
}

pub(super) fn opening<T>(connector: T) -> Open
where
    T: MakeTlsConnect<Socket, Stream: Send + Sync + 'static, TlsConnect: Send + Sync> + Clone + Send + Sync + 'static,
    <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
{
    Arc::new(move |config| {
        let connector = connector.clone();
        Box::pin(async move {
            let (client, connection) = config.connect(connector).await?;
            let wire: Box<dyn Wire> = Box::new(connection);
            Ok((client, wire))
        })
    })
}

/// Where a node listens, and by what it knows its own words.
pub(super) struct Channel {
    open: Open,
    config: Config,
    schema: Schema,
    node: String,
    deadline: Duration,
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Channel").field("node", &self.node).finish_non_exhaustive()
    }
}

impl Channel {
    pub(super) fn new(open: Open, config: Config, schema: Schema, node: String, deadline: Duration) -> Self {
        Self { open, config, schema, node, deadline }
    }

    /// Listens until the channel is lost.
    pub(super) async fn listen(&self, listener: &Listener) -> StoreError {
        let opened = timeout(self.deadline, (self.open)(self.config.clone())).await;
        let (client, mut wire) = match opened {
            Ok(Ok(opened)) => opened,
            Ok(Err(error)) => return failure::failed(&error),
            Err(_) => return failure::too_slow(self.deadline),
        };
        let echo = Notify::new();
        let hear = async {
            loop {
                match wire.next().await {
                    Some(Ok(AsyncMessage::Notification(told))) => {
                        Change::tell_message(told.payload(), &self.node, listener, || echo.notify_one());
                    }
                    Some(Ok(_)) => {}
                    Some(Err(error)) => return failure::failed(&error),
                    None => return StoreError::new("PostgreSQL closed the connection on which changes are heard"),
                }
            }
        };
        match select(Box::pin(hear), Box::pin(self.keep(&client, listener, &echo))).await {
            Either::Left((lost, _)) | Either::Right((lost, _)) => lost,
        }
    }

    /// Begins to listen, and tries every now and then whether what is said is heard.
    async fn keep(&self, client: &Client, listener: &Listener, echo: &Notify) -> StoreError {
        let begin = async {
            let name = client.query_one(&self.schema.fill("select {schema}.channel_1()"), &[]).await?;
            let name: &str = name.try_get(0)?;
            // The name is made of a hash, so it needs no quotes within.
            client.batch_execute(&format!("listen \"{name}\"")).await
        };
        match timeout(self.deadline, begin).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return failure::failed(&error),
            Err(_) => return failure::too_slow(self.deadline),
        }
        let speak = self.schema.fill("select pg_notify({schema}.channel_1(), $1 || ' ?')");
        let unheard = StoreError::new(format!(
            "what was said to other nodes was not heard here within {:?}; a pooler in between has to keep a connection for each client",
            self.deadline
        ));
        let (speak, node) = (&*speak, &self.node);
        let say =
            || async move { client.query(speak, &[node]).await.map(drop).map_err(|error| failure::failed(&error)) };
        keep_trying(say, echo, listener, self.deadline, unheard).await
    }
}
