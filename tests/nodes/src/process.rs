//! A node as a process of its own.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use os_session_tests::leash::Leash;
use rustix::process::{Pid, Signal, kill_process};

/// Where a node keeps its sessions.
#[derive(Debug, Clone)]
pub enum Place {
    /// In a file.
    Sqlite(PathBuf),
    /// In a schema of a database.
    Postgres {
        /// The address of the database.
        url: String,
        /// The name of the schema.
        schema: String,
    },
    /// Under a prefix of a Redis.
    Redis {
        /// The address of the server.
        url: String,
        /// What its keys begin with.
        prefix: String,
    },
}

/// A node that runs; killed with this.
#[derive(Debug)]
pub struct Node {
    child: Child,
    _leash: Leash,
    /// `127.0.0.1:port`.
    pub address: String,
}

/// How a node is started.
#[derive(Debug, Clone, Copy)]
pub struct How {
    /// Sessions of a user.
    pub limit: u32,
    /// How long it may admit from memory; `None`: not at all.
    pub lease: Option<Duration>,
}

impl Node {
    /// Starts one and waits until it listens.
    ///
    /// # Errors
    ///
    /// What it wrote, if it ended instead.
    ///
    /// # Panics
    ///
    /// If there is no such program.
    pub fn start(program: &str, place: &Place, how: How) -> Result<Self, String> {
        let mut command = Command::new(program);
        match place {
            Place::Sqlite(path) => command.env("NODE_SQLITE", path),
            Place::Postgres { url, schema } => command.env("NODE_POSTGRES", url).env("NODE_SCHEMA", schema),
            Place::Redis { url, prefix } => command.env("NODE_REDIS", url).env("NODE_PREFIX", prefix),
        };
        if let Some(lease) = how.lease {
            command.env("NODE_LEASE", lease.as_millis().to_string());
        }
        command
            .env("NODE_LIMIT", how.limit.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let child = command.spawn().expect("the node can be started");
        let leash = Leash::of(&child);
        let mut node = Self { child, _leash: leash, address: String::new() };
        let stdout = node.child.stdout.take().expect("it is piped");
        BufReader::new(stdout).read_line(&mut node.address).expect("it prints text");
        node.address.truncate(node.address.trim_end().len());
        if node.address.is_empty() {
            let mut said = String::new();
            let _ = node.child.stderr.take().expect("it is piped").read_to_string(&mut said);
            return Err(said);
        }
        Ok(node)
    }

    /// `SIGSTOP`: it is there, and does nothing.
    ///
    /// # Panics
    ///
    /// If it is not there.
    pub fn pause(&self) {
        kill_process(self.pid(), Signal::STOP).expect("it is there");
    }

    /// `SIGCONT`.
    ///
    /// # Panics
    ///
    /// If it is not there.
    pub fn go_on(&self) {
        kill_process(self.pid(), Signal::CONT).expect("it is there");
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// `kill -9`, and waits until it is gone.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.kill();
    }
}
