//! Run with `cargo run --release --bin shared` in this folder (PostgreSQL on 127.0.0.1, or at `OS_SESSION_TEST_POSTGRES`, and `redis-server` on the
//! path; ten minutes). `-- 1000` measures with so many sessions stored alone, `-- 1000 250us` with a network in between on which whatever is said arrives
//! 250 µs later, and a path that ends in `.svg` gets a plot of the last figures.
//!
//! What requests cost over stores that nodes share, strict and under leases, beside axum-login and axum_session over the same PostgreSQL and the same kind of
//! Redis, in one run: the calls that `axum::serve` makes, in process, one after another; medians of rounds in which the applications take turns. Each has so many
//! sessions of others stored as the line says.

#[path = "shared/axum_session.rs"]
mod axum_session;
#[path = "shared/network.rs"]
mod network;
#[path = "stores/ours.rs"]
mod ours;
#[path = "stores/peer.rs"]
#[expect(dead_code, reason = "SQLite is not shared")]
mod peer;
#[path = "shared/places.rs"]
mod places;
#[path = "shared/plot.rs"]
mod plot;
#[path = "stores/site.rs"]
mod site;

use std::time::{Duration, Instant};

use crate::places::Places;
use crate::site::Site;

const ROUNDS: usize = 15;
const REQUESTS: usize = 40;

/// What is measured, in the order of the columns.
const COLUMNS: [&str; 4] = ["read", "log-in", "log-out", "log-out of 10 everywhere"];

#[tokio::main]
async fn main() {
    let (mut numbers, mut delay, mut plot) = (Vec::new(), None, None);
    for argument in std::env::args().skip(1) {
        match argument.parse::<u64>() {
            Ok(number) => numbers.push(number),
            Err(_) if argument.ends_with(".svg") => plot = Some(argument),
            Err(_) => match argument.strip_suffix("us").and_then(|micros| micros.parse().ok()) {
                Some(micros) => delay = Some(Duration::from_micros(micros)),
                None => {
                    panic!("`{argument}` is no number of sessions, no delay such as 250us, and no path of an .svg file")
                }
            },
        }
    }
    if numbers.is_empty() {
        numbers = vec![1_000, 1_000_000];
    }
    println!("| µs | {} |", COLUMNS.join(" | "));
    println!("|---|--:|--:|--:|--:|");
    for stored in numbers {
        let places = Places::new(stored, delay).await;
        let sites = places.sites().await;
        let figures = measure(&sites).await;
        println!("| **{stored} sessions stored** | | | | |");
        for ((site, compared), figures_of_one) in sites.iter().zip(&figures) {
            let peer = compared.and_then(|name| sites.iter().position(|(site, _)| site.name == name));
            println!("| {} | {} |", site.name, row(figures_of_one, peer.map(|peer| &figures[peer])));
        }
        println!("| one row by its key, PostgreSQL | {:.0} | | | |", micros(places.floor().await));
        if let Some(path) = &plot {
            let named: Vec<_> = sites.iter().map(|(site, _)| site.name).zip(&figures).collect();
            plot::draw(path, stored, &named);
        }
    }
}

/// Medians in the order of the columns; the last one is not offered by all.
type Figures = [Option<Duration>; 4];

fn row(own: &Figures, peer: Option<&Figures>) -> String {
    let cells = own.iter().enumerate().map(|(column, own)| match (own, peer.and_then(|peer| peer[column])) {
        (None, _) => "not offered".to_owned(),
        (Some(own), Some(peer)) => format!("{} ({:.2} ×)", text(*own), own.as_secs_f64() / peer.as_secs_f64()),
        (Some(own), None) => text(*own),
    });
    cells.collect::<Vec<_>>().join(" | ")
}

async fn measure(sites: &[(Site, Option<&str>)]) -> Vec<Figures> {
    let mut samples: Vec<[Vec<Duration>; 4]> = sites.iter().map(|_| Default::default()).collect();
    for _ in 0..ROUNDS {
        for ((site, _), [reads, log_ins, log_outs, everywhere]) in sites.iter().zip(&mut samples) {
            let cookie = site.log_in("1").await;
            site.read(&cookie).await;
            for _ in 0..REQUESTS {
                reads.push(timed(site.read(&cookie)).await.0);
            }
            for user in 0..REQUESTS / 2 {
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
    samples.into_iter().map(|all| all.map(median)).collect()
}

async fn timed<T>(work: impl Future<Output = T>) -> (Duration, T) {
    let began = Instant::now();
    let done = work.await;
    (began.elapsed(), done)
}

fn median(mut samples: Vec<Duration>) -> Option<Duration> {
    samples.sort_unstable();
    samples.get(samples.len() / 2).copied()
}

/// In microseconds, with a decimal where there are few.
fn text(duration: Duration) -> String {
    let micros = micros(duration);
    if micros < 20.0 { format!("{micros:.1}") } else { format!("{micros:.0}") }
}

fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}
