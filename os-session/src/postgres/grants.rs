//! What a role has to be granted, where the schema is another's.

use tokio_postgres::types::Type;
use tokio_postgres::{Client, types::ToSql};

use super::failure::failed;
use super::schema::Schema;
use crate::store::StoreError;

/// All tables that this release uses. A newer one may have made others.
const TABLES: &[&str] = &[
    "lease_node",
    "member",
    "migration",
    "named_group",
    "revocation",
    "revocation_position",
    "session",
    "slot",
    "slot_owner",
];

const MISSING: &str = "select current_user::text, string_agg(m.missing, ', ')
    from (
        select string_agg(p.privilege, ', ' order by p.privilege) || ' on ' || c.relname as missing
        from pg_catalog.pg_class c
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        cross join unnest(array['delete', 'insert', 'select', 'update']) p (privilege)
        where n.nspname = '{name}' and c.relname = any ($1) and not pg_catalog.has_table_privilege(c.oid, p.privilege)
        group by c.relname
        order by c.relname) m";

/// An error where the role may not use all of it: it would find out at a log-out.
pub(super) async fn check(client: &Client, schema: &Schema) -> Result<(), StoreError> {
    let tables: (&(dyn ToSql + Sync), Type) = (&TABLES, Type::TEXT_ARRAY);
    let rows = client.query_typed(&schema.fill(MISSING), &[tables]).await.map_err(|error| failed(&error))?;
    let row = rows.first().ok_or_else(|| StoreError::new("PostgreSQL answered with no row"))?;
    let role: String = row.try_get(0).map_err(|error| failed(&error))?;
    match row.try_get::<_, Option<String>>(1).map_err(|error| failed(&error))? {
        None => Ok(()),
        Some(missing) => Err(StoreError::new(format!(
            "the role `{role}` may not use all of the schema `{schema}`, and could not log anybody out: it lacks {missing}; as the owner say \
             `grant select, insert, update, delete on all tables in schema \"{schema}\" to \"{role}\"`",
            schema = schema.name(),
        ))),
    }
}
