//! Leases in Redis: a list of nodes and a log, which scripts read and write in one step.

use std::time::Duration;

use super::scripts::Argument::{Number, Optional, Text};
use super::{RedisStore, answers};
use crate::lease::{Behind, LeaseStore, Renewal};
use crate::store::StoreError;

/// At more revocations than these, a node that has not heard of them forgets everything: it is the shorter answer.
const MOST: u64 = 10_000;

impl LeaseStore for RedisStore {
    async fn join_leases(&self, node: &str, lease: Duration) -> Result<u64, StoreError> {
        if self.shared.links.is_cluster() {
            return Err(StoreError::new(
                "a cluster of Redis has no leases: it fails over by itself, and may lose what it has acknowledged; ask the store at each request, or use one primary",
            ));
        }
        let arguments = [Text(node), Number(answers::millis(lease))];
        answers::position(&self.ask(&self.scripts().join_leases, &arguments).await?.0)
    }

    async fn renew_lease(&self, node: &str, applied: u64) -> Result<Option<Renewal>, StoreError> {
        let arguments = [Text(node), Number(applied), Number(MOST)];
        answers::renewal(self.ask(&self.scripts().renew_lease, &arguments).await?.0)
    }

    async fn leave_leases(&self, node: &str) -> Result<(), StoreError> {
        self.ask(&self.scripts().leave_leases, &[Text(node), Optional(None)]).await.map(drop)
    }

    async fn behind(&self, position: u64) -> Result<Vec<Behind>, StoreError> {
        answers::behind(self.ask(&self.scripts().behind, &[Number(position)]).await?.0)
    }

    async fn take_off(&self, behind: &Behind) -> Result<(), StoreError> {
        let renewals = behind.renewals.to_string();
        let arguments = [Text(&behind.node), Optional(Some(renewals.as_bytes()))];
        self.ask(&self.scripts().leave_leases, &arguments).await.map(drop)
    }
}
