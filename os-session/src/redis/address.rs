//! The address of a server as applications have it.

use std::time::Duration;

use redis::io::tcp::TcpSettings;
use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo as _, ProtocolVersion};

use crate::store::StoreError;

/// Reads a URL. No error shows any of it.
pub(super) fn parse(url: &str) -> Result<ConnectionInfo, StoreError> {
    read(url, has_tls())
}

fn read(url: &str, has_tls: bool) -> Result<ConnectionInfo, StoreError> {
    if !has_tls && (url.starts_with("rediss:") || url.starts_with("valkeys:")) {
        return Err(needs_tls());
    }
    // A part of the password may pass for a host otherwise.
    if url.contains('#') && !url.ends_with("/#insecure") {
        return Err(unreadable());
    }
    url.into_connection_info().map_err(|_| unreadable())
}

/// Whether the driver was built with TLS, which the application chooses.
fn has_tls() -> bool {
    ConnectionAddr::TcpTls { host: String::new(), port: 0, insecure: false, tls_params: None }.is_supported()
}

/// The same, as this store uses it. The third version of the protocol tells of a connection that was closed, so that it is not asked.
pub(super) fn prepared(info: &ConnectionInfo, deadline: Duration) -> ConnectionInfo {
    let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
    info.clone().set_redis_settings(settings).set_tcp_settings(tcp(deadline))
}

pub(super) fn tcp(deadline: Duration) -> TcpSettings {
    let settings = TcpSettings::default().set_nodelay(true);
    #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
    let settings = settings.set_user_timeout(deadline);
    #[cfg(not(any(target_os = "android", target_os = "fuchsia", target_os = "linux")))]
    let _ = deadline;
    settings
}

fn unreadable() -> StoreError {
    StoreError::new(
        "the URL of Redis cannot be read: it is `redis://user:password@host:6379/0`, where `@`, `/`, `?`, `#`, `:` and `%` in a user \
         name or a password are written as `%40`, `%2F`, `%3F`, `%23`, `%3A` and `%25`",
    )
}

fn needs_tls() -> StoreError {
    StoreError::new(
        "the URL asks for TLS (`rediss:`), and the crate `redis` was built without it: depend on it yourself, with one of \
         its features for that, for instance `redis = { version = \"1\", features = [\"tokio-rustls-comp\"] }`",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_is_not_shown() {
        for url in [
            "redis://alice:s3cr#t@host",
            "postgres://alice:s3cret@host",
            "redis://alice:s3cret@",
            "redis://s3cret#x@host",
            "s3cret",
            "",
        ] {
            let error = parse(url).map(drop).unwrap_err().to_string();
            assert!(error.contains("cannot be read") && !error.contains("s3cr"), "{url}: {error}");
        }
        let error = read("rediss://alice:s3cret@host:6380", false).map(drop).unwrap_err().to_string();
        assert!(error.contains("tokio-rustls-comp") && !error.contains("s3cret"), "{error}");
    }
}
