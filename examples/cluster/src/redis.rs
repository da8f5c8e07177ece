//! A Redis for as long as this runs, where no other store is named.

use std::error::Error;
use std::net::Ipv4Addr;
use std::process::Stdio;
use std::time::Duration;

use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::time::sleep;

pub struct RedisServer {
    port: u16,
    _process: Child,
    _directory: TempDir,
}

impl RedisServer {
    pub async fn start() -> Result<Self, Box<dyn Error>> {
        let directory = tempfile::tempdir()?;
        // Free at this moment.
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?.local_addr()?.port();
        let mut process = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--save", "", "--port", &port.to_string(), "--dir"])
            .arg(directory.path())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| {
                format!("a Redis cannot be started ({error}); install `redis-server`, or name a store in DATABASE_URL or REDIS_URL")
            })?;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.is_err() {
            if let Some(ended) = process.try_wait()? {
                return Err(format!("the Redis that was started has ended, with {ended}").into());
            }
            sleep(Duration::from_millis(20)).await;
        }
        println!("sessions are in a Redis on port {port}, which ends with this");
        Ok(Self { port, _process: process, _directory: directory })
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }
}
