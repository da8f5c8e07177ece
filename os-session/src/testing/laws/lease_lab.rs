//! What laws of leases work with: two handles on one store, and nodes that say themselves what they have applied.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::lab::{Lab, PATIENCE};
use crate::change::Change;
use crate::lease::{LONGEST, LeaseStore, NodeBehind, Renewal};
use crate::store::{AnyStore, StoreError};

/// Whoever does not wait has returned by then.
const NOTICEABLE: Duration = Duration::from_millis(100);

type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// [`LeaseStore`] without its types.
pub(super) trait AnyLeases: AnyStore {
    fn join<'a>(&'a self, node: &'a str, lease: Duration) -> Answer<'a, u64>;
    fn renew<'a>(&'a self, node: &'a str, applied: u64) -> Answer<'a, Option<Renewal>>;
    fn leave<'a>(&'a self, node: &'a str) -> Answer<'a, ()>;
    fn behind(&self, position: u64) -> Answer<'_, Vec<NodeBehind>>;
    fn remove<'a>(&'a self, behind: &'a NodeBehind) -> Answer<'a, ()>;
}

impl<T: LeaseStore> AnyLeases for T {
    fn join<'a>(&'a self, node: &'a str, lease: Duration) -> Answer<'a, u64> {
        Box::pin(self.join_leases(node, lease))
    }

    fn renew<'a>(&'a self, node: &'a str, applied: u64) -> Answer<'a, Option<Renewal>> {
        Box::pin(self.renew_lease(node, applied))
    }

    fn leave<'a>(&'a self, node: &'a str) -> Answer<'a, ()> {
        Box::pin(self.leave_leases(node))
    }

    fn behind(&self, position: u64) -> Answer<'_, Vec<NodeBehind>> {
        Box::pin(self.nodes_behind(position))
    }

    fn remove<'a>(&'a self, behind: &'a NodeBehind) -> Answer<'a, ()> {
        Box::pin(self.remove_node(behind))
    }
}

/// Two handles on the same empty store.
pub(super) struct LeaseLab {
    pub(super) one: Lab,
    pub(super) other: Lab,
    /// The list and the log, through the other handle.
    pub(super) list: Arc<dyn AnyLeases>,
}

impl LeaseLab {
    pub(super) async fn join(&self, name: &'static str) -> Node {
        self.join_for(name, LONGEST).await
    }

    pub(super) async fn join_for(&self, name: &'static str, lease: Duration) -> Node {
        let applied = self.list.join(name, lease).await.expect("a node can join");
        Node { name, list: self.list.clone(), applied }
    }

    /// Who is waited for until that position is applied.
    pub(super) async fn behind(&self, position: u64) -> Vec<NodeBehind> {
        self.list.behind(position).await.expect("who is behind is known")
    }
}

/// A node on the list.
pub(super) struct Node {
    name: &'static str,
    list: Arc<dyn AnyLeases>,
    /// The position that it has applied.
    pub(super) applied: u64,
}

impl Node {
    /// `None`: it is not on the list.
    pub(super) async fn say(&self, applied: u64) -> Option<Renewal> {
        self.list.renew(self.name, applied).await.expect("a lease is renewed")
    }

    pub(super) async fn renew(&self) -> Renewal {
        self.say(self.applied).await.expect("it is on the list")
    }

    pub(super) async fn apply(&mut self, reached: u64) {
        self.applied = reached;
        self.renew().await;
    }

    pub(super) async fn leave(&self) {
        self.list.leave(self.name).await.expect("a node can leave");
    }

    /// Renews until it is told what that task revokes, without applying it. The answer is the position that it has to apply.
    pub(super) async fn hear_of(&self, revoked: &[Change], by: &JoinHandle<()>) -> u64 {
        let hear = async {
            loop {
                let has_returned = by.is_finished();
                let renewal = self.renew().await;
                if let Some(other) = renewal.revoked.iter().find(|change| !revoked.contains(change)) {
                    panic!("{other:?} is logged, and not {revoked:?} alone");
                }
                if revoked.iter().all(|change| renewal.revoked.contains(change)) {
                    return renewal.reached;
                }
                assert!(!has_returned, "it returned, and {revoked:?} is not logged");
                sleep(Duration::from_millis(1)).await;
            }
        };
        timeout(PATIENCE, hear).await.expect("what is revoked is logged")
    }

    /// The operation revokes exactly this, and returns when the node has applied it.
    pub(super) async fn is_waited_for<F>(&mut self, revoked: &[Change], by: &Lab, operation: impl FnOnce(Lab) -> F)
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        let task = start(by, operation);
        let reached = self.hear_of(revoked, &task).await;
        waits([&task]).await;
        self.apply(reached).await;
        returns(task).await;
        assert_eq!(self.renew().await, Renewal { reached, revoked: vec![] }, "each revocation is told once");
    }
}

/// Begins an operation.
pub(super) fn start<F>(lab: &Lab, operation: impl FnOnce(Lab) -> F) -> JoinHandle<()>
where
    F: Future<Output: Send + 'static> + Send + 'static,
{
    let operation = operation(lab.clone());
    tokio::spawn(async move { drop(operation.await) })
}

/// None of them returns as things are.
pub(super) async fn waits<'a>(tasks: impl IntoIterator<Item = &'a JoinHandle<()>>) {
    sleep(NOTICEABLE).await;
    for (place, task) in tasks.into_iter().enumerate() {
        assert!(!task.is_finished(), "it returned before it was applied (the {}th of them)", place + 1);
    }
}

pub(super) async fn returns(task: JoinHandle<()>) {
    timeout(PATIENCE, task).await.expect("it returns, since nobody is behind").expect("it works");
}
