//! Settings of the server under which it may forget what it has acknowledged.

use tokio_postgres::Client;

use super::failure::failed;
use crate::store::StoreError;

const SETTINGS: &str = "select current_setting('fsync'), current_setting('synchronous_commit'),
    (select count(*) filter (where r.sync_state = 'async') > 0 and count(*) filter (where r.sync_state <> 'async') = 0
     from pg_catalog.pg_stat_replication r)";

/// What to change, a sentence each.
pub(super) async fn of(client: &Client) -> Result<Vec<String>, StoreError> {
    let row = client.query_one(SETTINGS, &[]).await.map_err(|error| failed(&error))?;
    let text = |column| row.try_get::<_, String>(column).map_err(|error| failed(&error));
    // Who may not see the standbys is not told of any.
    let is_async = row.try_get::<_, Option<bool>>(2).map_err(|error| failed(&error))?.unwrap_or(false);
    Ok(sentences(&text(0)?, &text(1)?, is_async))
}

fn sentences(fsync: &str, synchronous_commit: &str, standbys_are_async: bool) -> Vec<String> {
    let mut advice = Vec::new();
    if fsync == "off" {
        advice.push("`fsync` is off: a crash of the machine may lose log-outs, and damage the database; switch it on");
    }
    if synchronous_commit == "off" {
        advice.push("`synchronous_commit` is off: a crash takes the last log-outs back; switch it on for the role or the database");
    }
    if standbys_are_async {
        advice.push(
            "the standbys follow asynchronously: one that is promoted may bring revoked sessions back; name one in `synchronous_standby_names`, and promote that",
        );
    }
    advice.into_iter().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_be_forgotten_is_told() {
        assert_eq!(sentences("on", "on", false), [""; 0]);
        assert_eq!(sentences("on", "remote_apply", false), [""; 0]);
        let all = sentences("off", "off", true);
        assert!(
            all[0].contains("fsync") && all[1].contains("synchronous_commit") && all[2].contains("promoted"),
            "{all:?}"
        );
    }
}
