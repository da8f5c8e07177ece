//! Redis for tests: a prefix for each, gone when the test is, however it ends; and servers of a test's own.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use os_session::testing::Clock;
use os_session::{RedisBuilder, RedisStore};
use redis::{Client, Connection, FromRedisValue, cmd};
use tempfile::TempDir;

use crate::leash::Leash;
use crate::postgres::unique_name;

/// Where tests find a server: `OS_SESSION_TEST_REDIS`, or the one on this machine.
#[must_use]
pub fn url() -> String {
    std::env::var("OS_SESSION_TEST_REDIS").unwrap_or_else(|_| "redis://127.0.0.1:6379".to_owned())
}

/// A connection for what a test does itself.
///
/// # Panics
///
/// If there is no server.
#[must_use]
pub fn connection(url: &str) -> Connection {
    Client::open(url).and_then(|client| client.get_connection()).expect("the tests need a Redis")
}

/// What a server answers to a command of words.
///
/// # Panics
///
/// If it is an error.
pub fn ask<T: FromRedisValue>(connection: &mut Connection, words: &[&[u8]]) -> T {
    let mut command = cmd(std::str::from_utf8(words[0]).expect("a command is letters"));
    for word in &words[1..] {
        command.arg(word);
    }
    command.query(connection).expect("the command works")
}

/// A prefix that nobody else uses. Its keys are removed with this.
#[derive(Debug)]
pub struct TestPrefix {
    /// The address of the server.
    pub url: String,
    /// The prefix, without braces.
    pub name: String,
}

impl TestPrefix {
    /// A prefix in the tests' server.
    #[must_use]
    pub fn new() -> Self {
        Self::at(url())
    }

    /// A prefix in another server.
    #[must_use]
    pub fn at(url: String) -> Self {
        Self { url, name: unique_name("test") }
    }

    /// A store with this prefix.
    ///
    /// # Panics
    ///
    /// If it cannot be reached.
    pub async fn store(&self, clock: Clock) -> RedisStore {
        self.store_at(&self.url, clock).await
    }

    /// The same by another way to the server.
    ///
    /// # Panics
    ///
    /// If it cannot be reached.
    pub async fn store_at(&self, url: &str, clock: Clock) -> RedisStore {
        self.builder().clock(clock).connect(url).await.expect("the tests need a Redis")
    }

    /// For a store with this prefix that is like no other.
    pub fn builder(&self) -> RedisBuilder {
        RedisStore::builder().prefix(&self.name)
    }

    /// A connection for what a test does itself.
    ///
    /// # Panics
    ///
    /// If there is no server.
    #[must_use]
    pub fn connection(&self) -> Connection {
        connection(&self.url)
    }

    /// The whole name of a key.
    #[must_use]
    pub fn key(&self, name: &str, rest: &[u8]) -> Vec<u8> {
        [format!("{{{}}}:{name}", self.name).as_bytes(), rest].concat()
    }

    /// The names of all keys that there are, without the prefix.
    ///
    /// # Panics
    ///
    /// If there is no server.
    #[must_use]
    pub fn keys(&self) -> Vec<String> {
        let all = self.whole_keys(&mut self.connection()).expect("keys can be listed");
        let root = format!("{{{}}}:", self.name).len();
        let mut names: Vec<_> = all.iter().map(|key| String::from_utf8_lossy(&key[root..]).into_owned()).collect();
        names.sort_unstable();
        names
    }

    /// Everything that there is, as the server would hand it to another.
    ///
    /// # Panics
    ///
    /// If there is no server.
    #[expect(clippy::unused_async, reason = "asked for as that of another store is")]
    pub async fn contents(&self) -> Vec<(Vec<u8>, Vec<u8>)> {
        let mut connection = self.connection();
        let keys = self.whole_keys(&mut connection).expect("keys can be listed");
        let dump = |key: Vec<u8>| (key.clone(), ask(&mut connection, &[b"DUMP", &key]));
        keys.into_iter().map(dump).collect()
    }

    fn whole_keys(&self, connection: &mut Connection) -> redis::RedisResult<Vec<Vec<u8>>> {
        let mut keys = Vec::new();
        let pattern = format!("{{{}}}:*", self.name);
        let mut scan = cmd("SCAN");
        scan.cursor_arg(0).arg("MATCH").arg(pattern).arg("COUNT").arg(1000);
        for key in scan.iter(connection)? {
            keys.push(key?);
        }
        // What is scanned may come twice.
        keys.sort_unstable();
        keys.dedup();
        Ok(keys)
    }
}

impl Default for TestPrefix {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for TestPrefix {
    fn drop(&mut self) {
        // A server of the test's own may be gone already.
        let Ok(mut connection) = Client::open(&*self.url).and_then(|client| client.get_connection()) else { return };
        let Ok(keys) = self.whole_keys(&mut connection) else { return };
        for some in keys.chunks(1000) {
            let _ = cmd("UNLINK").arg(some).query::<()>(&mut connection);
        }
    }
}

/// A server of a test's own, which writes what it acknowledged to a folder. It ends with this, and so does the folder.
#[derive(Debug)]
pub struct RedisServer {
    process: Child,
    port: u16,
    bus_port: u16,
    options: Vec<String>,
    folder: TempDir,
    leash: Leash,
}

impl RedisServer {
    /// Starts one.
    ///
    /// # Panics
    ///
    /// If it does not start.
    #[must_use]
    pub fn start() -> Self {
        Self::with(&[])
    }

    /// Starts one with these options beside its own.
    ///
    /// # Panics
    ///
    /// If it does not start.
    #[must_use]
    pub fn with(options: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        // Somebody else may take the port before the server does.
        for _ in 0..20 {
            let (port, bus) = two_free_ports();
            let mut options: Vec<_> = options.iter().map(|&option| option.to_owned()).collect();
            if options.iter().any(|option| option == "--cluster-enabled") {
                options.extend(["--cluster-port".to_owned(), bus.to_string()]);
            }
            if let Some(process) = start(port, &options, &folder) {
                let leash = Leash::of(&process);
                return Self { process, port, bus_port: bus, options, folder, leash };
            }
        }
        panic!("the tests need a `redis-server` that starts");
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Where it listens.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where it listens to other nodes, if it is one of a cluster.
    #[must_use]
    pub fn bus_port(&self) -> u16 {
        self.bus_port
    }

    /// A connection for what a test does itself.
    ///
    /// # Panics
    ///
    /// If there is no server.
    #[must_use]
    pub fn connection(&self) -> Connection {
        connection(&self.url())
    }

    /// Ends it without a word.
    ///
    /// # Panics
    ///
    /// If it cannot be ended.
    pub fn kill(&mut self) {
        self.process.kill().expect("it is our child");
        self.process.wait().expect("it is our child");
    }

    /// It is there, and does nothing, until [`resume`](RedisServer::resume).
    ///
    /// # Panics
    ///
    /// If it cannot be stopped.
    pub fn pause(&self) {
        self.signal("-STOP");
    }

    /// It goes on.
    ///
    /// # Panics
    ///
    /// If it is gone.
    pub fn resume(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.process.id().to_string()]).status();
        assert!(sent.is_ok_and(|status| status.success()), "it is our child");
    }

    /// Starts it again where it was, with what it had, after [`kill`](RedisServer::kill).
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub fn restart(&mut self) {
        self.process = start(self.port, &self.options, &self.folder).expect("its port is still free");
        self.leash = Leash::of(&self.process);
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn two_free_ports() -> (u16, u16) {
    let listeners = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").expect("there is a free port"));
    let [one, other] = listeners.map(|listener| listener.local_addr().expect("it is bound").port());
    (one, other)
}

/// A server that is ready, or none if it ended before it was.
fn start(port: u16, options: &[String], folder: &TempDir) -> Option<Child> {
    let mut process = Command::new("redis-server")
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "yes"])
        .args(["--appendfsync", "always", "--enable-debug-command", "yes"])
        .args(options)
        .arg("--dir")
        .arg(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the tests need `redis-server`: scripts/setup.sh installs it");
    let output = process.stdout.take().expect("it is piped");
    let mut lines = BufReader::new(output).lines();
    let ready = lines.by_ref().map_while(Result::ok).any(|line| line.contains("Ready to accept connections"));
    if ready {
        // It goes on writing, and must not find the pipe closed or full.
        std::thread::spawn(move || lines.for_each(drop));
        return Some(process);
    }
    let _ = process.wait();
    None
}
