//! Leases in PostgreSQL: a list of nodes, and a log whose position is one row.

use std::time::Duration;

use super::pool::Parameters;
use super::{PostgresStore, rows};
use crate::lease::{LOG_AT_MOST, LeaseStore, NodeBehind, Renewal};
use crate::store::StoreError;

/// On connections of their own: a lease that ends because requests have all the others would send them more.
impl LeaseStore for PostgresStore {
    async fn join_leases(&self, node: &str, lease: Duration) -> Result<u64, StoreError> {
        rows::joined_at(
            &self.shared.leases.query_one(&self.statements().join_leases, &[&node, &rows::millis(lease)]).await?,
        )
    }

    async fn renew_lease(&self, node: &str, applied: u64) -> Result<Option<Renewal>, StoreError> {
        let parameters: Parameters<'_> = &[&node, &applied.cast_signed(), &i64::from(LOG_AT_MOST)];
        rows::renewal(&self.shared.leases.query_one(&self.statements().renew_lease, parameters).await?)
    }

    async fn leave_leases(&self, node: &str) -> Result<(), StoreError> {
        self.shared.leases.execute(&self.statements().leave_leases, &[&node]).await.map(drop)
    }

    async fn nodes_behind(&self, position: u64) -> Result<Vec<NodeBehind>, StoreError> {
        let rows = self.shared.leases.query(&self.statements().nodes_behind, &[&position.cast_signed()]).await?;
        rows.iter().map(rows::node_behind).collect()
    }

    async fn remove_node(&self, behind: &NodeBehind) -> Result<(), StoreError> {
        let parameters: Parameters<'_> = &[&behind.node, &behind.renewals.cast_signed()];
        self.shared.leases.execute(&self.statements().remove_node, parameters).await.map(drop)
    }
}
