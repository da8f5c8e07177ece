//! A Redis for as long as this runs, where no other store is named.

use std::error::Error;
use std::net::Ipv4Addr;
use std::process::Stdio;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::time::sleep;

/// Kills the server at the end of its input, which is the end of the example, even by `kill -9`. A
/// shell does so, since a process of the example may be killed along with it.
const KEEPER: &str = r#"
directory=$(mktemp -d) || exit
redis-server --bind 127.0.0.1 --save '' --port "$1" --dir "$directory" >/dev/null 2>&1 &
server=$!
exec 3<&0
{ read -r _ <&3; kill -KILL "$server"; } &
watcher=$!
wait "$server"
kill "$watcher" 2>/dev/null
rm -rf "$directory"
"#;

pub struct RedisServer {
    port: u16,
    /// Ends when its standard input is closed.
    keeper: Child,
}

impl RedisServer {
    pub async fn start() -> Result<Self, Box<dyn Error>> {
        // Free at this time.
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?.local_addr()?.port();
        let mut command = Command::new("sh");
        command.args(["-c", KEEPER, "keeper", &port.to_string()]).stdin(Stdio::piped());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        // Ctrl-C in a terminal is for the nodes, which need the store until they have ended.
        command.process_group(0);
        let mut keeper = command.spawn()?;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.is_err() {
            if keeper.try_wait()?.is_some() {
                return Err("no store: name one in DATABASE_URL or REDIS_URL, or install `redis-server`".into());
            }
            sleep(Duration::from_millis(20)).await;
        }
        println!("sessions are in a Redis on port {port}, which ends with this");
        Ok(Self { port, keeper })
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Ends the server and waits until it has ended.
    pub async fn end(mut self) -> Result<(), Box<dyn Error>> {
        drop(self.keeper.stdin.take());
        self.keeper.wait().await?;
        Ok(())
    }
}
