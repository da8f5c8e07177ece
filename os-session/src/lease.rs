//! Leases: what a store does for nodes that admit from memory, and what a revocation waits for.
//!
//! `docs/many-nodes.md` in the repository has the protocol, and the argument that it is safe.

use std::future::Future;
use std::time::Duration;

use tokio::time::sleep;

use crate::change::Change;
use crate::lease_clock::LeaseClock;
use crate::store::{Store, StoreError};

/// At more revocations than these, a node that has not heard of them forgets everything: it is the shorter answer.
#[cfg(any(feature = "postgres", feature = "redis"))]
pub(crate) const LOG_AT_MOST: u32 = 10_000;

/// The longest lease that a node may take: what a revocation waits for at most where it cannot even learn whom to wait for.
pub(crate) const LONGEST: Duration = Duration::from_secs(10);

/// A store for nodes that admit from memory: [`LeasedStore`](crate::LeasedStore).
///
/// It keeps a list of such nodes and a log of what was taken from somebody: a session that ended or was exchanged for another token, a user whose groups
/// changed. While a node is on the list,
///
/// - whatever takes a right away is logged in the same step, and positions in the log become visible in their order;
/// - the operation of [`Store`] that did it, here or on any other handle on the store, returns when every node which was on the list has
///   [applied](LeaseStore::renew_lease) that position, or has lost its lease for want of renewals: [`until_applied`] does that.
///
/// An operation that takes nothing away appends nothing. One that found nothing left to take away waits all the same for what was logged before,
/// since whoever took it away may not have returned yet; a log-in waits for nobody.
///
/// [`testing::lease_laws`](crate::testing::lease_laws) checks it, and `docs/writing-a-store.md` in the repository names the traps.
///
/// ```
/// use std::time::Duration;
///
/// use os_session::{LeaseStore, StoreError, UserId, until_applied};
///
/// /// What a store does that has no triggers: it revokes and logs in one step, and returns when all nodes have applied that.
/// async fn close_all<S: LeaseStore>(store: &S, user: &UserId) -> Result<usize, StoreError> {
///     let (closed, position) = close_and_log(store, user).await?;
///     until_applied(store, position).await;
///     Ok(closed)
/// }
/// # async fn close_and_log<S: LeaseStore>(store: &S, user: &UserId) -> Result<(usize, u64), StoreError> { Ok((0, 0)) }
/// ```
pub trait LeaseStore: Store {
    /// An error if this store has no leases, although others of its type do: it may lose acknowledged writes, or answer with what is no longer true.
    ///
    /// # Errors
    ///
    /// Why it has none.
    fn can_lease(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// Puts a node on the list, under a name that no other has. The answer is the position of the log: all that is taken away
    /// later is logged behind it.
    ///
    /// # Errors
    ///
    /// A failure of the store, and a store that [has no leases](LeaseStore::can_lease) any more.
    fn join_leases(&self, node: &str, lease: Duration) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// Notes that the node has applied the log up to that position, as a write, and tells it what came behind. `None`: it is not on the
    /// list any more, or has applied more than this store has told it, because the store lost acknowledged writes; then it stays on the list, since it
    /// may admit until it has the answer.
    ///
    /// # Errors
    ///
    /// A failure of the store.
    fn renew_lease(&self, node: &str, applied: u64)
    -> impl Future<Output = Result<Option<Renewal>, StoreError>> + Send;

    /// Takes a node off the list, which admits nobody from memory any more.
    ///
    /// # Errors
    ///
    /// A failure of the store.
    fn leave_leases(&self, node: &str) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// The nodes on the list that have not applied that position.
    ///
    /// # Errors
    ///
    /// A failure of the store.
    fn nodes_behind(&self, position: u64) -> impl Future<Output = Result<Vec<NodeBehind>, StoreError>> + Send;

    /// Takes this node off the list, if it has not renewed its lease since it was found behind.
    ///
    /// # Errors
    ///
    /// A failure of the store.
    fn remove_node(&self, behind: &NodeBehind) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// What a node learns when it renews its lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renewal {
    /// The position that the node has applied once it has applied these.
    pub reached: u64,
    /// What it has to forget.
    pub revoked: Vec<Change>,
}

/// A node that has not applied a position yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeBehind {
    /// Its name.
    pub node: String,
    /// How often it has renewed its lease.
    pub renewals: u64,
    /// How long it may admit from memory after it asked for a renewal.
    pub lease: Duration,
}

/// Waits until no node admits anybody any more by what was revoked at this position: every node on the list has applied it, or had time to lose
/// its lease. Such a node is taken off the list, so that the next revocation need not wait for it.
///
/// To be called when the revocation is committed. A store that fails meanwhile makes it wait for as long as any lease may last.
pub async fn until_applied<S: LeaseStore>(store: &S, position: u64) {
    let clock = LeaseClock::new();
    let mut first: Option<FirstLook> = None;
    let mut pause = Duration::from_micros(500);
    let committed = clock.now();
    let mut was_told = false;
    loop {
        match store.nodes_behind(position).await {
            Ok(behind) if behind.is_empty() => return,
            Ok(behind) if first.is_none() => {
                let longest = behind.iter().map(|node| node.lease).max().unwrap_or(LONGEST);
                // From here on, so that whoever is taken off the list has not renewed for as long.
                first = Some(FirstLook { until: clock.now() + in_any_clock(longest), behind });
            }
            Ok(_) => {}
            Err(error) if was_told => {
                tracing::debug!(%error, "which nodes still remember what was revoked is still unknown");
            }
            Err(error) => {
                was_told = true;
                tracing::warn!(%error, "which nodes still remember what was revoked cannot be determined; waiting until every lease has ended");
            }
        }
        let until = first.as_ref().map_or(committed + in_any_clock(LONGEST), |first| first.until);
        let left = until.saturating_sub(clock.now());
        if left.is_zero() {
            break;
        }
        sleep(pause.min(left)).await;
        pause = (pause * 2).min(Duration::from_millis(50));
    }
    for node in first.into_iter().flat_map(|first| first.behind) {
        let NodeBehind { node: name, lease, .. } = &node;
        tracing::warn!(node = %name, ?lease, "a node has not said within its lease that it forgot what was revoked; it is taken off the list unless it renewed");
        if let Err(error) = store.remove_node(&node).await {
            tracing::debug!(%error, "a node without a lease stays on the list for now");
        }
    }
}

struct FirstLook {
    until: Duration,
    behind: Vec<NodeBehind>,
}

/// So long by this clock is at least as long by any other: their rates differ by less than one in a hundred.
fn in_any_clock(lease: Duration) -> Duration {
    lease + lease / 100 + Duration::from_millis(1)
}

/// A name for a node that no other has.
pub(crate) fn new_name() -> Result<String, StoreError> {
    Ok(format!("{:016x}", getrandom::u64().map_err(StoreError::new)?))
}
