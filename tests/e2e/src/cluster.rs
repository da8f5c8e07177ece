//! The example of two nodes, over a store of each kind.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use os_session_tests::postgres::{clean_up, client, unique_name, url};
use os_session_tests::redis::{RedisServer, ask};

use crate::process::{Process, binary};

/// Where its sessions are.
#[derive(Debug, Clone, Copy)]
pub enum Place {
    /// In a database of its own.
    Postgres,
    /// In a server of its own.
    Redis,
    /// Where the example puts them if nobody says.
    Anywhere,
}

/// Whether its nodes admit from memory.
#[derive(Debug, Clone, Copy)]
pub enum Mode {
    /// They ask the store at each request.
    Strict,
    /// They hold leases.
    Leased,
}

/// Two nodes that run, until they are dropped.
pub struct Cluster {
    process: Option<Process>,
    port: u16,
    database: Option<String>,
    redis: Option<RedisServer>,
}

/// What starts both nodes.
fn command(port: u16) -> Command {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    let mut command = Command::new(BINARY.get_or_init(|| binary("cluster")));
    command.env_remove("DATABASE_URL").env_remove("REDIS_URL").env("PORT", port.to_string());
    command
}

impl Cluster {
    /// Starts both and waits until they listen.
    pub async fn start(place: Place, mode: Mode) -> Self {
        let port = two_free_ports();
        let mut command = command(port);
        command.env(
            "OS_SESSION_MODE",
            match mode {
                Mode::Strict => "strict",
                Mode::Leased => "leased",
            },
        );
        let mut this = Self { process: None, port, database: None, redis: None };
        match place {
            Place::Postgres => {
                let database = unique_name("cluster");
                let server = client(&url()).await;
                server.batch_execute(&format!("create database {database}")).await.expect("a database can be made");
                let url = url();
                let (server, _) = url.rsplit_once('/').expect("the address names a database");
                command.env("DATABASE_URL", format!("{server}/{database}"));
                this.database = Some(database);
            }
            Place::Redis => {
                let redis = RedisServer::start();
                command.env("REDIS_URL", redis.url());
                this.redis = Some(redis);
            }
            Place::Anywhere => {}
        }
        this.process = Some(Process::start(&mut command, "side by side: "));
        this
    }

    /// What it says where somebody else listens on the second port.
    pub fn with_a_port_that_is_taken() -> (u16, Output) {
        let port = two_free_ports();
        let _taken = TcpListener::bind(("127.0.0.1", port + 1)).expect("it was free");
        (port + 1, command(port).stdin(Stdio::null()).output().expect("it runs"))
    }

    /// Ends it as an operator does, by SIGTERM, and says whether it ended well.
    pub fn stop(&mut self) -> bool {
        self.end_by("-TERM")
    }

    /// Ends it by a signal, and returns whether it ended well.
    pub fn end_by(&mut self, signal: &str) -> bool {
        self.process.as_mut().expect("it runs").end_by(signal)
    }

    /// Where the Redis listens that it has started by itself.
    pub fn own_redis(&self) -> SocketAddr {
        let printed = &self.process.as_ref().expect("it runs").printed;
        own_redis(printed)
    }

    /// The names of the nodes that hold leases in its Redis, if it is there that the sessions are.
    pub fn nodes_with_leases(&self) -> Vec<String> {
        let redis = self.redis.as_ref().expect("its sessions are in a Redis");
        ask(&mut redis.connection(), &[b"HKEYS", b"{os_session}:leases"])
    }

    /// The address of one of the nodes, 0 or 1.
    pub fn node(&self, number: u16) -> String {
        format!("http://127.0.0.1:{}", self.port + number)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.process = None;
        if let Some(database) = &self.database {
            clean_up(&url(), &format!("drop database if exists {database} with (force)"));
        }
    }
}

/// Where a Redis listens, by what the example printed.
pub fn own_redis(printed: &str) -> SocketAddr {
    let (_, rest) = printed.split_once("in a Redis on port ").expect("it has started one");
    let (port, _) = rest.split_once(',').expect("a sentence follows");
    (Ipv4Addr::LOCALHOST, port.parse().expect("a port")).into()
}

/// A port that is free, as is the one after it.
fn two_free_ports() -> u16 {
    loop {
        let one = TcpListener::bind("127.0.0.1:0").expect("there are free ports");
        let port = one.local_addr().expect("it is bound").port();
        if port < u16::MAX && TcpListener::bind(("127.0.0.1", port + 1)).is_ok() {
            return port;
        }
    }
}
