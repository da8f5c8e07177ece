//! A server by whose clock it is tomorrow already.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

pub(crate) const DAY: u64 = 24 * 60 * 60 * 1000;

/// Stands before a server, turns the moments in its answers, and remembers what it was asked.
pub(crate) struct Tomorrow {
    port: u16,
    asked: Arc<Mutex<Vec<u8>>>,
}

impl Tomorrow {
    pub(crate) async fn before(url: &str) -> Self {
        let server = url.trim_start_matches("redis://").trim_end_matches('/').to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let all_asked = asked.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (from_client, to_client) = client.into_split();
                let (from_server, to_server) = TcpStream::connect(&server).await.unwrap().into_split();
                let asked = all_asked.clone();
                tokio::spawn(pass(from_client, to_server, move |request| {
                    asked.lock().unwrap().extend_from_slice(request);
                    request.to_vec()
                }));
                tokio::spawn(pass(from_server, to_client, turned));
            }
        });
        Self { port, asked }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// The moments in what it was asked since it was asked here.
    pub(crate) fn moments_asked(&self) -> Vec<u64> {
        // Whole arguments: a digest may have as many digits in a row.
        const ARGUMENT: &[u8] = b"$13\r\n";
        let asked = std::mem::take(&mut *self.asked.lock().unwrap());
        asked.windows(ARGUMENT.len() + 13).filter_map(|bytes| moment(bytes.strip_prefix(ARGUMENT)?)).collect()
    }
}

async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, with: impl Fn(&[u8]) -> Vec<u8>) {
    let mut read = Vec::new();
    while from.read_buf(&mut read).await.is_ok_and(|bytes| bytes > 0) {
        // What is said ends with a line.
        if read.ends_with(b"\r\n") && to.write_all(&with(&std::mem::take(&mut read))).await.is_err() {
            break;
        }
    }
}

/// A digest may have as many digits in a row as a moment has, but has letters beside them.
fn words(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.chunk_by(|one, next| one.is_ascii_alphanumeric() == next.is_ascii_alphanumeric())
}

/// A moment is milliseconds since 1970, in thirteen digits until the year 2286.
fn moment(number: &[u8]) -> Option<u64> {
    (number.len() == 13).then(|| str::from_utf8(number).ok()?.parse().ok()).flatten()
}

fn turned(answer: &[u8]) -> Vec<u8> {
    let turn = |number: &[u8]| moment(number).map_or(number.to_vec(), |moment| (moment + DAY).to_string().into());
    words(answer).flat_map(turn).collect()
}
