//! A wire to PostgreSQL or Redis that a test can watch and hold still.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use redis::{ConnectionAddr, IntoConnectionInfo as _};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_postgres::Config;
use tokio_postgres::config::Host;

/// Passes everything on to a server, and counts round trips: in PostgreSQL each ends with the server saying that it is ready, in Redis
/// each begins with a command. A connection on which news are heard is not counted.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    trips: Arc<AtomicUsize>,
    connections: Arc<AtomicU64>,
    /// News are heard on one of them.
    hears: Arc<AtomicBool>,
    /// Connections with a smaller number stand still.
    still_below: watch::Sender<u64>,
    /// The connection whose answers are lost, or [`THE_NEXT`], or [`NONE`].
    unanswered: Arc<AtomicU64>,
    /// What comes before the address in the URL of the proxy, and behind it.
    around: (String, String),
}

impl Proxy {
    /// A proxy before the server of that address.
    ///
    /// # Panics
    ///
    /// If the address names no server by TCP.
    pub async fn before(url: &str) -> Self {
        let (target, around) = if url.starts_with("redis://") { redis_server(url) } else { postgres_server(url) };
        let is_redis = url.starts_with("redis://");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a free port");
        let proxy = Self {
            address: listener.local_addr().expect("it is bound"),
            trips: Arc::default(),
            connections: Arc::default(),
            hears: Arc::default(),
            still_below: watch::Sender::new(0),
            unanswered: Arc::new(NONE.into()),
            around,
        };
        let (trips, hears, connections) = (proxy.trips.clone(), proxy.hears.clone(), proxy.connections.clone());
        let (still_below, unanswered) = (proxy.still_below.clone(), proxy.unanswered.clone());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let number = connections.fetch_add(1, Ordering::SeqCst);
                let Ok(server) = TcpStream::connect(target.clone()).await else { continue };
                let (client_reads, client_writes) = client.into_split();
                let (server_reads, server_writes) = server.into_split();
                let (commands, answers) = match is_redis {
                    true => (Some(Messages::redis(trips.clone(), hears.clone())), None),
                    false => (None, Some(Messages::postgres(trips.clone(), hears.clone()))),
                };
                let direction = |is_answer, messages| Direction {
                    number,
                    is_answer,
                    still_below: still_below.subscribe(),
                    unanswered: unanswered.clone(),
                    messages,
                };
                tokio::spawn(direction(false, commands).pass(client_reads, server_writes));
                tokio::spawn(direction(true, answers).pass(server_reads, client_writes));
            }
        });
        proxy
    }

    /// The address to connect to instead.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}{}{}", self.around.0, self.address, self.around.1)
    }

    /// The round trips since this was last called.
    #[allow(clippy::must_use_candidate, reason = "called to forget them as well")]
    pub fn trips(&self) -> usize {
        self.trips.swap(0, Ordering::SeqCst)
    }

    /// Waits until news are heard on a connection: what it took to come to that was counted.
    pub async fn hears(&self) {
        while !self.hears.load(Ordering::SeqCst) {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
    }

    /// The connections that were ever made.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.connections.load(Ordering::SeqCst)
    }

    /// From now on nothing gets through, and no connection says so.
    pub fn hold(&self) {
        self.still_below.send_replace(u64::MAX);
    }

    /// The connections that there are fall silent for good; new ones work.
    pub fn silence_present(&self) {
        self.still_below.send_replace(self.connections());
    }

    /// Whoever asks next gets no answer, on that connection never again; what was asked for is done.
    pub fn lose_the_next_answer(&self) {
        self.unanswered.store(THE_NEXT, Ordering::SeqCst);
    }

    /// Everything goes on, what was held included.
    pub fn release(&self) {
        self.still_below.send_replace(0);
    }
}

fn postgres_server(url: &str) -> ((String, u16), (String, String)) {
    let server: Config = url.parse().expect("the address is one");
    let host = match server.get_hosts() {
        [Host::Tcp(host)] => host.clone(),
        hosts => panic!("one host by TCP is wanted, not {hosts:?}"),
    };
    let user = server.get_user().unwrap_or("postgres");
    let database = server.get_dbname().unwrap_or(user);
    let around = (format!("postgres://{user}@"), format!("/{database}?sslmode=disable"));
    ((host, server.get_ports().first().copied().unwrap_or(5432)), around)
}

fn redis_server(url: &str) -> ((String, u16), (String, String)) {
    let server = url.into_connection_info().expect("the address is one");
    match server.addr() {
        ConnectionAddr::Tcp(host, port) => ((host.clone(), *port), ("redis://".to_owned(), String::new())),
        address => panic!("a host by TCP is wanted, not {address}"),
    }
}

const NONE: u64 = u64::MAX;
const THE_NEXT: u64 = u64::MAX - 1;

/// One direction of a connection.
struct Direction {
    number: u64,
    is_answer: bool,
    still_below: watch::Receiver<u64>,
    unanswered: Arc<AtomicU64>,
    messages: Option<Messages>,
}

impl Direction {
    async fn pass(mut self, mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) {
        let mut buffer = vec![0; 1 << 16];
        while let Ok(read @ 1..) = from.read(&mut buffer).await {
            if self.still_below.wait_for(|below| self.number >= *below).await.is_err() {
                return;
            }
            if let Some(messages) = &mut self.messages {
                messages.count(&buffer[..read]);
            }
            if self.is_lost() {
                continue;
            }
            if to.write_all(&buffer[..read]).await.is_err() {
                return;
            }
        }
        let _ = to.shutdown().await;
    }

    fn is_lost(&self) -> bool {
        if self.is_answer {
            return self.unanswered.load(Ordering::SeqCst) == self.number;
        }
        let _ = self.unanswered.compare_exchange(THE_NEXT, self.number, Ordering::SeqCst, Ordering::SeqCst);
        false
    }
}

/// What is said in one direction, cut into messages, of which some are counted.
struct Messages {
    unread: Vec<u8>,
    counted: Arc<AtomicUsize>,
    /// How long the first message is, if all of it is there, and what it is.
    first: fn(&[u8]) -> Option<(usize, Kind)>,
    /// News are heard here.
    listens: bool,
    /// … or on any connection of the proxy.
    hears: Arc<AtomicBool>,
}

/// What a message is to one who counts.
#[derive(PartialEq, Eq)]
enum Kind {
    Counts,
    Other,
    Listens,
}

impl Messages {
    /// How often a server says that it is ready.
    fn postgres(counted: Arc<AtomicUsize>, hears: Arc<AtomicBool>) -> Self {
        Self { unread: Vec::new(), counted, first: first_of_postgres, listens: false, hears }
    }

    /// The commands of a client.
    fn redis(counted: Arc<AtomicUsize>, hears: Arc<AtomicBool>) -> Self {
        Self { unread: Vec::new(), counted, first: first_of_redis, listens: false, hears }
    }

    fn count(&mut self, bytes: &[u8]) {
        self.unread.extend_from_slice(bytes);
        let mut rest = &self.unread[..];
        while let Some((length, kind)) = (self.first)(rest) {
            self.listens |= kind == Kind::Listens;
            self.counted.fetch_add(usize::from(kind == Kind::Counts && !self.listens), Ordering::SeqCst);
            rest = &rest[length..];
        }
        self.unread = rest.to_vec();
        if self.listens {
            self.hears.store(true, Ordering::SeqCst);
        }
    }
}

/// A letter, a length that counts itself, and what it says: `Z` that the server is ready, `A` news.
fn first_of_postgres(bytes: &[u8]) -> Option<(usize, Kind)> {
    let [letter, a, b, c, d, ..] = *bytes else { return None };
    let length = 1 + u32::from_be_bytes([a, b, c, d]) as usize;
    let kind = match letter {
        b'Z' => Kind::Counts,
        b'A' => Kind::Listens,
        _ => Kind::Other,
    };
    (bytes.len() >= length).then_some((length, kind))
}

/// `*` and how many words, and before each word `$` and how many bytes.
fn first_of_redis(bytes: &[u8]) -> Option<(usize, Kind)> {
    let (mut place, words) = number_at(bytes, 0)?;
    for _ in 0..words {
        let (word, length) = number_at(bytes, place)?;
        place = word + length + 2;
    }
    let command = bytes.get(..place)?;
    let listens = command.windows(9).any(|word| word.eq_ignore_ascii_case(b"subscribe"));
    Some((place, if listens { Kind::Listens } else { Kind::Counts }))
}

/// The number behind the sign at that place, and where the line ends.
fn number_at(bytes: &[u8], place: usize) -> Option<(usize, usize)> {
    let line = bytes.get(place + 1..)?;
    let length = line.iter().position(|byte| *byte == b'\n')?;
    let number = std::str::from_utf8(&line[..length]).ok()?.trim().parse().expect("a client counts what it says");
    Some((place + 1 + length + 1, number))
}
