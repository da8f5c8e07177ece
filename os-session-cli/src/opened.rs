//! A store that was opened, of whichever kind.

use os_session::{PostgresBuilder, PostgresStore, RedisBuilder, RedisStore, SqliteStore, StoreError};

use crate::address::Address;
use crate::arguments::Options;
use crate::tls;

pub(crate) enum Opened {
    Sqlite(SqliteStore),
    Postgres(PostgresStore),
    Redis(RedisStore),
}

/// Does the same with any kind of store.
macro_rules! with_store {
    ($opened:expr, $store:ident => $do:expr) => {
        match $opened {
            $crate::opened::Opened::Sqlite($store) => $do,
            $crate::opened::Opened::Postgres($store) => $do,
            $crate::opened::Opened::Redis($store) => $do,
        }
    };
}
pub(crate) use with_store;

/// Opens it as an application does, but for the tables: they have to be up to date, so that no question is answered by a change.
pub(crate) async fn open(address: &Address, options: &Options) -> Result<Opened, StoreError> {
    let (found, known) = match address {
        Address::Sqlite(file) => {
            let path = SqliteStore::file_of(file)?;
            if !path.is_file() {
                return Err(StoreError::new(format!(
                    "there is no file `{}`: name the one that the application opens, or create it with `os-session migrate`",
                    path.display()
                )));
            }
            let state = SqliteStore::schema_state(file).await?;
            (state.found, state.known)
        }
        Address::Postgres(url) => {
            let state = postgres(url, options)?.schema_state(url).await?;
            (state.found, state.known)
        }
        Address::Redis(_) => (0, 0),
    };
    match found {
        0 if known > 0 => Err(StoreError::new("no sessions are kept there yet: `os-session migrate` makes the tables")),
        older if older < known => Err(StoreError::new(format!(
            "the tables are of version {older}, and this release uses {known}: `os-session migrate` brings them up to date"
        ))),
        _ => open_and_migrate(address, options).await,
    }
}

pub(crate) async fn open_and_migrate(address: &Address, options: &Options) -> Result<Opened, StoreError> {
    match address {
        Address::Sqlite(file) => SqliteStore::open(file).await.map(Opened::Sqlite),
        Address::Postgres(url) => postgres(url, options)?.connect(url).await.map(Opened::Postgres),
        Address::Redis(urls) => connect(redis(options), urls).await.map(Opened::Redis),
    }
}

/// With TLS where the URL asks for it.
pub(crate) fn postgres(url: &str, options: &Options) -> Result<PostgresBuilder, StoreError> {
    let builder = PostgresStore::builder().schema(&options.schema).deadline(options.deadline).max_connections(2);
    Ok(match tls::connector(url)? {
        Some(connector) => builder.tls(connector),
        None => builder,
    })
}

pub(crate) fn redis(options: &Options) -> RedisBuilder {
    RedisStore::builder().prefix(&options.prefix).deadline(options.deadline)
}

/// Connects to one server, or to a cluster where several are named.
pub(crate) async fn connect(builder: RedisBuilder, urls: &[String]) -> Result<RedisStore, StoreError> {
    match urls {
        [url] => builder.connect(url).await,
        urls => builder.connect_cluster(urls).await,
    }
}
