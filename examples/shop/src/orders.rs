//! Orders, and the notifications that all pages of the user get, in every tab and on every device.

use std::convert::Infallible;

use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, StreamExt as _};
use os_session::{Error, Session, Slot, connected, scope, slot};
use tokio::sync::broadcast;
use tokio_stream::wrappers::BroadcastStream;

use crate::cart::Cart;
use crate::users::Group;

/// How many notifications a page may be behind.
const BEHIND: usize = 16;

/// Where a user's notifications come out. It is in memory: a page that is connected to this process is what listens.
#[slot]
static NOTIFICATIONS: Slot<broadcast::Sender<String>, scope::User> = Slot::volatile();

fn channel() -> broadcast::Sender<String> {
    broadcast::Sender::new(BEHIND)
}

/// Takes what is in the cart, and tells the user's pages.
#[connected(deny = Group::Banned)]
pub async fn order(session: Session) -> Result<Response, Error> {
    let Cart { items } = Cart::take(&session).await?;
    if items.is_empty() {
        return Ok((StatusCode::CONFLICT, "there is nothing in the cart\n").into_response());
    }
    let notification = format!("Ordered: {}", items.join(", "));
    // An error says that no page listens.
    NOTIFICATIONS.update_or_else(&session, channel, |pages| pages.send(notification.clone()).is_ok()).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

#[connected]
pub async fn notifications(session: Session) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Error> {
    let notifications = NOTIFICATIONS.update_or_else(&session, channel, |pages| pages.subscribe()).await?;
    let events = BroadcastStream::new(notifications)
        // What a page missed since it was slow is gone.
        .filter_map(async |notification| notification.ok())
        .map(|notification| Ok(Event::default().data(notification)))
        .take_until(async move { session.closed().await });
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}
