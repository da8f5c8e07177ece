//! Leases in PostgreSQL: a list of nodes, and a log whose position is one row.

use std::time::Duration;

use super::{PostgresStore, rows};
use crate::lease::{Behind, LeaseStore, Renewal};
use crate::store::StoreError;

/// At more revocations than these, a node that has not heard of them forgets everything: it is the shorter answer.
const MOST: i64 = 10_000;

impl LeaseStore for PostgresStore {
    async fn join_leases(&self, node: &str, lease: Duration) -> Result<u64, StoreError> {
        let rows = self.pool().query(&self.statements().join_leases, &[&node, &rows::millis(lease)]).await?;
        rows::joined_at(rows::only(&rows)?)
    }

    async fn renew_lease(&self, node: &str, applied: u64) -> Result<Option<Renewal>, StoreError> {
        let rows = self.pool().query(&self.statements().renew_lease, &[&node, &applied.cast_signed(), &MOST]).await?;
        rows::renewal(rows::only(&rows)?)
    }

    async fn leave_leases(&self, node: &str) -> Result<(), StoreError> {
        self.pool().execute(&self.statements().leave_leases, &[&node]).await.map(drop)
    }

    async fn behind(&self, position: u64) -> Result<Vec<Behind>, StoreError> {
        let rows = self.pool().query(&self.statements().behind, &[&position.cast_signed()]).await?;
        rows.iter().map(rows::behind).collect()
    }

    async fn take_off(&self, behind: &Behind) -> Result<(), StoreError> {
        let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 2] =
            [&behind.node, &behind.renewals.cast_signed()];
        self.pool().execute(&self.statements().take_off, &parameters).await.map(drop)
    }
}
