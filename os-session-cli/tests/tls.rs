//! The command over TLS, to real servers that speak nothing else.

use std::net::TcpListener;
use std::path::PathBuf;

use assert_cmd::Command;
use os_session_tests::cluster::Cluster;
use os_session_tests::redis::RedisServer;
use rcgen::{BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use tempfile::TempDir;

/// An authority, what it has signed for 127.0.0.1, and another authority that has signed nothing.
struct Certificates {
    folder: TempDir,
    certificate: String,
    key: String,
}

impl Certificates {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let issuer = authority(&folder, "trusted");
        authority(&folder, "stranger");

        let mut server = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
        server.extended_key_usages.push(ExtendedKeyUsagePurpose::ServerAuth);
        let key = KeyPair::generate().unwrap();
        let certificate = server.signed_by(&key, &issuer).unwrap().pem();
        Self { folder, certificate, key: key.serialize_pem() }
    }

    fn trusted(&self) -> PathBuf {
        self.folder.path().join("trusted.pem")
    }

    fn stranger(&self) -> PathBuf {
        self.folder.path().join("stranger.pem")
    }

    /// The certificate and its key as files.
    fn files(&self) -> [PathBuf; 2] {
        [("server.crt", &self.certificate), ("server.key", &self.key)].map(|(name, pem)| {
            let path = self.folder.path().join(name);
            std::fs::write(&path, pem).unwrap();
            path
        })
    }
}

/// One of this name, with its certificate in the folder.
fn authority(folder: &TempDir, name: &str) -> Issuer<'static, KeyPair> {
    let mut params = CertificateParams::new([]).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let file = folder.path().join(name).with_extension("pem");
    std::fs::write(file, params.self_signed(&key).unwrap().pem()).unwrap();
    Issuer::new(params, key)
}

/// The exit code and all that was said, on a machine that trusts these authorities.
fn run(authorities: PathBuf, store: &str, words: &[&str]) -> (i32, String) {
    let mut command = Command::cargo_bin("os-session").unwrap();
    let ran = command.env("SSL_CERT_FILE", authorities).env("OS_SESSION_STORE", store).args(words).output().unwrap();
    let said = [ran.stdout, ran.stderr].concat();
    (ran.status.code().unwrap(), String::from_utf8(said).unwrap())
}

#[test]
fn postgresql_is_spoken_to_over_tls() {
    let certificates = Certificates::new();
    let cluster = Cluster::start();
    cluster.encrypt(&certificates.certificate, &certificates.key);
    let encrypted = format!("{}?sslmode=require", cluster.url());

    let (code, said) = run(certificates.trusted(), &cluster.url(), &["check"]);
    assert!(code == 1 && said.contains("no encryption"), "the server accepts nothing else: {said}");
    let (code, said) = run(certificates.trusted(), &encrypted, &["migrate"]);
    assert!(code == 0 && said.contains("ready"), "{said}");
    let (code, said) = run(certificates.trusted(), &encrypted, &["groups", "create", "staff"]);
    assert_eq!(code, 0, "{said}");

    let (code, said) = run(certificates.stranger(), &encrypted, &["check"]);
    assert!(code == 1 && said.contains("UnknownIssuer"), "{said}");
    // Which authorities are trusted may be said in the URL, and then no others are.
    let named = |file: PathBuf| format!("{encrypted}&sslrootcert={}", file.display());
    let (code, said) = run(certificates.stranger(), &named(certificates.trusted()), &["check"]);
    assert!(code == 0 && said.contains("ready"), "{said}");
    let (code, said) = run(certificates.trusted(), &named(certificates.stranger()), &["check"]);
    assert!(code == 1 && said.contains("UnknownIssuer"), "{said}");
    // A certificate for another name is none.
    let (code, said) = run(certificates.trusted(), &encrypted.replace("127.0.0.1", "localhost"), &["check"]);
    assert!(code == 1 && said.contains("certificate"), "{said}");
}

#[test]
fn redis_is_spoken_to_over_tls() {
    let certificates = Certificates::new();
    let [certificate, key] = certificates.files().map(|file| file.to_str().unwrap().to_owned());
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let options = ["--tls-port", &port, "--tls-cert-file", &certificate, "--tls-key-file", &key];
    let _server = RedisServer::with(&[&options[..], &["--tls-auth-clients", "no"]].concat());
    let encrypted = format!("rediss://127.0.0.1:{port}");

    let (code, said) = run(certificates.trusted(), &encrypted, &["groups", "create", "staff"]);
    assert_eq!(code, 0, "{said}");
    let (code, said) = run(certificates.trusted(), &encrypted, &["groups", "list"]);
    assert_eq!((code, &*said), (0, "staff\n"));
    let (code, said) = run(certificates.stranger(), &encrypted, &["groups", "list"]);
    assert!(code == 1 && said.contains("UnknownIssuer"), "{said}");
}
