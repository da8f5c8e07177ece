//! The address of a database as applications have it, libpq's parameters and sqlx's alike.

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

use crate::store::StoreError;

/// What the driver itself knows, in the words it knows it by.
const KNOWN: &[&str] = &[
    "user",
    "password",
    "dbname",
    "options",
    "application_name",
    "sslnegotiation",
    "host",
    "hostaddr",
    "port",
    "connect_timeout",
    "tcp_user_timeout",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_retries",
    "target_session_attrs",
    "channel_binding",
    "load_balance_hosts",
];

/// Reads a URL. No error shows any of it but the name of a parameter, and a name is letters: a password with a question
/// mark in it must not pass for one.
pub(super) fn parse(url: &str, has_tls: bool) -> Result<Config, StoreError> {
    if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
        return Err(StoreError::new(
            "the address of PostgreSQL is a URL, `postgres://user:password@host/database`; for anything else there is \
             `connect_with(tokio_postgres::Config)`",
        ));
    }
    let (address, query) = url.split_once('?').unwrap_or((url, ""));
    if is_ambiguous(address) {
        return Err(unreadable());
    }
    let mut kept = Vec::new();
    let mut options = Vec::new();
    let mut ssl_mode = None;
    for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        // sqlx writes a space as `+`, the driver reads `%20`.
        let value = value.replace('+', "%20");
        match name {
            "sslmode" | "ssl-mode" => ssl_mode = Some(mode(&value)?),
            "sslrootcert" | "ssl-root-cert" | "ssl-ca" | "sslcert" | "ssl-cert" | "sslkey" | "ssl-key" if has_tls => {}
            "sslrootcert" | "ssl-root-cert" | "ssl-ca" | "sslcert" | "ssl-cert" | "sslkey" | "ssl-key" => {
                return Err(StoreError::new(format!(
                    "the parameter `{name}` of the URL needs a TLS connector: load the file into one and hand it over with \
                     `PostgresStore::builder().tls(connector)`, or leave the parameter out"
                )));
            }
            // How sqlx remembers statements, and what it logs; nothing to the server.
            "statement-cache-capacity" | "log-statements" | "log-slow-statements" => {}
            name if KNOWN.contains(&name) => kept.push(format!("{name}={value}")),
            name => match setting(name) {
                Some(setting) => options.push(format!("-c%20{setting}={}", value.replace("%20", "%5C%20"))),
                None => return Err(unknown(name)),
            },
        }
    }
    if !options.is_empty() {
        let earlier = kept.iter().position(|parameter| parameter.starts_with("options="));
        let earlier = earlier.map(|place| kept.remove(place)["options=".len()..].to_owned());
        let all: Vec<_> = earlier.into_iter().chain(options).collect();
        kept.push(format!("options={}", all.join("%20")));
    }
    let mut config: Config = format!("{address}?{}", kept.join("&")).parse().map_err(|_| unreadable())?;
    config.ssl_mode(ssl_mode.unwrap_or(SslMode::Prefer));
    Ok(config)
}

/// Where the servers are, for an error.
pub(super) fn hosts(config: &Config) -> String {
    let port = |place| config.get_ports().get(place).or(config.get_ports().first()).copied().unwrap_or(5432);
    let shown = config.get_hosts().iter().enumerate().map(|(place, host)| match host {
        Host::Tcp(name) => format!("{name}:{}", port(place)),
        #[cfg(unix)]
        Host::Unix(path) => path.display().to_string(),
    });
    shown.collect::<Vec<_>>().join(", ")
}

/// What remains of a mode when the connector decides which certificates are good: whether there has to be TLS.
fn mode(value: &str) -> Result<SslMode, StoreError> {
    match value {
        "disable" => Ok(SslMode::Disable),
        "allow" | "prefer" => Ok(SslMode::Prefer),
        "require" | "verify-ca" | "verify-full" => Ok(SslMode::Require),
        _ => Err(StoreError::new(
            "the parameter `sslmode` of the URL is one of `disable`, `allow`, `prefer`, `require`, `verify-ca`, `verify-full`",
        )),
    }
}

/// The setting in sqlx's `options[setting]`, as it writes the brackets.
fn setting(name: &str) -> Option<&str> {
    let inner = name.strip_prefix("options")?;
    let inner = inner.strip_prefix('[').or_else(|| inner.strip_prefix("%5B"))?;
    let inner = inner.strip_suffix(']').or_else(|| inner.strip_suffix("%5D"))?;
    is_name(inner).then_some(inner)
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 40
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
}

/// Whether a part of the password may pass for a host.
fn is_ambiguous(address: &str) -> bool {
    let (_, rest) = address.split_once("://").unwrap_or_default();
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    address.contains('#') || authority.matches('@').count() > 1 || path.contains('@')
}

fn unknown(name: &str) -> StoreError {
    if is_name(name) {
        StoreError::new(format!(
            "the URL of PostgreSQL has an unknown parameter `{name}`: leave it out, or set what it means on a \
             `tokio_postgres::Config` and use `connect_with`"
        ))
    } else {
        unreadable()
    }
}

fn unreadable() -> StoreError {
    StoreError::new(
        "the URL of PostgreSQL cannot be read: it is `postgres://user:password@host:5432/database?sslmode=…`, where \
         `@`, `/`, `?`, `#` and `%` in a user name or a password are written as `%40`, `%2F`, `%3F`, `%23` and `%25`",
    )
}

/// A connection that has to be encrypted needs somebody who can.
pub(super) fn can_encrypt(config: &Config, has_tls: bool) -> Result<(), StoreError> {
    if config.get_ssl_mode() == SslMode::Require && !has_tls {
        return Err(StoreError::new(
            "TLS is required (`sslmode`), and no TLS connector was given: hand one over with \
             `PostgresStore::builder().tls(connector)`, for instance `MakeRustlsConnect` of the crate `tokio-postgres-rustls`",
        ));
    }
    Ok(())
}
