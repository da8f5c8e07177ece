//! The channel on which nodes hear of each other's changes.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;

use futures_util::future::{Either, select};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::{AsyncMessage, Client, Config, Connection, Socket};

use super::failure;
use super::schema::Schema;
use crate::change::{Change, Listener, News};
use crate::store::{SessionHandle, StoreError};
use crate::token::BrowserKey;
use crate::user::UserId;

/// How often the channel is tried: a server that is gone without a word, or a pooler that swallows messages, is found out so.
const HEARTBEAT: Duration = Duration::from_secs(5);

type Opening = Pin<Box<dyn Future<Output = Result<(Client, Box<dyn Wire>), tokio_postgres::Error>> + Send>>;

/// Makes a connection on which messages are heard, encrypted as the others are.
pub(super) type Open = Box<dyn Fn(Config) -> Opening + Send + Sync>;

/// A connection, whatever encrypts it.
pub(super) trait Wire: Send {
    fn next(
        &mut self,
    ) -> Pin<Box<dyn Future<Output = Option<Result<AsyncMessage, tokio_postgres::Error>>> + Send + '_>>;
}

impl<S, T> Wire for Connection<S, T>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send,
    T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send,
{
    fn next(
        &mut self,
    ) -> Pin<Box<dyn Future<Output = Option<Result<AsyncMessage, tokio_postgres::Error>>> + Send + '_>> {
        Box::pin(poll_fn(|context| self.poll_message(context)))
    }
}

pub(super) fn opening<T>(connector: T) -> Open
where
    T: MakeTlsConnect<Socket, Stream: Send + Sync + 'static, TlsConnect: Send + Sync> + Clone + Send + Sync + 'static,
    <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
{
    Box::new(move |config| {
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
                    Some(Ok(AsyncMessage::Notification(told))) => self.heard(told.payload(), listener, &echo),
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
        let mut is_new = true;
        match timeout(self.deadline, begin).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return failure::failed(&error),
            Err(_) => return failure::too_slow(self.deadline),
        }
        let try_it = self.schema.fill("select pg_notify({schema}.channel_1(), $1 || ' ?')");
        loop {
            let tried = async {
                client.query(&try_it, &[&self.node]).await?;
                echo.notified().await;
                Ok::<_, tokio_postgres::Error>(())
            };
            match timeout(self.deadline, tried).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => return failure::failed(&error),
                Err(_) => {
                    return StoreError::new(format!(
                        "what was said to other nodes was not heard here within {:?}; a pooler in between has to keep a connection for each client",
                        self.deadline
                    ));
                }
            }
            if is_new {
                listener.tell(News::Listening);
                is_new = false;
            }
            sleep(HEARTBEAT).await;
        }
    }

    fn heard(&self, message: &str, listener: &Listener, echo: &Notify) {
        let (node, changes) = message.split_once(' ').unwrap_or((message, "*"));
        if node == self.node {
            match changes {
                "?" => echo.notify_one(),
                _ => listener.tell(News::OwnChange),
            }
            return;
        }
        if changes != "?" {
            changes.split(' ').map(change).for_each(|change| listener.tell(News::Changed(change)));
        }
    }
}

/// What one word of a message says; one that a newer release made up may mean anything.
fn change(word: &str) -> Change {
    let read = || {
        let (kind, name) = word.split_at_checked(1)?;
        Some(match kind {
            "s" => Change::Session(SessionHandle::from_u64(name.parse::<i64>().ok()?.cast_unsigned())),
            "g" => Change::Groups(UserId::from(String::from_utf8(bytes(name)?).ok()?)),
            "b" => Change::Browser(BrowserKey::from_bytes(bytes(name)?.try_into().ok()?)),
            _ => return None,
        })
    };
    read().unwrap_or(Change::Everything)
}

/// The bytes that these hexadecimal digits stand for.
fn bytes(digits: &str) -> Option<Vec<u8>> {
    if !digits.is_ascii() || digits.len() % 2 != 0 {
        return None;
    }
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_cannot_be_read_may_mean_anything() {
        assert_eq!(change("s-1"), Change::Session(SessionHandle::from_u64(u64::MAX)));
        assert_eq!(change("gc3a9"), Change::Groups("é".into()));
        assert_eq!(change(&format!("b{}", "07".repeat(32))), Change::Browser(BrowserKey::from_bytes([7; 32])));
        for word in ["", "*", "s", "s1x", "g1", "gxx", "gé", "gff", "b07", "zabc", "é"] {
            assert_eq!(change(word), Change::Everything, "{word:?}");
        }
    }
}
