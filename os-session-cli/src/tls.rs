//! TLS to PostgreSQL, as its URL asks for it. The driver of Redis reads `rediss://` by itself.

use std::path::Path;

use os_session::StoreError;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

/// The library leaves the choice of an implementation to whoever links it; every connection of this process uses this one.
pub(crate) fn choose_implementation() {
    // It fails only where one was chosen before.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// Verifies the server's certificate and its name, whatever `sslmode` asks for. `None` where the URL asks for no TLS.
pub(crate) fn connector(url: &str) -> Result<Option<MakeRustlsConnect>, StoreError> {
    let asked = Asked::by(url);
    if let Some(parameter) = asked.client_certificate {
        return Err(StoreError::new(format!(
            "the parameter `{parameter}` of the URL asks for a client certificate, and this command has none to show: leave it out and use a \
             password, or run the command where the server asks for no certificate"
        )));
    }
    match asked.authorities {
        Some(file) => only(Path::new(&file)).map(Some),
        None if asked.encrypted => those_of_the_machine().map(Some),
        None => Ok(None),
    }
}

/// What the parameters of a URL say of TLS, in the words of libpq and of sqlx.
#[derive(Debug, Default, PartialEq, Eq)]
struct Asked {
    encrypted: bool,
    /// A file of certificates.
    authorities: Option<String>,
    /// The parameter that names one.
    client_certificate: Option<String>,
}

impl Asked {
    fn by(url: &str) -> Self {
        let mut asked = Self::default();
        let parameters = url.split_once('?').map_or("", |(_, parameters)| parameters);
        for (name, value) in form_urlencoded::parse(parameters.as_bytes()) {
            match &*name {
                "sslmode" | "ssl-mode" => asked.encrypted = matches!(&*value, "require" | "verify-ca" | "verify-full"),
                "sslrootcert" | "ssl-root-cert" | "ssl-ca" => asked.authorities = Some(value.into_owned()),
                "sslcert" | "ssl-cert" | "sslkey" | "ssl-key" => asked.client_certificate = Some(name.into_owned()),
                _ => {}
            }
        }
        asked
    }
}

fn those_of_the_machine() -> Result<MakeRustlsConnect, StoreError> {
    // Some that cannot be read are no reason not to trust the others.
    MakeRustlsConnect::with_native_certs().map(|(connector, _)| connector).map_err(|_| {
        StoreError::new(
            "the URL asks for TLS (`sslmode`), and this machine names no authority to trust: install the package `ca-certificates`, or \
             name a file of certificates with `sslrootcert=…` in the URL",
        )
    })
}

fn only(file: &Path) -> Result<MakeRustlsConnect, StoreError> {
    let unreadable = |why: &dyn std::fmt::Display| {
        StoreError::new(format!("`{}`, which `sslrootcert` names, holds no certificates in PEM: {why}", file.display()))
    };
    let mut trusted = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file).map_err(|error| unreadable(&error))? {
        trusted.add(certificate.map_err(|error| unreadable(&error))?).map_err(|error| unreadable(&error))?;
    }
    if trusted.is_empty() {
        return Err(unreadable(&"there is none in it"));
    }
    Ok(MakeRustlsConnect::new(ClientConfig::builder().with_root_certificates(trusted).with_no_client_auth()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tls_is_spoken_where_the_url_asks_for_it() {
        for mode in ["sslmode=require", "connect_timeout=3&sslmode=verify-full", "ssl-mode=verify-ca"] {
            assert!(Asked::by(&format!("postgres://app@db/app?{mode}")).encrypted, "{mode}");
        }
        for url in ["postgres://db/app", "postgres://db/app?sslmode=disable", "postgres://sslmode=require@db/app?a=b"] {
            assert_eq!(Asked::by(url), Asked::default(), "{url}");
        }
        let named = Asked::by("postgres://db/app?sslmode=verify-full&sslrootcert=/etc/our%20own.pem");
        assert_eq!(named.authorities.as_deref(), Some("/etc/our own.pem"));
    }

    #[test]
    fn what_it_cannot_do_is_said() {
        let error = |url| connector(url).map(drop).unwrap_err().to_string();
        assert!(error("postgres://db/app?sslmode=require&sslcert=/a.pem&sslkey=/a.key").contains("client certificate"));
        assert!(error("postgres://db/app?sslrootcert=/nobody/made/it.pem").contains("/nobody/made/it.pem"));
    }
}
