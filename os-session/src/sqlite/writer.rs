//! The thread that writes: one transaction for all changes that wait, so that they share the wait for the disk.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::oneshot;

use super::error::{Failure, OpenError};
use super::lock::Owner;
use super::warm::{Effect, Warm};
use crate::clock::{Clock, Timestamp};

/// How many changes share a transaction at most.
const BATCH: usize = 256;

/// Dropping it waits for what is under way, and lets go of the file.
#[derive(Debug)]
pub(super) struct Writer {
    changes: Option<mpsc::Sender<Queued>>,
    thread: Option<JoinHandle<()>>,
}

/// A change under way: the file, the moment, and what becomes of it in memory.
pub(super) struct Change<'a> {
    pub(super) file: &'a Connection,
    pub(super) now: Timestamp,
    pub(super) effects: &'a mut Vec<Effect>,
}

/// A change that waits for its turn. It is handed the open transaction, or why there is none.
type Queued = Box<dyn FnOnce(Result<Change<'_>, &str>) -> Report + Send>;

/// What a change came to, to be told when the whole transaction is decided.
struct Report {
    failed: bool,
    tell: Tell,
}

/// Takes why the transaction was undone, if it was.
type Tell = Box<dyn FnOnce(Option<&str>)>;

impl Writer {
    pub(super) fn start(
        mut connection: Connection,
        clock: Clock,
        warm: Arc<Warm>,
        owner: Owner,
        path: &Path,
    ) -> Result<Self, OpenError> {
        let (changes, queue) = mpsc::channel();
        let run = move || {
            while let Ok(first) = queue.recv() {
                let batch = std::iter::once(first).chain(queue.try_iter()).take(BATCH);
                let written = catch_unwind(AssertUnwindSafe(|| write(&mut connection, batch, &clock, &warm)));
                // The thread owns the file, and lives as long as anybody reads what is warm.
                written.unwrap_or_else(|_| warm.forget_all());
            }
            // The file is closed before somebody else may own it.
            drop(connection);
            drop(owner);
        };
        let thread = thread::Builder::new()
            .name("os-session-sqlite".to_owned())
            .spawn(run)
            .map_err(|source| OpenError::Thread { path: path.to_owned(), source })?;
        Ok(Self { changes: Some(changes), thread: Some(thread) })
    }

    /// Makes a change, and answers when it is on the disk. It is made whether its answer is waited for or not.
    pub(super) async fn change<T, F>(&self, change: F) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: FnOnce(&mut Change<'_>) -> Result<T, Failure> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let queued: Queued = Box::new(move |context| {
            let outcome = match context {
                Ok(mut context) => change(&mut context),
                Err(why) => Err(Failure::Undone(why.to_owned())),
            };
            Report {
                failed: outcome.is_err(),
                tell: Box::new(move |undone| {
                    let outcome = match undone {
                        Some(why) => outcome.and(Err(Failure::Undone(why.to_owned()))),
                        None => outcome,
                    };
                    // Nobody listens where the request was dropped.
                    let _ = answer.send(outcome);
                }),
            }
        });
        let changes = self.changes.as_ref().ok_or(Failure::WriterFailed)?;
        changes.send(queued).map_err(|_| Failure::WriterFailed)?;
        answered.await.unwrap_or(Err(Failure::WriterFailed))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.changes.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was reported when it happened.
            let _ = thread.join();
        }
    }
}

fn write(connection: &mut Connection, mut batch: impl Iterator<Item = Queued>, clock: &Clock, warm: &Warm) {
    let mut reports = Vec::new();
    let mut effects = Vec::new();
    let written = connection.transaction_with_behavior(TransactionBehavior::Immediate).and_then(|transaction| {
        for queued in &mut batch {
            let before = effects.len();
            run(&transaction, "SAVEPOINT os_session")?;
            let report = queued(Ok(Change { file: &transaction, now: clock.now(), effects: &mut effects }));
            let failed = report.failed;
            reports.push(report);
            if failed {
                effects.truncate(before);
                // Where the disk is full, SQLite has undone the whole transaction, and there is no savepoint: an error.
                run(&transaction, "ROLLBACK TO os_session")?;
            }
            run(&transaction, "RELEASE os_session")?;
        }
        transaction.commit()
    });
    let undone = written.err().map(|error| error.to_string());
    match &undone {
        None => warm.apply(effects),
        // A commit that failed may have been one, as far as anybody knows.
        Some(why) => {
            warm.forget_all();
            reports.extend(batch.map(|queued| queued(Err(why))));
        }
    }
    for report in reports {
        (report.tell)(undone.as_deref());
    }
}

fn run(transaction: &Transaction<'_>, statement: &str) -> rusqlite::Result<()> {
    transaction.prepare_cached(statement)?.execute([]).map(drop)
}
