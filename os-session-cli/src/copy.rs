//! From a file of sessions to a store that several nodes share.

use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};
use os_session::{Record, RecordCounts, SqliteStore, StoreError};

use crate::address::Address;
use crate::answer::Answer;
use crate::arguments::Options;
use crate::opened;

pub(crate) async fn copy(from: &Path, to: &Address, options: &Options) -> Result<Answer, StoreError> {
    // SQLite would create the file.
    let file = SqliteStore::file_of(from)?;
    if !file.is_file() {
        return Err(StoreError::new(format!("there is no file `{}` to copy from", file.display())));
    }
    let state = SqliteStore::schema_state(from).await?;
    if state.found == 0 {
        return Err(StoreError::new(format!("`{}` holds no sessions of os-session", file.display())));
    }
    // The lock on the file tells whether the server still runs.
    let old = SqliteStore::open(from).await?;
    let mut export = old.export();
    let progress = ProgressBar::new_spinner().with_style(style());
    let next = async || {
        let batch = export.next().await?;
        progress.inc(batch.as_deref().map_or(0, |records| RecordCounts::of(records).total()));
        Ok::<Option<Vec<Record>>, StoreError>(batch)
    };
    let copied = match to {
        Address::Postgres(url) => opened::postgres(url, options)?.connect(url).await?.import(next).await?,
        Address::Redis(urls) => opened::connect(opened::redis(options).for_import(), urls).await?.import(next).await?,
        Address::Sqlite(_) => {
            return Err(StoreError::new(
                "a file of sessions is copied as files are: copy to postgres://… or redis://…",
            ));
        }
    };
    progress.finish_and_clear();
    let RecordCounts { groups, members, sessions, browsers, slots, .. } = copied;
    let text = format!(
        "copied {sessions} sessions, {groups} groups with {members} members, {browsers} browsers and {slots} values; point the application at the new store before it starts"
    );
    let answer = Answer::new(text).with("store", to.kind()).with("sessions", sessions).with("groups", groups);
    Ok(answer.with("members", members).with("browsers", browsers).with("slots", slots))
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("{spinner} {human_pos} records in {elapsed}, {per_sec}")
        .unwrap_or_else(|_| ProgressStyle::default_spinner())
}
