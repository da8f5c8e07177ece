//! A Redis for as long as this runs, where no other store is named.

use std::error::Error;
use std::net::Ipv4Addr;
use std::process::Stdio;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::time::sleep;

use crate::{REDIS, starter};

pub struct RedisServer {
    port: u16,
    /// With its standard input it would end.
    _keeper: Child,
}

impl RedisServer {
    pub async fn start() -> Result<Self, Box<dyn Error>> {
        // Free at this moment.
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?.local_addr()?.port();
        let mut command = Command::new(std::env::current_exe()?);
        let mut keeper = command.args([REDIS, &port.to_string()]).stdin(Stdio::piped()).kill_on_drop(true).spawn()?;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.is_err() {
            if keeper.try_wait()?.is_some() {
                return Err("no store: name one in DATABASE_URL or REDIS_URL, or install `redis-server`".into());
            }
            sleep(Duration::from_millis(20)).await;
        }
        println!("sessions are in a Redis on port {port}, which ends with this");
        Ok(Self { port, _keeper: keeper })
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }
}

/// A process that has a Redis for as long as the one that started it is there, even if that is killed.
pub async fn keep(port: &str) -> Result<(), Box<dyn Error>> {
    let directory = tempfile::tempdir()?;
    let mut server = Command::new("redis-server")
        .args(["--bind", "127.0.0.1", "--save", "", "--port", port, "--dir"])
        .arg(directory.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| format!("a Redis cannot be started: {error}"))?;
    tokio::select! {
        ended = server.wait() => Err(format!("the Redis that was started has ended, with {}", ended?).into()),
        () = starter::is_gone() => Ok(server.kill().await?),
    }
}
