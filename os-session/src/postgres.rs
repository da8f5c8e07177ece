//! The store in a PostgreSQL database.

mod schema;
mod failure;
mod address;
mod rows;
mod grants;
mod migrations;
mod pool;
mod channel;
mod advice;
mod builder;
mod leases;
mod import;

use std::fmt;
use std::sync::Arc;

use tokio_postgres::Row;

pub use self::builder::PostgresBuilder;
use self::channel::Channel;
use self::pool::{Parameters, Pool};
use self::rows::Unread;
use self::schema::{Schema, Statements};
use crate::change::{Change, Listener};
use crate::clock::Clock;
use crate::lease::until_applied;
use crate::log_once::LogOnce;
use crate::one_line::OneLine;
use crate::store::{
    Authenticated, Ended, Found, Inserted, Limit, Listed, NewSession, Rotation, SessionHandle, SlotKey, SlotOwner,
    SlotValue, SlotWrite, SlotWritten, Store, StoreError, WhenFull, ended_so_far,
};
use crate::token::{BrowserKey, SessionKey};
use crate::user::UserId;

/// Sessions in PostgreSQL, shared by all nodes of an application. Feature `postgres`.
///
/// Each operation is one round trip to the primary, and what has returned holds on every node: nothing is remembered
/// here. Times are the database's; the clock of a node plays no part. A database that is down, or slower than the deadline,
/// is an error, so the request is answered with 503; when it is back, nothing has to be restarted.
///
/// It is a cheap handle: clones share their connections.
///
/// ```no_run
/// # async fn start() -> Result<(), Box<dyn std::error::Error>> {
/// use std::time::Duration;
///
/// use os_session::{PostgresStore, Sessions};
///
/// let store = PostgresStore::builder()
///     .max_connections(20)
///     .deadline(Duration::from_secs(1))
///     .connect("postgres://app:secret@db.internal/app?sslmode=disable")
///     .await?;
/// let sessions = Sessions::builder().store(store).build().await?;
/// # Ok(())
/// # }
/// ```
///
/// # The schema
///
/// Everything is in a schema of its own, `os_session` unless the builder names another. It is made, and brought up to
/// date, by the first node that connects; the others wait for it, and where there is nothing to do nothing is written. Old and
/// new releases run side by side: each version of the schema says which is the oldest that can use it, and a release that
/// is too old for it fails at `connect`. A session that a newer release wrote is unconnected on an older one, which neither
/// changes nor purges it; a log-out, also of all sessions of a user, ends it all the same.
///
/// A role that may not make a schema uses one that was made for it. [`migrations`](PostgresStore::migrations) gives
/// the script; then the role needs
///
/// ```sql
/// grant usage on schema os_session to app;
/// grant select, insert, update, delete on all tables in schema os_session to app;
/// alter default privileges in schema os_session grant select, insert, update, delete on tables to app;
/// ```
///
/// as the role that runs the script; the last line is for tables that a later release makes. `connect` says what is missing.
///
/// # Beside the application's own connections
///
/// The connections are the store's own, at most [`max_connections`](PostgresBuilder::max_connections) a node, with prepared
/// statements and two settings: transactions are `read committed`, and `statement_timeout` is the deadline. A pooler in between
/// has to keep prepared statements, as PgBouncer does from 1.21 on where `max_prepared_statements` is set; in its mode
/// `transaction` give the store a user of its own, since the settings stay with the server's connection.
///
/// An identifier of a user, and the name of a group or a slot, must have no NUL character, and at most some 2000 bytes.
#[derive(Clone)]
pub struct PostgresStore {
    shared: Arc<Shared>,
}

struct Shared {
    clock: Clock,
    schema: Schema,
    statements: Arc<Statements>,
    pool: Pool,
    /// For leases.
    leases: Pool,
    channel: Channel,
    unread: LogOnce<SessionHandle>,
}

/// The sessions of so many users are closed by one statement of [`PostgresStore::close_everybody`].
const CLOSE_STEP: i64 = 100;

/// How many browsers are removed by one statement.
const PURGE_BROWSERS: i64 = 1000;

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore").field("schema", &self.shared.schema.name()).finish_non_exhaustive()
    }
}

impl PostgresStore {
    /// Connects with everything at its default: [`PostgresBuilder::connect`].
    ///
    /// # Errors
    ///
    /// As for [`PostgresBuilder::connect`].
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        Self::builder().connect(url).await
    }

    /// A builder, for all other settings.
    pub fn builder() -> PostgresBuilder {
        PostgresBuilder::new()
    }

    /// The SQL that makes the tables and functions in a schema of this name, for a role that may create one where the
    /// application's may not. It may be run again, but not where a newer release has brought the schema further.
    ///
    /// # Errors
    ///
    /// `schema` is not a valid name for a schema.
    pub fn migrations(schema: &str) -> Result<String, StoreError> {
        Ok(migrations::script(&Schema::new(schema)?))
    }

    /// Closes every live session, of whomever it is: after a failover in which log-outs may have been lost, or when tokens may be known to others. No close
    /// hook runs, so it is for the command line rather than the application. Who logs in meanwhile may be logged out again. The answer is how many there were.
    ///
    /// # Errors
    ///
    /// A failure of the database: then some are closed, and asking again closes the rest.
    pub async fn close_everybody(&self) -> Result<u64, StoreError> {
        let mut all = 0;
        loop {
            let row = self.revoke(&self.statements().close_some, &[&CLOSE_STEP, &self.turned()]).await?;
            all += rows::number(&row, "closed")?.unsigned_abs();
            if !rows::truth(&row, "there_were")? {
                return Ok(all);
            }
        }
    }

    /// How many round trips operations have taken since this store was made, leases included: for the numbers of an application.
    #[must_use]
    pub fn round_trips(&self) -> u64 {
        self.shared.pool.round_trips() + self.shared.leases.round_trips()
    }

    fn pool(&self) -> &Pool {
        &self.shared.pool
    }

    fn statements(&self) -> &Statements {
        &self.shared.statements
    }

    fn turned(&self) -> i64 {
        rows::turned(self.shared.clock.turned())
    }

    /// Takes something away: the row that the statement answers with, once no node admits anybody by what was before.
    async fn revoke(&self, statement: &str, parameters: Parameters<'_>) -> Result<Row, StoreError> {
        let row = self.pool().query_one(statement, parameters).await?;
        if let Some(position) = rows::awaited(&row)? {
            until_applied(self, position).await;
        }
        Ok(row)
    }

    async fn close_all_of(
        &self,
        user: &UserId,
        except: Option<&SessionKey>,
        with_browsers: bool,
    ) -> Result<Vec<Ended>, StoreError> {
        let name = rows::text("user id", user.as_str())?;
        let except = except.map(|key| key.as_bytes().as_slice());
        let parameters: Parameters<'_> = &[&name, &except, &with_browsers, &self.turned()];
        rows::all_closed_of(user, &self.revoke(&self.statements().close_all, parameters).await?)
    }

    /// The row's meaning; one that cannot be used is told of, and counts as none.
    fn usable<T>(&self, row: Result<T, Unread>) -> Option<T> {
        let tell = |unread: &Unread| {
            if self.shared.unread.is_first(unread.handle) {
                tracing::warn!(session = %unread.handle, "a session in PostgreSQL counts as none: {}", OneLine(&unread.why));
            }
        };
        row.inspect_err(tell).ok()
    }
}

impl Store for PostgresStore {
    fn is_shared(&self) -> bool {
        true
    }

    async fn insert(&self, new: NewSession, limit: Limit) -> Result<Inserted, StoreError> {
        let key = new.key.as_bytes().as_slice();
        let user = rows::text("user id", new.user.as_str())?;
        let device = new.device.as_deref().map(|device| rows::text("device", device)).transpose()?;
        let replaces = new.replaces.as_ref().map(|key| key.as_bytes().as_slice());
        let (replaced_user, replaced_handle) = match &new.replaces_session {
            Some((user, handle)) => (Some(rows::text("user id", user.as_str())?), Some(rows::handle(*handle))),
            None => (None, None),
        };
        let row = self
            .revoke(
                &self.statements().insert,
                &[
                    &key,
                    &user,
                    &rows::handle(new.handle),
                    &device,
                    &rows::millis(new.idle),
                    &rows::millis(new.absolute),
                    &new.expire,
                    &replaces,
                    &replaced_user,
                    &replaced_handle,
                    &i64::from(limit.sessions.get()),
                    &(limit.when_full == WhenFull::Refuse),
                    &self.turned(),
                ],
            )
            .await?;
        rows::inserted(&row)
    }

    async fn find(&self, key: &SessionKey) -> Result<Option<Found>, StoreError> {
        let rows = self.pool().query(&self.statements().find, &[&key.as_bytes().as_slice(), &self.turned()]).await?;
        let found = rows.first().map(rows::found).transpose()?;
        Ok(found.and_then(|found| self.usable(found)))
    }

    async fn touch(&self, key: &SessionKey) -> Result<bool, StoreError> {
        let changed =
            self.pool().execute(&self.statements().touch, &[&key.as_bytes().as_slice(), &self.turned()]).await?;
        Ok(changed > 0)
    }

    async fn rotate(&self, rotation: Rotation) -> Result<bool, StoreError> {
        let (now, then) = match rotation.authenticated {
            Authenticated::Unchanged => (false, None),
            Authenticated::Now => (true, None),
            Authenticated::At(then) => (false, Some(rows::moment(then))),
        };
        let (from, to) = (rotation.from.as_bytes().as_slice(), rotation.to.as_bytes().as_slice());
        let row = self.revoke(&self.statements().rotate, &[&from, &to, &now, &then, &self.turned()]).await?;
        rows::truth(&row, "rotated")
    }

    async fn close(&self, key: &SessionKey) -> Result<Option<Ended>, StoreError> {
        rows::closed(&self.revoke(&self.statements().close, &[&key.as_bytes().as_slice(), &self.turned()]).await?)
    }

    async fn close_handle(&self, user: &UserId, handle: SessionHandle) -> Result<Option<Ended>, StoreError> {
        let name = rows::text("user id", user.as_str())?;
        let parameters: Parameters<'_> = &[&name, &rows::handle(handle), &self.turned()];
        rows::closed_of(user, &self.revoke(&self.statements().close_handle, parameters).await?)
    }

    async fn close_all(&self, user: &UserId, except: Option<&SessionKey>) -> Result<Vec<Ended>, StoreError> {
        self.close_all_of(user, except, false).await
    }

    async fn list(&self, user: &UserId) -> Result<Vec<Listed>, StoreError> {
        let name = rows::text("user id", user.as_str())?;
        let rows = self.pool().query(&self.statements().list, &[&name, &self.turned()]).await?;
        let listed = rows.iter().map(rows::listed).collect::<Result<Vec<_>, _>>()?;
        Ok(listed.into_iter().filter_map(|session| self.usable(session)).collect())
    }

    async fn purge(&self, most: usize) -> Result<Vec<Ended>, StoreError> {
        let mut ended = Vec::new();
        while ended.len() < most {
            let left = most - ended.len();
            let limit = i64::try_from(left).unwrap_or(i64::MAX);
            let parameters: Parameters<'_> = &[&limit, &PURGE_BROWSERS, &self.turned()];
            let row = match self.pool().query_one(&self.statements().purge, parameters).await {
                Ok(row) => row,
                Err(error) => return ended_so_far(ended, error),
            };
            let (step, browsers) = rows::purged(&row)?;
            let was_the_last = step.len() < left && browsers < PURGE_BROWSERS;
            ended.extend(step);
            if was_the_last {
                break;
            }
        }
        Ok(ended)
    }

    async fn create_group(&self, name: &str) -> Result<(), StoreError> {
        let name = rows::text("name of the group", name)?;
        self.pool().execute(&self.statements().create_group, &[&name]).await.map(drop)
    }

    async fn all_groups(&self) -> Result<Vec<String>, StoreError> {
        self.pool().query(&self.statements().all_groups, &[]).await?.iter().map(rows::name).collect()
    }

    async fn add_to_group(&self, user: &UserId, group: &str) -> Result<bool, StoreError> {
        let (user, group) = (rows::text("user id", user.as_str())?, rows::text("name of the group", group)?);
        rows::truth(&self.revoke(&self.statements().add_to_group, &[&user, &group]).await?, "there_is")
    }

    async fn remove_from_group(&self, user: &UserId, group: &str) -> Result<bool, StoreError> {
        let (user, group) = (rows::text("user id", user.as_str())?, rows::text("name of the group", group)?);
        rows::truth(&self.revoke(&self.statements().remove_from_group, &[&user, &group]).await?, "there_is")
    }

    async fn in_group(&self, user: &UserId, group: &str) -> Result<bool, StoreError> {
        let (user, group) = (rows::text("user id", user.as_str())?, rows::text("name of the group", group)?);
        rows::truth(&self.pool().query_one(&self.statements().in_group, &[&user, &group]).await?, "exists")
    }

    async fn slot(&self, key: &SlotKey) -> Result<Option<SlotValue>, StoreError> {
        let (tab, name) = (rows::tab(key), rows::text("name of the slot", &key.name)?);
        let (pool, statements, turned) = (self.pool(), self.statements(), self.turned());
        let rows = match &key.owner {
            SlotOwner::Session(session) => {
                let session = session.as_bytes().as_slice();
                pool.query(&statements.slot_of_session, &[&session, &tab, &name, &turned]).await?
            }
            SlotOwner::User(user) => {
                let user = rows::text("user id", user.as_str())?;
                pool.query(&statements.slot_of_user, &[&user, &tab, &name]).await?
            }
            SlotOwner::Browser(browser) => {
                let browser = browser.as_bytes().as_slice();
                pool.query(&statements.slot_of_browser, &[&browser, &tab, &name, &turned]).await?
            }
        };
        rows.first().map(rows::slot).transpose()
    }

    async fn write_slot(&self, key: &SlotKey, write: SlotWrite) -> Result<SlotWritten, StoreError> {
        let (kind, owner, user): (i16, Option<&[u8]>, Option<&str>) = match &key.owner {
            SlotOwner::Session(session) => (1, Some(session.as_bytes()), None),
            SlotOwner::User(user) => (2, None, Some(rows::text("user id", user.as_str())?)),
            SlotOwner::Browser(browser) => (3, Some(browser.as_bytes()), None),
        };
        let (expected, version) = rows::expected(write.expected);
        let row = self
            .pool()
            .query_one(
                &self.statements().write_slot,
                &[
                    &kind,
                    &owner,
                    &user,
                    &rows::tab(key),
                    &rows::text("name of the slot", &key.name)?,
                    &expected,
                    &version,
                    &write.value.as_deref(),
                    &i64::from(write.limits.slots.get()),
                    &i64::from(write.limits.tabs.get()),
                    &write.new_browser.map(|new| rows::millis(new.idle)),
                    &write.new_browser.and_then(|new| new.new_idle).map(rows::millis),
                    &write.new_browser.map(|new| i64::from(new.most.get())),
                    &write.new_browser.and_then(|new| new.session).map(rows::handle),
                    &write.came_back,
                    &self.turned(),
                ],
            )
            .await?;
        rows::written(&row)
    }

    async fn rotate_browser(
        &self,
        from: &BrowserKey,
        to: &BrowserKey,
        session: Option<SessionHandle>,
    ) -> Result<bool, StoreError> {
        let (from, to) = (from.as_bytes().as_slice(), to.as_bytes().as_slice());
        let session = session.map(rows::handle);
        let changed =
            self.pool().execute(&self.statements().rotate_browser, &[&from, &to, &session, &self.turned()]).await?;
        Ok(changed > 0)
    }

    async fn touch_browser(&self, key: &BrowserKey) -> Result<bool, StoreError> {
        let key = key.as_bytes().as_slice();
        Ok(self.pool().execute(&self.statements().touch_browser, &[&key, &self.turned()]).await? > 0)
    }

    async fn forget_browser(&self, key: &BrowserKey) -> Result<bool, StoreError> {
        let key = key.as_bytes().as_slice();
        rows::forgotten(&self.pool().query(&self.statements().forget_browser, &[&key, &self.turned()]).await?)
    }

    async fn close_all_with_browsers(&self, user: &UserId) -> Result<Vec<Ended>, StoreError> {
        self.close_all_of(user, None, true).await
    }

    async fn listen(&self, listener: Listener) -> StoreError {
        self.shared.channel.listen(&listener).await
    }

    async fn publish(&self, change: &Change) -> Result<(), StoreError> {
        let (browser, user) = match change {
            Change::Browser(key) => (Some(key.as_bytes().as_slice()), None),
            Change::Groups(user) => (None, Some(rows::text("user id", user.as_str())?)),
            Change::Session(_) | Change::Everything => return Ok(()), // What the store knows by itself.
        };
        self.revoke(&self.statements().publish, &[&browser, &user]).await.map(drop)
    }
}
