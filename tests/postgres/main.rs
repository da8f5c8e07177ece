//! The store in PostgreSQL, against a real server.

mod laws;

use os_session::connected;

/// The laws of groups tell apart the groups that rules name.
#[connected(allow = "admin", deny = "banned")]
async fn _names_groups() {}
