//! Leases in Redis: a list of nodes and a log, which scripts read and write in one step.

use std::time::Duration;

use super::scripts::Argument::{Number, Optional, Text};
use super::{RedisStore, advice, answers};
use crate::lease::{LOG_AT_MOST, LeaseStore, NodeBehind, Renewal};
use crate::store::StoreError;

impl LeaseStore for RedisStore {
    fn can_lease(&self) -> Result<(), StoreError> {
        match self.shared.links.is_cluster() {
            true => Err(StoreError::new(
                "a cluster of Redis has no leases: it fails over by itself, and may lose what it has acknowledged; ask the store at each request, or \
                 use one primary",
            )),
            false => Ok(()),
        }
    }

    async fn join_leases(&self, node: &str, lease: Duration) -> Result<u64, StoreError> {
        self.can_lease()?;
        // It might throw away the list, and nobody would wait for this node.
        if let Some(policy) =
            self.shared.links.with_link(|mut link| async move { Ok(advice::eviction(&mut link).await) }).await?
        {
            return Err(StoreError::new(format!(
                "a Redis that throws keys away when its memory is full has no leases: its `maxmemory-policy` is {policy}; say `noeviction`"
            )));
        }
        let arguments = [Text(node), Number(answers::millis(lease))];
        answers::position(&self.ask(&self.scripts().join_leases, &arguments).await?.0)
    }

    async fn renew_lease(&self, node: &str, applied: u64) -> Result<Option<Renewal>, StoreError> {
        let arguments = [Text(node), Number(applied), Number(LOG_AT_MOST.into())];
        answers::renewal(self.ask(&self.scripts().renew_lease, &arguments).await?.0)
    }

    async fn leave_leases(&self, node: &str) -> Result<(), StoreError> {
        self.ask(&self.scripts().leave_leases, &[Text(node), Optional(None)]).await.map(drop)
    }

    async fn nodes_behind(&self, position: u64) -> Result<Vec<NodeBehind>, StoreError> {
        answers::nodes_behind(self.ask(&self.scripts().nodes_behind, &[Number(position)]).await?.0)
    }

    async fn remove_node(&self, behind: &NodeBehind) -> Result<(), StoreError> {
        let renewals = behind.renewals.to_string();
        let arguments = [Text(&behind.node), Optional(Some(renewals.as_bytes()))];
        self.ask(&self.scripts().leave_leases, &arguments).await.map(drop)
    }
}
