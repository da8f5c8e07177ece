//! Sessions of a user, and those whose time is over.

use std::fmt::Write as _;

use indicatif::ProgressBar;
use os_session::{Listed, SessionHandle, Store, StoreError, UserId};
use serde_json::json;

use crate::address::Address;
use crate::answer::{Answer, moment, shown};
use crate::arguments::{Options, Sessions};
use crate::opened::{self, with_store};

/// How many sessions are purged before progress is shown.
const STEP: usize = 1000;

pub(crate) async fn run(command: Sessions, address: &Address, options: &Options) -> Result<Answer, StoreError> {
    let opened = opened::open(address, options).await?;
    with_store!(&opened, store => match command {
        Sessions::List { user } => list(store, &user.into()).await,
        Sessions::Close { user, handle: Some(handle), .. } => close(store, &user.into(), handle).await,
        Sessions::Close { user, with_browsers, .. } => close_all(store, &user.into(), with_browsers).await,
        Sessions::CloseEverybody => {
            let closed = store.close_everybody().await?;
            Ok(Answer::new(format!("closed {}", sessions(closed))).with("closed", closed))
        }
        Sessions::Purge { most } => purge(store, most.map_or(usize::MAX, usize::from)).await,
    })
}

async fn list(store: &impl Store, user: &UserId) -> Result<Answer, StoreError> {
    let listed = store.list(user).await?;
    let mut text = String::new();
    for Listed { handle, device, opened, seen, .. } in &listed {
        let device = shown(device.as_deref().unwrap_or("an unknown device"));
        let _ = writeln!(text, "{handle}  opened {}  seen {}  {device}", moment(*opened), moment(*seen));
    }
    if listed.is_empty() {
        "no live session".clone_into(&mut text);
    }
    let in_json = listed.iter().map(|session| {
        json!({
            "handle": session.handle.to_string(),
            "device": session.device.as_deref(),
            "opened_ms": session.opened.as_millis(),
            "seen_ms": session.seen.as_millis(),
        })
    });
    Ok(Answer::new(text).with("sessions", in_json.collect::<Vec<_>>()))
}

async fn close(store: &impl Store, user: &UserId, handle: SessionHandle) -> Result<Answer, StoreError> {
    let closed = store.close_handle(user, handle).await?.is_some();
    let text = if closed { "closed 1 session" } else { "the user has no session of that name" };
    Ok(Answer::new(text).with("closed", usize::from(closed)).is(closed))
}

async fn close_all(store: &impl Store, user: &UserId, with_browsers: bool) -> Result<Answer, StoreError> {
    let closed = match with_browsers {
        true => store.close_all_with_browsers(user).await?,
        false => store.close_all(user, None).await?,
    };
    Ok(Answer::new(format!("closed {}", sessions(closed.len() as u64))).with("closed", closed.len()))
}

async fn purge(store: &impl Store, most: usize) -> Result<Answer, StoreError> {
    let progress = ProgressBar::new_spinner();
    let mut purged = 0;
    while purged < most {
        let step = STEP.min(most - purged);
        let ended = store.purge(step).await?.len();
        purged += ended;
        progress.set_message(format!("{} purged", sessions(purged as u64)));
        progress.tick();
        if ended < step {
            break;
        }
    }
    progress.finish_and_clear();
    Ok(Answer::new(format!("purged {}", sessions(purged as u64))).with("purged", purged))
}

fn sessions(number: u64) -> String {
    if number == 1 { "1 session".to_owned() } else { format!("{number} sessions") }
}
