//! The task that keeps a node's lease.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::Shared;
use crate::change::Change;
use crate::lease::{LeaseStore, new_name};
use crate::store::StoreError;

/// After a failure.
const PAUSE: Duration = Duration::from_millis(200);

/// Takes a lease and renews it, until it is told to stop or nobody uses the store any more.
pub(super) async fn keep_lease<S: LeaseStore>(shared: Arc<Shared<S>>) {
    let (nudge, mut stopping) = (shared.nudge.clone(), shared.stopping.subscribe());
    let mut lease =
        Lease { store: shared.store.clone(), lasts: shared.lease, shared: Arc::downgrade(&shared), node: None };
    // With the last handle it is gone, and the other end of `stopping` with it.
    drop(shared);
    let mut is_held = true;
    loop {
        let renewed = tokio::select! {
            renewed = lease.renew() => Some(renewed),
            _ = stopping.wait_for(|stop| *stop) => None,
        };
        let next = match renewed {
            None => return lease.leave().await,
            Some(Ok(next)) => {
                if !is_held {
                    tracing::info!("there is a lease again, and requests are admitted from memory");
                }
                is_held = true;
                next
            }
            Some(Err(error)) => {
                if is_held {
                    tracing::warn!(%error, "the lease cannot be renewed; without one every request asks the store");
                }
                is_held = false;
                PAUSE
            }
        };
        // A timer would take up to a millisecond for no time at all.
        if next.is_zero() {
            continue;
        }
        let is_over = tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => true,
            () = sleep(next) => false,
            // After a failure there is a pause, whoever is in a hurry.
            () = nudge.notified(), if is_held => false,
        };
        if is_over {
            return lease.leave().await;
        }
    }
}

struct Lease<S> {
    store: Arc<S>,
    lasts: Duration,
    shared: Weak<Shared<S>>,
    node: Option<Node>,
}

/// This node, by the name under which it may stand on the list.
struct Node {
    name: String,
    /// How far it has applied the log, as long as it may renew.
    applied: Option<u64>,
}

impl<S: LeaseStore> Lease<S> {
    /// Joins the list, or renews. The answer is when to do so again.
    async fn renew(&mut self) -> Result<Duration, StoreError> {
        let Some(Node { name, applied: Some(applied) }) = &self.node else { return self.join().await };
        // The lease counts from before its renewal was sent. Nothing holds on to what is shared while the store is waited for.
        let Some(sent) = self.shared.upgrade().map(|shared| shared.before_asking()) else { return Ok(Duration::ZERO) };
        let renewal = in_time(self.lasts, self.store.renew_lease(name, *applied)).await?;
        let Some(shared) = self.shared.upgrade() else { return Ok(Duration::ZERO) };
        let applied = *applied;
        match renewal {
            Some(renewal) if renewal.reached <= applied => {
                shared.memory.extend(sent + self.lasts);
                Ok(self.lasts / 3)
            }
            Some(renewal) => {
                self.is_at(None);
                // First this, or it would be admitted under the new lease.
                forget(&shared, renewal.revoked)?;
                self.is_at(Some(renewal.reached));
                shared.memory.extend(sent + self.lasts);
                // Once more, to say so: somebody waits for it.
                Ok(Duration::ZERO)
            }
            None => {
                // Somebody waited in vain for this node, and took it off the list; or the store has lost what it told this node, and it is on the list still.
                shared.memory.end_lease();
                self.is_at(None);
                Ok(Duration::ZERO)
            }
        }
    }

    async fn join(&mut self) -> Result<Duration, StoreError> {
        if let Some(shared) = self.shared.upgrade() {
            shared.memory.end_lease();
        }
        // Under the name before, nobody should wait for it.
        if let Some(before) = &self.node {
            in_time(self.lasts, self.store.leave_leases(&before.name)).await?;
        }
        let Node { name, .. } = self.node.insert(Node { name: new_name()?, applied: None });
        let Some(sent) = self.shared.upgrade().map(|shared| shared.before_asking()) else { return Ok(Duration::ZERO) };
        let joined_at = in_time(self.lasts, self.store.join_leases(name, self.lasts)).await?;
        if let Some(shared) = self.shared.upgrade() {
            // What was revoked while this node was on no list, nobody tells it.
            forget(&shared, vec![Change::Everything])?;
            self.is_at(Some(joined_at));
            shared.memory.extend(sent + self.lasts);
        }
        Ok(self.lasts / 3)
    }

    fn is_at(&mut self, applied: Option<u64>) {
        if let Some(node) = &mut self.node {
            node.applied = applied;
        }
    }

    async fn leave(self) {
        if let Some(shared) = self.shared.upgrade() {
            shared.memory.end_lease();
        }
        let Some(Node { name, .. }) = self.node else { return };
        if let Err(error) = in_time(self.lasts, self.store.leave_leases(&name)).await {
            tracing::debug!(%error, "this node could not say that it leaves; the first revocation after it waits for its lease");
        }
    }
}

/// Forgets what was revoked. An application's own code may panic when it is told to: then this node must not admit from memory.
fn forget<S>(shared: &Shared<S>, revoked: Vec<Change>) -> Result<(), StoreError> {
    catch_unwind(AssertUnwindSafe(|| shared.forget(revoked))).map_err(|_| {
        shared.memory.end_lease();
        StoreError::new("a listener panicked when it was told what to forget")
    })
}

async fn in_time<T>(lease: Duration, asked: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    timeout(lease, asked)
        .await
        .unwrap_or_else(|_| Err(StoreError::new(format!("the store did not answer within {lease:?}"))))
}
