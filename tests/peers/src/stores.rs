//! Run with `cargo run --release --bin stores` in this folder (PostgreSQL on 127.0.0.1, or at `OS_SESSION_TEST_POSTGRES`; half a minute).
//!
//! What requests cost over each store, beside axum-login over its own, in one run:
//! - the calls that `axum::serve` makes, in process, one after another; each row is the median of rounds in which the applications take turns;
//! - with as many sessions of others stored as the column says;
//! - os-session's SQLite waits for the disk at each change (`synchronous=FULL`), and so does the peer's, in its defaults and in WAL mode.

#[path = "stores/database.rs"]
mod database;
#[path = "stores/ours.rs"]
mod ours;
#[path = "stores/peer.rs"]
mod peer;
#[path = "stores/purge.rs"]
mod purge;
#[path = "stores/site.rs"]
mod site;

use std::time::{Duration, Instant};

use crate::database::{Database, Sites};
use crate::site::Site;

const ROUNDS: usize = 15;
const REQUESTS: usize = 60;

#[tokio::main]
async fn main() {
    println!("| µs | read | log-in | log-out | log-out of 10 everywhere |");
    println!("|---|--:|--:|--:|--:|");
    for stored in [1_000, 100_000] {
        let database = Database::new().await;
        let Sites { all, peers_of } = database.sites(stored).await;
        let figures = measure(&all).await;
        println!("| **{stored} sessions stored** | | | | |");
        for (number, site) in all.iter().enumerate() {
            let peer = peers_of[number].map(|peer| &figures[peer]);
            println!("| {} | {} |", site.name, figures[number].row(peer));
        }
        println!("| one row by its key, PostgreSQL | {:.0} | | | |", micros(database.floor().await));
        if stored == 100_000 {
            purge::measure(&database, &all).await;
        }
    }
}

/// Medians.
#[derive(Default)]
struct Figures {
    read: Duration,
    log_in: Duration,
    log_out: Duration,
    everywhere: Option<Duration>,
}

impl Figures {
    fn row(&self, peer: Option<&Self>) -> String {
        let cell = |figure: fn(&Self) -> Option<Duration>| match (figure(self), peer.and_then(figure)) {
            (None, _) => "not offered".to_owned(),
            (Some(own), Some(peer)) => format!("{} ({:.2} ×)", text(own), own.as_secs_f64() / peer.as_secs_f64()),
            (Some(own), None) => text(own),
        };
        [
            cell(|figures| Some(figures.read)),
            cell(|figures| Some(figures.log_in)),
            cell(|figures| Some(figures.log_out)),
            cell(|figures| figures.everywhere),
        ]
        .join(" | ")
    }
}

async fn measure(sites: &[Site]) -> Vec<Figures> {
    let mut samples: Vec<[Vec<Duration>; 4]> = sites.iter().map(|_| Default::default()).collect();
    for _ in 0..ROUNDS {
        for (site, [reads, log_ins, log_outs, everywhere]) in sites.iter().zip(&mut samples) {
            let cookie = site.log_in("1").await;
            for _ in 0..REQUESTS {
                reads.push(timed(site.read(&cookie)).await.0);
            }
            for user in 0..REQUESTS / 3 {
                let (time, cookie) = timed(site.log_in(&user.to_string())).await;
                log_ins.push(time);
                log_outs.push(timed(site.log_out(&cookie)).await.0);
            }
            if site.logs_out_everywhere {
                let mut cookie = String::new();
                for _ in 0..10 {
                    cookie = site.log_in("7").await;
                }
                everywhere.push(timed(site.log_out_everywhere(&cookie)).await.0);
            }
        }
    }
    let figures = |[reads, log_ins, log_outs, everywhere]: [Vec<Duration>; 4]| Figures {
        read: median(reads),
        log_in: median(log_ins),
        log_out: median(log_outs),
        everywhere: (!everywhere.is_empty()).then(|| median(everywhere)),
    };
    samples.into_iter().map(figures).collect()
}

async fn timed<T>(work: impl Future<Output = T>) -> (Duration, T) {
    let began = Instant::now();
    let done = work.await;
    (began.elapsed(), done)
}

fn median(mut samples: Vec<Duration>) -> Duration {
    samples.sort_unstable();
    samples[samples.len() / 2]
}

/// In microseconds, with a decimal where there are few.
fn text(duration: Duration) -> String {
    let micros = micros(duration);
    if micros < 20.0 { format!("{micros:.1}") } else { format!("{micros:.0}") }
}

fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}
