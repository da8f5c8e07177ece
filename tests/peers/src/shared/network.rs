//! A network between the applications and their servers, where there is none: everything said arrives a while later.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

/// The same URL by way of such a network. Threads, since the timers of tokio are too coarse for it.
pub fn through(url: &str, delay: Duration) -> String {
    let from = url.rfind('@').or_else(|| url.find("//").map(|place| place + 1)).expect("the URL has a host") + 1;
    let to = url[from..].find('/').map_or(url.len(), |length| from + length);
    let server = url[from..to].to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("a port").port();
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let server = TcpStream::connect(&server).expect("the server is there");
            for stream in [&client, &server] {
                stream.set_nodelay(true).expect("a socket");
            }
            let both = [&client, &server].map(|stream| stream.try_clone().expect("a socket"));
            let [client_too, server_too] = both;
            thread::spawn(move || pass(client, server_too, delay));
            thread::spawn(move || pass(server, client_too, delay));
        }
    });
    format!("{}127.0.0.1:{port}{}", &url[..from], &url[to..])
}

fn pass(mut from: TcpStream, mut to: TcpStream, delay: Duration) {
    let mut buffer = vec![0; 1 << 16];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        thread::sleep(delay);
        if to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
}
