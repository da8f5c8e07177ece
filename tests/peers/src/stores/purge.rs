//! What requests notice of a purge of a hundred thousand expired sessions.

use std::time::{Duration, Instant};

use os_session::Store;
use tower_sessions::ExpiredDeletion;
use tower_sessions_sqlx_store::{PostgresStore as PeersPostgres, SqliteStore as PeersSqlite};

use crate::database::Database;
use crate::site::Site;
use crate::{micros, timed};

const ROWS: u64 = 100_000;

pub async fn measure(database: &Database, sites: &[Site]) {
    println!(
        "\n| while {ROWS} expired sessions are removed | it takes, ms | read, median | worst | log-in, median | worst |"
    );
    println!("|---|--:|--:|--:|--:|--:|");
    database.add_rows(ROWS, true).await;
    let peers_sqlite = PeersSqlite::new(database.peers_sqlite.clone());
    let peers_postgres = PeersPostgres::new(database.peers_postgres.clone());
    serve(&sites[1], ours(database.ours_sqlite.clone())).await;
    serve(&sites[3], async move { peers_sqlite.delete_expired().await.expect("a purge") }).await;
    serve(&sites[5], ours(database.ours_postgres.clone())).await;
    serve(&sites[6], async move { peers_postgres.delete_expired().await.expect("a purge") }).await;
}

/// In batches, as `Sessions` does it in the background.
async fn ours(store: impl Store) {
    const BATCH: usize = 1000;
    while store.purge(BATCH).await.expect("a purge").len() == BATCH {}
}

async fn serve(site: &Site, purge: impl Future<Output = ()> + Send + 'static) {
    let cookie = site.log_in("1").await;
    let began = Instant::now();
    let purge = tokio::spawn(async move {
        purge.await;
        began.elapsed()
    });
    let (mut reads, mut log_ins) = (Vec::new(), Vec::new());
    // At least once, however quick the purge is.
    loop {
        for _ in 0..5 {
            reads.push(timed(site.read(&cookie)).await.0);
        }
        log_ins.push(timed(site.log_in("2")).await.0);
        if purge.is_finished() {
            break;
        }
    }
    let took = purge.await.expect("a purge ends");
    let (read, worst_read) = (middle(&mut reads), worst(&reads));
    let (log_in, worst_log_in) = (middle(&mut log_ins), worst(&log_ins));
    println!(
        "| {} | {:.0} | {read:.0} | {worst_read:.0} | {log_in:.0} | {worst_log_in:.0} |",
        site.name,
        took.as_secs_f64() * 1e3
    );
}

fn middle(samples: &mut [Duration]) -> f64 {
    samples.sort_unstable();
    micros(samples[samples.len() / 2])
}

fn worst(samples: &[Duration]) -> f64 {
    samples.iter().max().copied().map_or(0.0, micros)
}
