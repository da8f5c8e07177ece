//! A server of a test's own, which it may stop.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use crate::leash::Leash;

/// A cluster in a directory of its own; stopped and removed with this.
#[derive(Debug)]
pub struct Cluster {
    directory: TempDir,
    port: u16,
    _leash: Leash,
}

impl Cluster {
    /// Makes one on a free port and waits until it accepts connections.
    ///
    /// # Panics
    ///
    /// If the server's programs are missing or fail.
    #[must_use]
    pub fn start() -> Self {
        let cluster = Self::empty();
        let data = cluster.data();
        expect(program("initdb").args(["-A", "trust", "-U", "postgres", "--no-sync", "-D"]).arg(data));
        cluster.resume();
        cluster
    }

    /// A directory of its own, and a free port.
    fn empty() -> Self {
        let directory = tempfile::tempdir().expect("a directory can be made");
        let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port is free").port();
        if is_root() {
            expect(Command::new("chown").arg("postgres").arg(directory.path()));
        }
        let server = r#"kill -QUIT "$(head -n 1 "$1/data/postmaster.pid")""#;
        let leash = Leash::running(server, &directory.path().display().to_string());
        Self { directory, port, _leash: leash }
    }

    /// A standby of this one, for which its commits wait from now on.
    ///
    /// # Panics
    ///
    /// If the server's programs are missing or fail.
    #[must_use]
    pub fn standby(&self) -> Self {
        let standby = Self::empty();
        let mut copy = program("pg_basebackup");
        copy.args([
            "-U",
            "postgres",
            "-h",
            "127.0.0.1",
            "-p",
            &self.port.to_string(),
            "-c",
            "fast",
            "--no-sync",
            "-R",
            "-D",
        ]);
        expect(copy.arg(standby.data()));
        standby.resume();
        let waiting = "alter system set synchronous_standby_names = '*'";
        for statement in [waiting, "select pg_reload_conf()"] {
            expect(Command::new("psql").args([&self.url(), "-qc", statement]));
        }
        standby
    }

    /// Speaks TLS from now on, with this certificate and its key in PEM, and nothing else.
    ///
    /// # Panics
    ///
    /// If the server does not take them.
    pub fn encrypt(&self, certificate: &str, key: &str) {
        let write = |name: &str, text: &str| {
            let path = self.data().join(name);
            std::fs::write(&path, text).expect("the data directory can be written to");
            // The server refuses a key that others may read.
            expect(Command::new("chmod").arg("600").arg(&path));
            if is_root() {
                expect(Command::new("chown").arg("postgres").arg(&path));
            }
        };
        write("server.crt", certificate);
        write("server.key", key);
        // The connection that says so must still be let in.
        expect(Command::new("psql").args([&self.url(), "-qc", "alter system set ssl = on"]));
        write("pg_hba.conf", "hostssl all all 127.0.0.1/32 trust\n");
        expect(self.control().arg("reload"));
    }

    /// Makes a primary of a standby, and waits until it is one.
    ///
    /// # Panics
    ///
    /// If it is none.
    pub fn promote(&self) {
        expect(self.control().args(["-w", "promote"]));
    }

    /// Where it is found.
    #[must_use]
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// The port at which it is found.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Starts it again and waits until it accepts connections.
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub fn resume(&self) {
        expect(&mut self.starting());
    }

    fn starting(&self) -> Command {
        let options =
            format!("-p {} -c fsync=off -c listen_addresses=127.0.0.1 -c unix_socket_directories=''", self.port);
        let mut command = self.control();
        command.args(["-w", "-o", &options, "-l"]).arg(self.directory.path().join("log")).arg("start");
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// As an operator does it: connections are closed.
    ///
    /// # Panics
    ///
    /// If it does not stop.
    pub fn stop(&self) {
        expect(self.control().args(["-w", "-m", "fast", "stop"]));
    }

    /// As a crash does it (`kill -9`): nothing is flushed, nothing is closed in order.
    ///
    /// # Panics
    ///
    /// If it does not run.
    pub fn kill(&self) {
        let file = std::fs::read_to_string(self.data().join("postmaster.pid")).expect("the server runs");
        let id = file.lines().next().expect("the first line is the process");
        expect(Command::new("kill").args(["-9", id]));
    }

    /// Starts it after [`kill`](Self::kill): its orphans hold the shared memory until they notice.
    ///
    /// # Panics
    ///
    /// If it does not start within a minute.
    pub fn recover(&self) {
        let began = std::time::Instant::now();
        while !self.starting().status().is_ok_and(|status| status.success()) {
            assert!(began.elapsed().as_secs() < 60, "the server does not start after its crash");
        }
    }

    fn control(&self) -> Command {
        let mut control = program("pg_ctl");
        control.arg("-D").arg(self.data());
        control
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _ = self.control().args(["-m", "immediate", "stop"]).output();
    }
}

/// The server refuses to run as root.
fn program(name: &str) -> Command {
    let path = newest(name);
    let mut command = if is_root() { Command::new("setpriv") } else { Command::new(&path) };
    if is_root() {
        command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(&path);
    }
    command.current_dir("/");
    command
}

/// Debian keeps the server's programs apart by version; elsewhere they are where programs are.
fn newest(name: &str) -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let programs = versions.map(|version| version.path().join("bin").join(name)).filter(|path| path.exists());
    programs.max().unwrap_or_else(|| Path::new(name).to_owned())
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|id| id.stdout == b"0\n")
}

fn expect(command: &mut Command) {
    // `pg_ctl start` hands its output on to the server, which keeps it open: no pipe may wait for its end.
    let Output { status, .. } = command.stdout(Stdio::null()).stderr(Stdio::null()).output().expect("it is installed");
    assert!(status.success(), "{command:?} failed");
}
