//! Whether a store is ready, and making it so.

use os_session::{PostgresStore, SchemaState, SqliteStore, StoreError};

use crate::address::Address;
use crate::answer::Answer;
use crate::arguments::Options;
use crate::opened;

/// Looks, and changes nothing.
pub(crate) async fn check(address: &Address, options: &Options) -> Result<Answer, StoreError> {
    let (state, advice) = match address {
        Address::Sqlite(file) => {
            let path = SqliteStore::file_of(file)?;
            if !path.is_file() {
                let text = format!(
                    "sqlite: there is no file `{}`; `os-session migrate`, or the application when it starts, creates it",
                    path.display()
                );
                return Ok(Answer::new(text)
                    .with("store", "sqlite")
                    .with("ready", false)
                    .with("advice", [""; 0].as_slice())
                    .is(false));
            }
            (SqliteStore::schema_state(file).await?, Vec::new())
        }
        Address::Postgres(url) => {
            let builder = opened::postgres(url, options)?;
            (builder.schema_state(url).await?, builder.advice(url).await?)
        }
        Address::Redis(urls) => {
            // It has no tables, and whoever is greeted can keep sessions there.
            let advice = opened::connect(opened::redis(options), urls).await?.advice().await?;
            let answer = Answer::new(with_advice("redis: ready".to_owned(), &advice));
            return Ok(answer.with("store", "redis").with("ready", true).with("advice", advice));
        }
    };
    let is_ready = state.is_usable() && !state.is_behind();
    let answer = Answer::new(with_advice(format!("{}: {}", address.kind(), verdict(state)), &advice));
    let answer = answer.with("store", address.kind()).with("ready", is_ready).with("advice", advice);
    Ok(answer.with("schema_found", state.found).with("schema_known", state.known).is(is_ready))
}

fn with_advice(verdict: String, advice: &[String]) -> String {
    advice.iter().fold(verdict, |text, sentence| text + "\nadvice: " + sentence)
}

fn verdict(state: SchemaState) -> String {
    let SchemaState { found, known, compatible_from } = state;
    if !state.is_usable() {
        format!(
            "a newer release brought the tables to version {found}, which needs a release that knows {compatible_from}; this one knows {known}: update it"
        )
    } else if found == 0 {
        "no sessions are kept there yet; `os-session migrate`, or the application when it starts, makes the tables"
            .to_owned()
    } else if state.is_behind() {
        format!(
            "the tables are of version {found}; `os-session migrate`, or the application when it starts, brings them to {known}"
        )
    } else {
        format!("ready, with tables of version {found}")
    }
}

/// Makes the tables, or brings them up to date.
pub(crate) async fn migrate(address: &Address, options: &Options) -> Result<Answer, StoreError> {
    opened::open_and_migrate(address, options).await?;
    check(address, options).await
}

/// The SQL that does it.
pub(crate) fn print(options: &Options) -> Result<Answer, StoreError> {
    let script = PostgresStore::migrations(&options.schema)?;
    Ok(Answer::new(script.clone()).with("store", "postgres").with("sql", script))
}

/// The same, if such a store has any.
pub(crate) fn print_for(address: &Address, options: &Options) -> Result<Answer, StoreError> {
    match address {
        Address::Postgres(_) => print(options),
        Address::Sqlite(_) | Address::Redis(_) => Err(StoreError::new(
            "only PostgreSQL has a script to print: `os-session migrate` does what other stores need",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_release_that_says_so_may_be_used_along_with() {
        let state = |found, compatible_from| verdict(SchemaState { found, known: 4, compatible_from });
        assert!(state(7, 5).contains("update it"));
        assert_eq!(state(7, 4), "ready, with tables of version 7");
        assert!(state(3, 1).contains("brings them to 4"));
        assert!(state(0, 0).contains("no sessions"));
    }
}
