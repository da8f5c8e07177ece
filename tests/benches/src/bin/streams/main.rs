//! What ten thousand open pages cost, beside as many streams of plain axum, and how soon those of one user hear of a change.
//!
//! Run with `cargo run --release -p os-session-benches --bin streams`. It needs some 10 100 open files in each of two processes: `ulimit -n`.
//!
//! Server and clients are two processes on this machine. A hundred users have a hundred streams each, over sessions of their own; then one
//! of them is logged out everywhere. Memory is what the server's allocator counts between two moments, so that sessions are no part
//! of it, and the growth of its resident set. Both include what hyper and tokio keep for a connection; plain axum's streams tell how much
//! that is.

mod clients;
mod servers;

use std::io;

use os_session_benches::allocator::Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const USERS: usize = 100;
const STREAMS_OF_EACH: usize = 100;
const STREAMS: usize = USERS * STREAMS_OF_EACH;

fn main() -> io::Result<()> {
    // One thread: the allocator counts by thread.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        [] => runtime.block_on(async {
            println!("| {STREAMS} streams | bytes a stream | resident | {STREAMS_OF_EACH} of one user hear after | others that hear |");
            println!("|---|--:|--:|--:|--:|");
            for which in ["plain", "os-session"] {
                println!("{}", clients::measure(which).await?);
            }
            Ok(())
        }),
        ["serve", "plain"] => runtime.block_on(servers::serve(servers::plain())),
        ["serve", "os-session"] => runtime.block_on(async { servers::serve(servers::os_session().await).await }),
        _ => Err(io::Error::other("it takes no arguments")),
    }
}
