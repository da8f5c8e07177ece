//! The task that keeps a node's lease.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::{sleep, timeout};

use super::Shared;
use crate::change::Change;
use crate::lease::LeaseStore;
use crate::store::StoreError;

/// After a failure.
const PAUSE: Duration = Duration::from_millis(200);

/// Takes a lease and renews it, until it is told to stop or nobody uses the store any more.
pub(super) async fn keep_lease<S: LeaseStore>(
    shared: Weak<Shared<S>>,
    nudge: Arc<Notify>,
    mut stopping: watch::Receiver<bool>,
) {
    let mut lease = Lease { shared, node: None };
    let mut is_held = true;
    loop {
        let next = match lease.renew().await {
            Ok(Some(next)) => {
                if !is_held {
                    tracing::info!("there is a lease again, and requests are admitted from memory");
                }
                is_held = true;
                next
            }
            Ok(None) => return,
            Err(error) => {
                if is_held {
                    tracing::warn!(%error, "the lease cannot be renewed; without one every request asks the store");
                }
                is_held = false;
                PAUSE
            }
        };
        let is_over = tokio::select! {
            // The other end is gone with the last handle.
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
    shared: Weak<Shared<S>>,
    /// As it stands on the list, and how far it has applied the log.
    node: Option<(String, u64)>,
}

impl<S: LeaseStore> Lease<S> {
    /// Joins the list, or renews until there is nothing left to apply. The answer is when to do so again; `None` if nobody needs it.
    async fn renew(&mut self) -> Result<Option<Duration>, StoreError> {
        let Some(shared) = self.shared.upgrade() else { return Ok(None) };
        let Shared { store, memory, lease, asked, .. } = &*shared;
        loop {
            // The lease counts from before its renewal was sent.
            let sent = memory.now();
            asked.fetch_add(1, Ordering::Relaxed);
            let Some((node, applied)) = &mut self.node else {
                memory.end_lease();
                let node = format!("{:016x}", getrandom::u64().map_err(StoreError::new)?);
                let joined_at = in_time(*lease, store.join_leases(&node, *lease)).await?;
                // What was revoked while this node was on no list, nobody tells it.
                shared.forget(vec![Change::Everything]);
                memory.extend(sent + *lease);
                self.node = Some((node, joined_at));
                return Ok(Some(*lease / 3));
            };
            match in_time(*lease, store.renew_lease(node, *applied)).await? {
                Some(renewal) if renewal.reached > *applied => {
                    // First this, or it would be admitted under the new lease.
                    shared.forget(renewal.revoked);
                    *applied = renewal.reached;
                    memory.extend(sent + *lease);
                    // Once more, to say so: somebody waits for it.
                }
                Some(_) => {
                    memory.extend(sent + *lease);
                    return Ok(Some(*lease / 3));
                }
                // Somebody waited in vain for this node, and took it off the list.
                None => self.node = None,
            }
        }
    }

    async fn leave(self) {
        let (Some(shared), Some((node, _))) = (self.shared.upgrade(), self.node) else { return };
        shared.memory.end_lease();
        if let Err(error) = shared.store.leave_leases(&node).await {
            tracing::debug!(%error, "this node could not say that it leaves; the first revocation after it waits for its lease");
        }
    }
}

async fn in_time<T>(lease: Duration, asked: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    timeout(lease, asked)
        .await
        .unwrap_or_else(|_| Err(StoreError::new(format!("the store did not answer within {lease:?}"))))
}
