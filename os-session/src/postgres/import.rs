//! Importing what another store held: all of it, or nothing.

use std::pin::Pin;

use deadpool_postgres::Transaction;
use futures_util::FutureExt as _;
use tokio_postgres::types::ToSql;

use super::failure::failed;
use super::{PostgresStore, rows};
use crate::slots::{SlotKey, SlotOwner};
use crate::store::StoreError;
use crate::transfer::{Record, RecordCounts, SessionRecord};

/// Waits for whoever writes, and keeps others from it.
const CLAIM: &str =
    "lock table {schema}.session, {schema}.member, {schema}.slot_owner, {schema}.slot in share row exclusive mode";
const IS_USED: &str = "select exists (select from {schema}.session) or exists (select from {schema}.member)
    or exists (select from {schema}.slot_owner) as used";
const COUNTS: &str = "select
    (select count(*) from {schema}.member),
    (select count(*) from {schema}.session),
    (select count(*) from {schema}.slot_owner where browser_key is not null),
    (select count(*) from {schema}.slot)";

const GROUP: &str = "insert into {schema}.named_group select * from unnest($1::text[]) on conflict do nothing";
const MEMBER: &str = "insert into {schema}.member (user_id, group_name) select * from unnest($1::text[], $2::text[])";
const SESSION: &str =
    "insert into {schema}.session (key, user_id, handle, device, opened, seen, authenticated, idle, ends, expire)
    select * from unnest($1::bytea[], $2::text[], $3::bigint[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[],
        $8::bigint[], $9::bigint[], $10::boolean[])";
const BROWSER: &str = "insert into {schema}.slot_owner (browser_key, seen, idle, new_idle, open_session)
    select * from unnest($1::bytea[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])";
const OWNER_SESSION: &str = "insert into {schema}.slot_owner (session_user_id, session_handle)
    select s.user_id, s.handle from {schema}.session s where s.key = any ($1) on conflict do nothing";
const OWNER_USER: &str = "insert into {schema}.slot_owner (user_id) select distinct u from unnest($1::text[]) u where u is not null on conflict do nothing";
/// In their order, which is that of their new versions.
const SLOT: &str = "insert into {schema}.slot (owner, tab, name, value)
    select coalesce(
        (select o.id from {schema}.session s
            join {schema}.slot_owner o on o.session_user_id = s.user_id and o.session_handle = s.handle
            where s.key = n.session),
        (select o.id from {schema}.slot_owner o where o.user_id = n.of_user),
        (select o.id from {schema}.slot_owner o where o.browser_key = n.browser)), n.tab, n.name, n.value
    from unnest($1::bytea[], $2::text[], $3::bytea[], $4::bytea[], $5::text[], $6::bytea[])
        with ordinality n (session, of_user, browser, tab, name, value, place)
    order by n.place";

impl PostgresStore {
    /// Imports everything that another store held, in one transaction: all of it is here when this returns, or nothing. `next`
    /// gives the next records, and `None` after the last; the other store must not be in use meanwhile.
    ///
    /// Keys, handles and moments stay what they are, so that everybody is still connected.
    ///
    /// A closure that owns what it reads from (`async move`) lets the import run in a spawned task.
    ///
    /// ```no_run
    /// # #[cfg(feature = "sqlite-unbundled")]
    /// # async fn copy() -> Result<(), os_session::StoreError> {
    /// use os_session::{PostgresStore, SqliteStore};
    ///
    /// let old = SqliteStore::open("app.db").await?;
    /// let new = PostgresStore::connect("postgres://app:secret@db.internal/app").await?;
    /// let mut export = old.export();
    /// let imported = new.import(async move || export.next().await).await?;
    /// println!("{} sessions", imported.sessions);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// There are sessions, members of groups or values here already; `next` fails; a record cannot be kept as it is; a failure of the database.
    pub async fn import(
        &self,
        mut next: impl AsyncFnMut() -> Result<Option<Vec<Record>>, StoreError>,
    ) -> Result<RecordCounts, StoreError> {
        let mut connection = self.pool().connection().boxed().await?;
        let transaction = connection.transaction().boxed().await.map_err(|error| failed(&error))?;
        let work = Work { transaction, store: self };
        work.run("set local statement_timeout = 0", &[]).await?;
        work.run(CLAIM, &[]).await?;
        let used: bool = work.one(IS_USED).await?.try_get(0).map_err(|error| failed(&error))?;
        if used {
            return Err(StoreError::new(format!(
                "the schema `{}` has sessions, members of groups or values already: copy into one of its own, or drop it first",
                self.shared.schema.name()
            )));
        }
        let mut imported = RecordCounts::default();
        while let Some(records) = next().await? {
            work.keep(&records).await?;
            records.iter().try_for_each(Record::validate)?;
            imported += RecordCounts::of(&records);
        }
        let row = work.one(COUNTS).await?;
        let count = |column| row.try_get::<_, i64>(column).map(i64::cast_unsigned).map_err(|error| failed(&error));
        let kept = RecordCounts {
            groups: imported.groups,
            members: count(0)?,
            sessions: count(1)?,
            browsers: count(2)?,
            slots: count(3)?,
        };
        if kept != imported {
            return Err(StoreError::new(format!("nothing was copied: of {imported:?}, only {kept:?} arrived")));
        }
        work.transaction.commit().boxed().await.map_err(|error| failed(&error))?;
        Ok(imported)
    }
}

/// The transaction in which everything is imported.
struct Work<'a> {
    transaction: Transaction<'a>,
    store: &'a PostgresStore,
}

/// The futures are boxed: the compiler cannot prove that a future of a generic function is `Send`
/// where it holds the borrows of these.
type Boxed<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

impl Work<'_> {
    fn run<'a>(&'a self, statement: &'a str, parameters: &'a [&'a (dyn ToSql + Sync)]) -> Boxed<'a, ()> {
        Box::pin(async move {
            let statement = self.store.shared.schema.fill(statement);
            self.transaction.execute(&statement, parameters).await.map(drop).map_err(|error| failed(&error))
        })
    }

    fn one<'a>(&'a self, statement: &'a str) -> Boxed<'a, tokio_postgres::Row> {
        Box::pin(async move {
            let statement = self.store.shared.schema.fill(statement);
            self.transaction.query_one(&statement, &[]).await.map_err(|error| failed(&error))
        })
    }

    fn keep<'a>(&'a self, records: &'a [Record]) -> Boxed<'a, ()> {
        Box::pin(self.keep_kinds(records))
    }

    /// Each kind with one statement, in the order in which one names another.
    async fn keep_kinds(&self, records: &[Record]) -> Result<(), StoreError> {
        let mut parts = Parts::default();
        for record in records {
            parts.add(record)?;
        }
        let Parts { groups, members, sessions, browsers, slots } = parts;
        if !groups.is_empty() {
            self.run(GROUP, &[&groups]).await?;
        }
        if !members.0.is_empty() {
            self.run(MEMBER, &[&members.0, &members.1]).await?;
        }
        if !sessions.is_empty() {
            self.keep_sessions(&sessions).await?;
        }
        if !browsers.is_empty() {
            let column = |which: fn(&BrowserRow<'_>) -> i64| browsers.iter().map(which).collect::<Vec<_>>();
            let keys: Vec<_> = browsers.iter().map(|browser| browser.key).collect();
            let open: Vec<_> = browsers.iter().map(|browser| browser.session).collect();
            let new_idle: Vec<_> = browsers.iter().map(|browser| browser.new_idle).collect();
            let (seen, idle) = (column(|browser| browser.seen), column(|browser| browser.idle));
            self.run(BROWSER, &[&keys, &seen, &idle, &new_idle, &open]).await?;
        }
        if !slots.is_empty() {
            let sessions: Vec<_> = slots.iter().map(|slot| slot.session).collect();
            let users: Vec<_> = slots.iter().map(|slot| slot.user).collect();
            let browsers: Vec<_> = slots.iter().map(|slot| slot.browser).collect();
            let tabs: Vec<_> = slots.iter().map(|slot| rows::tab(slot.key)).collect();
            let names: Vec<_> = slots.iter().map(|slot| &*slot.key.name).collect();
            let values: Vec<_> = slots.iter().map(|slot| slot.value).collect();
            self.run(OWNER_SESSION, &[&sessions]).await?;
            self.run(OWNER_USER, &[&users]).await?;
            self.run(SLOT, &[&sessions, &users, &browsers, &tabs, &names, &values]).await?;
        }
        Ok(())
    }

    async fn keep_sessions(&self, sessions: &[&SessionRecord]) -> Result<(), StoreError> {
        let numbers =
            |which: fn(&SessionRecord) -> i64| sessions.iter().map(|session| which(session)).collect::<Vec<_>>();
        let keys: Vec<_> = sessions.iter().map(|session| session.key.as_bytes().as_slice()).collect();
        let users: Vec<_> = sessions.iter().map(|session| session.user.as_str()).collect();
        let devices: Vec<_> = sessions.iter().map(|session| session.device.as_deref()).collect();
        let expire: Vec<_> = sessions.iter().map(|session| session.expire).collect();
        let parameters: &[&(dyn ToSql + Sync)] = &[
            &keys,
            &users,
            &numbers(|session| rows::handle(session.handle)),
            &devices,
            &numbers(|session| rows::moment(session.opened)),
            &numbers(|session| rows::moment(session.seen)),
            &numbers(|session| rows::moment(session.authenticated)),
            &numbers(|session| rows::millis(session.idle)),
            &numbers(|session| rows::moment(session.ends)),
            &expire,
        ];
        self.run(SESSION, parameters).await
    }
}

/// Records of each kind, checked.
#[derive(Default)]
struct Parts<'a> {
    groups: Vec<&'a str>,
    members: (Vec<&'a str>, Vec<&'a str>),
    sessions: Vec<&'a SessionRecord>,
    browsers: Vec<BrowserRow<'a>>,
    slots: Vec<SlotRow<'a>>,
}

struct BrowserRow<'a> {
    key: &'a [u8],
    seen: i64,
    idle: i64,
    new_idle: Option<i64>,
    session: Option<i64>,
}

/// One of the first three names the owner.
struct SlotRow<'a> {
    session: Option<&'a [u8]>,
    user: Option<&'a str>,
    browser: Option<&'a [u8]>,
    key: &'a SlotKey,
    value: &'a [u8],
}

impl<'a> Parts<'a> {
    fn add(&mut self, record: &'a Record) -> Result<(), StoreError> {
        match record {
            Record::Group(name) => self.groups.push(rows::text("name of a group", name)?),
            Record::Member { user, group } => {
                self.members.0.push(rows::text("user id", user.as_str())?);
                self.members.1.push(rows::text("name of a group", group)?);
            }
            Record::Session(session) => {
                rows::text("user id", session.user.as_str())?;
                rows::text("device", session.device.as_deref().unwrap_or_default())?;
                self.sessions.push(session);
            }
            Record::Browser { key, seen, idle, new_idle, session } => self.browsers.push(BrowserRow {
                key: key.as_bytes(),
                seen: rows::moment(*seen),
                idle: rows::millis(*idle),
                new_idle: new_idle.map(rows::millis),
                session: session.map(rows::handle),
            }),
            Record::Slot { key, value } => {
                rows::text("name of a slot", &key.name)?;
                let mut row = SlotRow { session: None, user: None, browser: None, key, value };
                match &key.owner {
                    SlotOwner::Session(session) => row.session = Some(session.as_bytes()),
                    SlotOwner::User(user) => row.user = Some(rows::text("user id", user.as_str())?),
                    SlotOwner::Browser(browser) => row.browser = Some(browser.as_bytes()),
                }
                self.slots.push(row);
            }
        }
        Ok(())
    }
}

#[cfg(all(test, feature = "redis", any(feature = "sqlite", feature = "sqlite-unbundled")))]
mod tests {
    use crate::{PostgresStore, RedisStore, SqliteStore, StoreError};

    async fn to_postgres(old: SqliteStore) -> Result<(), StoreError> {
        let mut export = old.export();
        let new = PostgresStore::connect("postgres://localhost/app").await?;
        new.import(async move || export.next().await).await.map(drop)
    }

    async fn to_redis(old: SqliteStore) -> Result<(), StoreError> {
        let mut export = old.export();
        let new = RedisStore::builder().for_import().connect("redis://localhost").await?;
        new.import(async move || export.next().await).await.map(drop)
    }

    #[test]
    fn connecting_and_importing_can_be_spawned() {
        fn boxed<T: Send + 'static>(future: impl Future<Output = T> + Send + 'static) {
            drop::<std::pin::Pin<Box<dyn Future<Output = T> + Send>>>(Box::pin(future));
        }
        boxed(async { to_postgres(SqliteStore::open("sessions.db").await?).await });
        boxed(async { to_redis(SqliteStore::open("sessions.db").await?).await });
        boxed(RedisStore::builder().connect_cluster(["redis://localhost"]));
        boxed(async { PostgresStore::connect("postgres://localhost").await });
        boxed(async { RedisStore::connect("redis://localhost").await });
        boxed(async { PostgresStore::builder().schema_state("postgres://localhost").await });
        boxed(async { PostgresStore::builder().advice("postgres://localhost").await });
    }
}
