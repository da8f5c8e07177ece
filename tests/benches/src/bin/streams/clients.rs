//! Ten thousand clients of one server.

use std::fmt;
use std::io::{self, BufRead as _, BufReader};
use std::net::Ipv4Addr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::{STREAMS, STREAMS_OF_EACH, USERS};

/// How long nothing is heard before it is taken for silence.
const SILENCE: Duration = Duration::from_secs(2);

/// A line of the table.
pub(crate) struct Measured {
    which: &'static str,
    counted: u64,
    resident: u64,
    heard_after: Duration,
    others: usize,
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { which, counted, resident, heard_after, others } = self;
        write!(f, "| {which} | {counted} | {resident} | {heard_after:.1?} | {others} |")
    }
}

struct Server {
    child: Child,
    port: u16,
}

impl Server {
    fn start(which: &str) -> io::Result<Self> {
        let mut child = Command::new(std::env::current_exe()?).args(["serve", which]).stdout(Stdio::piped()).spawn()?;
        let mut port = String::new();
        BufReader::new(child.stdout.take().expect("it is piped")).read_line(&mut port)?;
        Ok(Self { child, port: port.trim().parse().map_err(io::Error::other)? })
    }

    /// Sends a request, and reads the answer until it contains this.
    async fn ask(&self, head: &str, until: &str) -> io::Result<(TcpStream, String)> {
        let socket = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).await;
        let mut socket =
            socket.map_err(|error| io::Error::other(format!("{error}; does `ulimit -n` allow so many?")))?;
        socket.write_all(format!("{head}\r\nhost: 127.0.0.1\r\n\r\n").as_bytes()).await?;
        let answer = read(&mut socket, until).await?;
        Ok((socket, answer))
    }

    /// What it has in memory: counted, and resident.
    async fn memory(&self) -> io::Result<(u64, u64)> {
        let (_, answer) = self.ask("GET /memory HTTP/1.1", "\n\n").await?;
        let figures = answer.trim_end().rsplit_once('\n').and_then(|(_, figures)| figures.split_once(' '));
        let (counted, resident) = figures.expect("two figures");
        Ok((counted.parse().map_err(io::Error::other)?, resident.parse().map_err(io::Error::other)?))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn read(socket: &mut TcpStream, until: &str) -> io::Result<String> {
    let mut read = Vec::new();
    while !read.windows(until.len()).any(|window| window == until.as_bytes()) {
        if socket.read_buf(&mut read).await? == 0 {
            return Err(io::Error::other(format!("the server hung up after {}", String::from_utf8_lossy(&read))));
        }
    }
    Ok(String::from_utf8_lossy(&read).into_owned())
}

/// The requests that open the streams of a user, one session each.
async fn log_in(server: &Server, which: &str, user: usize) -> io::Result<Vec<String>> {
    let mut requests = Vec::new();
    for _ in 0..STREAMS_OF_EACH {
        if which == "plain" {
            requests.push(format!("GET /events/{user} HTTP/1.1"));
            continue;
        }
        let (_, answer) = server.ask(&format!("POST /login/{user} HTTP/1.1"), "\r\n\r\n").await?;
        let (_, cookie) = answer.split_once("set-cookie: ").expect("a log-in sets a cookie");
        let cookie = cookie.split(';').next().unwrap_or_default();
        requests.push(format!("GET /os-session/events HTTP/1.1\r\naccept: text/event-stream\r\ncookie: {cookie}"));
    }
    Ok(requests)
}

pub(crate) async fn measure(which: &'static str) -> io::Result<Measured> {
    let server = Server::start(which)?;
    let mut requests = Vec::new();
    for user in 0..USERS {
        requests.push(log_in(&server, which, user).await?);
    }

    let before = server.memory().await?;
    let mut streams = JoinSet::new();
    let (hears, mut heard) = mpsc::unbounded_channel();
    for (user, requests) in requests.iter().enumerate() {
        for request in requests {
            let (mut stream, _) = server.ask(request, "event: state\n").await?;
            let hears = hears.clone();
            streams.spawn(async move {
                if read(&mut stream, "event: change\n").await.is_ok() {
                    let _ = hears.send((user, Instant::now()));
                }
            });
        }
    }
    let after = server.memory().await?;

    let begun = Instant::now();
    server.ask("POST /everywhere/0 HTTP/1.1", "\r\n\r\n").await?;
    let (mut own, mut others, mut last) = (0, 0, begun);
    while let Ok(Some((user, when))) = timeout(SILENCE, heard.recv()).await {
        if user == 0 {
            own += 1;
            last = when;
        } else {
            others += 1;
        }
    }
    if own != STREAMS_OF_EACH {
        return Err(io::Error::other(format!("{own} of {STREAMS_OF_EACH} streams heard of the change")));
    }
    let of_each = |before: u64, after: u64| after.saturating_sub(before) / STREAMS as u64;
    Ok(Measured {
        which,
        counted: of_each(before.0, after.0),
        resident: of_each(before.1, after.1),
        heard_after: last - begun,
        others,
    })
}
