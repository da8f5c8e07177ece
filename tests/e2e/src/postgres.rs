//! The example over PostgreSQL, with a database of its own for each test.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use os_session_tests::postgres::{clean_up, client, unique_name, url};
use tokio_postgres::Client;

use crate::process::{LISTENING, Process, binary};

/// An example that runs over an empty database, until it is dropped.
pub struct PostgresExample {
    process: Option<Process>,
    database: String,
}

impl PostgresExample {
    /// Makes a database, starts the example on it and waits until it listens.
    pub async fn start() -> Self {
        let database = unique_name("example");
        let server = client(&url()).await;
        server.batch_execute(&format!("create database {database}")).await.expect("a database can be made");
        let mut this = Self { process: None, database };
        let mut command = command(&this.database_url());
        this.process = Some(Process::start(&mut command, LISTENING));
        this
    }

    /// What it says before it ends, where it cannot use its database.
    pub fn refused(url: &str) -> String {
        let output = command(url).output().expect("the example starts");
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    /// Where it listens.
    pub fn base(&self) -> &str {
        self.process.as_ref().map_or("", |process| &process.ready)
    }

    /// A connection to its database.
    pub async fn database(&self) -> Client {
        client(&self.database_url()).await
    }

    fn database_url(&self) -> String {
        let url = url();
        let (server, _) = url.rsplit_once('/').expect("the address names a database");
        format!("{server}/{}", self.database)
    }
}

fn command(url: &str) -> Command {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    let mut command = Command::new(BINARY.get_or_init(|| binary("postgres-example")));
    command.env("PORT", "0").env("DATABASE_URL", url);
    command
}

impl Drop for PostgresExample {
    fn drop(&mut self) {
        self.process = None;
        clean_up(&url(), &format!("drop database if exists {} with (force)", self.database));
    }
}
