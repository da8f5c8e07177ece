//! The tables, and how they came to be.

use std::path::Path;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::address;
use super::error::OpenError;
use crate::schema_state::SchemaState;

/// What each version added, the first at index 0. What was released is not edited: a change is a step of its own.
const STEPS: &[&str] = &[include_str!("schema/1.sql"), include_str!("schema/2.sql")];

/// The oldest release that may work with what [`STEPS`] makes, by the number of steps that it knows.
const COMPATIBLE_FROM: i64 = 1;

/// Brings the tables up to date.
pub(super) fn migrate(connection: &mut Connection, path: &Path) -> Result<(), OpenError> {
    let known = i64::try_from(STEPS.len()).unwrap_or(i64::MAX);
    let (found, compatible_from) = steps(connection).map_err(|source| at(path, source))?;
    if found > known && compatible_from > known {
        return Err(OpenError::Newer { path: path.to_owned(), found, known });
    }
    let done = usize::try_from(found).unwrap_or(0);
    if done < STEPS.len() {
        take_steps(connection, done, known).map_err(|source| at(path, source))?;
    }
    Ok(())
}

/// How far the file is, without a change to it. A path where nothing is has no version.
pub(super) fn state(given: &Path) -> Result<SchemaState, OpenError> {
    let path = &address::parse(given)?.path;
    let count = |number: i64| u32::try_from(number).unwrap_or(u32::MAX);
    let known = u32::try_from(STEPS.len()).unwrap_or(u32::MAX);
    if !path.exists() {
        return Ok(SchemaState { found: 0, known, compatible_from: 0 });
    }
    let (found, compatible_from) = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
        .and_then(|connection| steps(&connection))
        .map_err(|source| at(path, source))?;
    Ok(SchemaState { found: count(found), known, compatible_from: count(compatible_from) })
}

fn at(path: &Path, source: rusqlite::Error) -> OpenError {
    OpenError::Database { path: path.to_owned(), source }
}

/// How many steps the file has seen, and the oldest release that may use it. `PRAGMA user_version` is the application's.
fn steps(connection: &Connection) -> rusqlite::Result<(i64, i64)> {
    let ours = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'os_session_schema'";
    if connection.query_row(ours, [], |row| row.get::<_, i64>(0))? == 0 {
        return Ok((0, 0));
    }
    connection
        .query_row("SELECT version, compatible_from FROM os_session_schema", [], |row| Ok((row.get(0)?, row.get(1)?)))
}

fn take_steps(connection: &mut Connection, done: usize, known: i64) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for step in &STEPS[done..] {
        transaction.execute_batch(step)?;
    }
    transaction.execute("UPDATE os_session_schema SET version = ?1, compatible_from = ?2", (known, COMPATIBLE_FROM))?;
    transaction.commit()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn migrated() -> Connection {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, Path::new("app.db")).unwrap();
        connection
    }

    #[test]
    fn a_second_migration_changes_nothing() {
        let mut connection = migrated();
        connection.execute("INSERT INTO os_session_groups VALUES ('staff')", []).unwrap();
        migrate(&mut connection, Path::new("app.db")).unwrap();
        let groups: i64 = connection.query_row("SELECT count(*) FROM os_session_groups", [], |row| row.get(0)).unwrap();
        assert_eq!(groups, 1);
    }

    #[test]
    fn a_newer_file_is_used_if_it_says_that_it_may_be() {
        let mut connection = migrated();
        connection.execute("UPDATE os_session_schema SET version = 7", []).unwrap();
        migrate(&mut connection, Path::new("app.db")).unwrap();
        assert_eq!(steps(&connection).unwrap(), (7, COMPATIBLE_FROM), "and is left as it is");
    }

    #[test]
    fn a_newer_file_is_refused_otherwise() {
        let mut connection = migrated();
        connection.execute("UPDATE os_session_schema SET version = 7, compatible_from = 6", []).unwrap();
        let error = migrate(&mut connection, Path::new("app.db")).unwrap_err().to_string();
        assert!(error.contains("app.db") && error.contains("schema 7") && error.contains("newer release"), "{error}");
    }
}
