//! A wire to PostgreSQL that a test can watch and hold still.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_postgres::Config;
use tokio_postgres::config::Host;

/// Passes everything on to a server, and counts round trips: each ends with the server saying that it is ready. A connection on which the server has
/// told something unasked is one that listens, and is not counted.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    trips: Arc<AtomicUsize>,
    connections: Arc<AtomicU64>,
    /// Connections with a smaller number stand still.
    still_below: watch::Sender<u64>,
    server: Config,
}

impl Proxy {
    /// A proxy before the server of that address.
    ///
    /// # Panics
    ///
    /// If the address names no server by TCP.
    pub async fn before(url: &str) -> Self {
        let server: Config = url.parse().expect("the address is one");
        let host = match server.get_hosts() {
            [Host::Tcp(host)] => host.clone(),
            hosts => panic!("one host by TCP is wanted, not {hosts:?}"),
        };
        let target = (host, server.get_ports().first().copied().unwrap_or(5432));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a free port");
        let proxy = Self {
            address: listener.local_addr().expect("it is bound"),
            trips: Arc::default(),
            connections: Arc::default(),
            still_below: watch::Sender::new(0),
            server,
        };
        let (trips, connections, still_below) =
            (proxy.trips.clone(), proxy.connections.clone(), proxy.still_below.clone());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let number = connections.fetch_add(1, Ordering::SeqCst);
                let Ok(server) = TcpStream::connect(target.clone()).await else { continue };
                let (client_reads, client_writes) = client.into_split();
                let (server_reads, server_writes) = server.into_split();
                tokio::spawn(pass(client_reads, server_writes, number, still_below.subscribe(), None));
                tokio::spawn(pass(server_reads, client_writes, number, still_below.subscribe(), Some(trips.clone())));
            }
        });
        proxy
    }

    /// The address to connect to instead.
    #[must_use]
    pub fn url(&self) -> String {
        let user = self.server.get_user().unwrap_or("postgres");
        let database = self.server.get_dbname().unwrap_or(user);
        format!("postgres://{user}@{}/{database}?sslmode=disable", self.address)
    }

    /// The round trips since this was last called.
    #[allow(clippy::must_use_candidate, reason = "called to forget them as well")]
    pub fn trips(&self) -> usize {
        self.trips.swap(0, Ordering::SeqCst)
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

    /// Everything goes on, what was held included.
    pub fn release(&self) {
        self.still_below.send_replace(0);
    }
}

async fn pass(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    number: u64,
    mut still_below: watch::Receiver<u64>,
    trips: Option<Arc<AtomicUsize>>,
) {
    let mut messages = Messages::default();
    let mut buffer = vec![0; 1 << 16];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        if still_below.wait_for(|below| number >= *below).await.is_err() {
            return;
        }
        if let Some(trips) = &trips {
            trips.fetch_add(messages.ready(&buffer[..read]), Ordering::SeqCst);
        }
        if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
    let _ = to.shutdown().await;
}

/// What a server sends, cut into messages: a letter, a length that counts itself, and what it says.
#[derive(Default)]
struct Messages {
    unread: Vec<u8>,
    listens: bool,
}

impl Messages {
    /// How often these bytes say that the server is ready.
    fn ready(&mut self, bytes: &[u8]) -> usize {
        self.unread.extend_from_slice(bytes);
        let mut ready = 0;
        let mut rest = &self.unread[..];
        while let [letter, a, b, c, d, ..] = *rest {
            let length = 1 + u32::from_be_bytes([a, b, c, d]) as usize;
            if rest.len() < length {
                break;
            }
            self.listens |= letter == b'A';
            ready += usize::from(letter == b'Z');
            rest = &rest[length..];
        }
        self.unread = rest.to_vec();
        if self.listens { 0 } else { ready }
    }
}
