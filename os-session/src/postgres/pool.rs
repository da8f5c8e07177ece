//! Connections, and the deadline of whatever is done with them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use deadpool_postgres::{ClientWrapper, Hook, HookError, Manager, Object};
use futures_util::future::try_join_all;
use tokio::time::error::Elapsed;
use tokio::time::timeout_at;
use tokio_postgres::Row;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;

use super::failure;
use super::schema::Statements;
use crate::store::StoreError;

pub(super) type Parameters<'a> = &'a [&'a (dyn ToSql + Sync)];

/// A bounded number of connections on which every statement is prepared.
pub(super) struct Pool {
    connections: deadpool_postgres::Pool,
    deadline: Duration,
    round_trips: AtomicU64,
}

impl Pool {
    pub(super) fn new(
        manager: Manager,
        most: usize,
        deadline: Duration,
        statements: Arc<Statements>,
        node: &str,
    ) -> Result<Self, StoreError> {
        // Every statement counts on seeing what was committed before it began. What nobody waits for any more, a statement
        // that waits for a lock among it, ends at the server as well. By its name a node knows what it told others itself.
        let settings = format!(
            "set default_transaction_isolation = 'read committed'; set statement_timeout = {}; set os_session.node = '{node}'",
            deadline.as_millis().clamp(1, i32::MAX as u128)
        );
        let connections = deadpool_postgres::Pool::builder(manager)
            .max_size(most)
            .post_create(Hook::async_fn(move |connection, _| {
                let (statements, settings) = (statements.clone(), settings.clone());
                Box::pin(async move { ready(connection, &statements, &settings).await.map_err(HookError::Backend) })
            }))
            .build()
            .map_err(StoreError::new)?;
        Ok(Self { connections, deadline, round_trips: AtomicU64::new(0) })
    }

    /// How many statements were sent.
    pub(super) fn round_trips(&self) -> u64 {
        self.round_trips.load(Ordering::Relaxed)
    }

    /// The rows that a statement answers with.
    pub(super) async fn query(&self, statement: &str, parameters: Parameters<'_>) -> Result<Vec<Row>, StoreError> {
        let lent = self.lend().await?;
        let work = timeout_at(lent.until, async {
            let prepared = lent.connection.prepare_cached(statement).await?;
            lent.connection.query(&prepared, parameters).await
        });
        let outcome = work.await;
        self.take_back(lent, outcome)
    }

    /// The row with which a statement always answers.
    pub(super) async fn query_one(&self, statement: &str, parameters: Parameters<'_>) -> Result<Row, StoreError> {
        let rows = self.query(statement, parameters).await?;
        rows.into_iter().next().ok_or_else(|| StoreError::new("PostgreSQL answered with no row"))
    }

    /// How many rows a statement changed.
    pub(super) async fn execute(&self, statement: &str, parameters: Parameters<'_>) -> Result<u64, StoreError> {
        let lent = self.lend().await?;
        let work = timeout_at(lent.until, async {
            let prepared = lent.connection.prepare_cached(statement).await?;
            lent.connection.execute(&prepared, parameters).await
        });
        let outcome = work.await;
        self.take_back(lent, outcome)
    }

    /// A connection for work of any length, which nobody else uses afterwards: dropped, it is closed, and what was not committed is undone.
    pub(super) async fn connection(&self) -> Result<ClientWrapper, StoreError> {
        let connection = timeout_at((Instant::now() + self.deadline).into(), self.connections.get()).await;
        let connection = connection.map_err(|_| failure::all_in_use(self.deadline))?.map_err(failure::no_connection)?;
        Ok(Object::take(connection))
    }

    /// Returns a connection for one operation. One deadline holds for the wait for a connection,
    /// for making one, and for the work.
    ///
    /// A future that is dropped leaves its connection in the pool: the response is read and thrown
    /// away before the next. There is no closure that does the work: the bound of an async closure
    /// could not require that its future is `Send`.
    async fn lend(&self) -> Result<Lent, StoreError> {
        let began = Instant::now();
        let until = (began + self.deadline).into();
        let connection = timeout_at(until, self.connections.get())
            .await
            .map_err(|_| failure::all_in_use(self.deadline))?
            .map_err(failure::no_connection)?;
        self.round_trips.fetch_add(1, Ordering::Relaxed);
        Ok(Lent { connection, began, until })
    }

    /// Returns the outcome of the work. A connection that missed the deadline is closed, since it
    /// may be dead.
    fn take_back<T>(
        &self,
        Lent { connection, began, .. }: Lent,
        outcome: Result<Result<T, tokio_postgres::Error>, Elapsed>,
    ) -> Result<T, StoreError> {
        match outcome {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(error)) => {
                if is_useless(&error) {
                    drop(Object::take(connection));
                    self.connections.retain(|_, _| false);
                }
                Err(failure::failed(&error))
            }
            Err(_) => {
                drop(Object::take(connection));
                // If the server is gone, so are its other connections: those that were not used
                // since.
                self.connections.retain(|_, metrics| metrics.last_used() < began.elapsed());
                Err(failure::too_slow(self.deadline))
            }
        }
    }
}

/// A connection of the pool that is in use.
struct Lent {
    connection: Object,
    began: Instant,
    until: tokio::time::Instant,
}

/// Prepares a new connection, in one go.
async fn ready(
    connection: &ClientWrapper,
    statements: &Statements,
    settings: &str,
) -> Result<(), tokio_postgres::Error> {
    let prepared = try_join_all(statements.all().map(|statement| connection.prepare_cached(statement)));
    futures_util::future::try_join(connection.batch_execute(settings), prepared).await?;
    Ok(())
}

/// Whether the connection will never work again, nor others to that server: its prepared statements are gone, or what it
/// leads to is the primary no more.
fn is_useless(error: &tokio_postgres::Error) -> bool {
    matches!(error.code(), Some(&SqlState::INVALID_SQL_STATEMENT_NAME | &SqlState::READ_ONLY_SQL_TRANSACTION))
}
