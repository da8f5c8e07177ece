//! How a database gets the tables and functions, once, whoever comes first.

use std::fmt::Write as _;

use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, GenericClient, IsolationLevel, Transaction};

use super::failure::failed;
use super::grants;
use super::schema::Schema;
use crate::schema_state::SchemaState;
use crate::store::StoreError;

/// One step from a version of the schema to the next.
struct Migration {
    version: i32,
    /// The oldest version whose release can still use what this one makes.
    compatible_from: i32,
    script: &'static str,
}

const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, compatible_from: 1, script: include_str!("migrations/1.sql") },
    Migration { version: 2, compatible_from: 1, script: include_str!("migrations/2.sql") },
    Migration { version: 3, compatible_from: 1, script: include_str!("migrations/3.sql") },
    Migration { version: 4, compatible_from: 1, script: include_str!("migrations/4.sql") },
    Migration { version: 5, compatible_from: 1, script: include_str!("migrations/5.sql") },
];

/// The version that this release brings a schema to.
const VERSION: i32 = MIGRATIONS[MIGRATIONS.len() - 1].version;

const HISTORY: &str = "create table if not exists {schema}.migration (
    version integer primary key,
    compatible_from integer not null,
    applied timestamptz not null default now()
)";
const LATEST: &str = "select version, compatible_from from {schema}.migration order by version desc limit 1";
/// One node at a time; the others find it done.
const LOCK: &str = "select pg_advisory_xact_lock(hashtextextended('{name}.migration', 0))";
const IS_THERE: &str = "select from pg_catalog.pg_namespace where nspname = '{name}'";

/// Brings the schema up to date; where it is, nothing is written.
pub(super) async fn migrate(client: &mut Client, schema: &Schema) -> Result<(), StoreError> {
    if is_current(client, schema).await? {
        return grants::check(client, schema).await;
    }
    let transaction = client.build_transaction().isolation_level(IsolationLevel::ReadCommitted).start();
    let transaction = transaction.await.map_err(|error| failed(&error))?;
    transaction.batch_execute(&schema.fill(LOCK)).await.map_err(|error| failed(&error))?;
    // A statement of its own, so that it sees what was committed while the lock was waited for.
    let exists = transaction.query_opt(&schema.fill(IS_THERE), &[]).await.map_err(|error| failed(&error))?.is_some();
    if !exists {
        run(&transaction, schema, &schema.fill("create schema {schema}")).await?;
    }
    run(&transaction, schema, &schema.fill(HISTORY)).await?;
    let version = latest(&transaction, schema).await.map_err(|error| failed(&error))?.map_or(0, |(version, _)| version);
    for migration in MIGRATIONS.iter().filter(|migration| migration.version > version) {
        run(&transaction, schema, &step(migration, schema)).await?;
    }
    transaction.commit().await.map_err(|error| failed(&error))?;
    // A newer release may have held the lock before.
    is_current(client, schema).await?;
    grants::check(client, schema).await
}

async fn run(transaction: &Transaction<'_>, schema: &Schema, script: &str) -> Result<(), StoreError> {
    transaction.batch_execute(script).await.map_err(|error| not_allowed(schema, &error))
}

/// All of it as one script, for whoever may create a schema where the application may not.
pub(super) fn script(schema: &Schema) -> String {
    let mut script = format!("begin;\n{};\n", schema.fill(LOCK));
    let _ = write!(script, "create schema if not exists \"{}\";\n{};\n", schema.name(), schema.fill(HISTORY));
    for migration in MIGRATIONS {
        script.push_str(&step(migration, schema));
    }
    script + "commit;\n"
}

fn step(migration: &Migration, schema: &Schema) -> String {
    let Migration { version, compatible_from, script } = migration;
    // Whom an earlier version shuts out, a later one lets in again no more than it says.
    let noted = format!(
        "\ninsert into {{schema}}.migration (version, compatible_from)
        select {version}, greatest({compatible_from}, max(m.compatible_from)) from {{schema}}.migration m on conflict do nothing;\n"
    );
    schema.fill(&(script.to_string() + &noted))
}

async fn is_current(client: &Client, schema: &Schema) -> Result<bool, StoreError> {
    match latest(client, schema).await {
        Ok(Some((version, compatible_from))) if version > VERSION && compatible_from > VERSION => {
            Err(StoreError::new(format!(
                "a newer release brought the schema `{}` to version {version}, which releases below {compatible_from} cannot use; this one knows \
                 {VERSION}: update it",
                schema.name()
            )))
        }
        Ok(latest) => Ok(latest.is_some_and(|(version, _)| version >= VERSION)),
        Err(error) if is_missing(&error) => Ok(false),
        Err(error) if error.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE) => Err(not_allowed(schema, &error)),
        Err(error) => Err(failed(&error)),
    }
}

/// How far the schema is, without a change to it.
pub(super) async fn state(client: &Client, schema: &Schema) -> Result<SchemaState, StoreError> {
    let (found, compatible_from) = match latest(client, schema).await {
        Ok(latest) => latest.unwrap_or_default(),
        Err(error) if is_missing(&error) => (0, 0),
        Err(error) => return Err(not_allowed(schema, &error)),
    };
    if found > 0 {
        grants::check(client, schema).await?;
    }
    let version = |number: i32| u32::try_from(number).unwrap_or_default();
    Ok(SchemaState { found: version(found), known: version(VERSION), compatible_from: version(compatible_from) })
}

/// Nobody made the schema yet.
fn is_missing(error: &tokio_postgres::Error) -> bool {
    matches!(error.code(), Some(&(SqlState::INVALID_SCHEMA_NAME | SqlState::UNDEFINED_TABLE)))
}

async fn latest<C>(client: &C, schema: &Schema) -> Result<Option<(i32, i32)>, tokio_postgres::Error>
where
    C: GenericClient,
{
    match client.query_typed(&schema.fill(LATEST), &[]).await?.first() {
        Some(row) => Ok(Some((row.try_get(0)?, row.try_get(1)?))),
        None => Ok(None),
    }
}

fn not_allowed(schema: &Schema, error: &tokio_postgres::Error) -> StoreError {
    if error.code() != Some(&SqlState::INSUFFICIENT_PRIVILEGE) {
        return failed(error);
    }
    StoreError::new(format!(
        "{}; the schema `{}` has to be made or brought up to date by a role that may: run what `PostgresStore::migrations` \
         gives (`os-session migrate --print`) as that role, and grant this one `usage` on the schema and `select, insert, update, delete` on its tables",
        failed(error),
        schema.name()
    ))
}
