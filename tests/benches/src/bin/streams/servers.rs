//! Two servers with streams of events.

use std::collections::HashMap;
use std::convert::Infallible;
use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use axum::{Router, routing};
use futures_util::{Stream, stream};
use os_session::{Error, Session, Sessions, connected, public};
use os_session_benches::allocator::Allocations;
use os_session_benches::harness::resident;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::{STREAMS_OF_EACH, USERS};

pub(crate) async fn serve(app: Router) -> io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    println!("{}", listener.local_addr()?.port());
    axum::serve(listener, app).await
}

#[public(reason = "a measurement")]
async fn memory() -> String {
    format!("{} {}\n\n", Allocations::now().live(), resident())
}

#[connected(opt)]
async fn login(session: Session, Path(user): Path<String>) -> Result<(), Error> {
    session.connect(user).await
}

#[public(reason = "a measurement")]
async fn everywhere(State(sessions): State<Sessions>, Path(user): Path<String>) -> Result<(), Error> {
    sessions.disconnect_all(user).await
}

/// Pages of `head()`, as far as the server sees them.
pub(crate) async fn os_session() -> Router {
    use os_session::routing::{Router, get, post};
    let most = u32::try_from(STREAMS_OF_EACH).expect("it is a small number");
    let sessions = Sessions::builder().max_sessions_per_user(most).insecure_plain_http().build().await;
    let sessions = sessions.expect("the configuration works");
    Router::new()
        .route("/memory", get(memory))
        .route("/login/{user}", post(login))
        .route("/everywhere/{user}", post(everywhere))
        .merge(sessions.routes())
        .with_state(sessions.clone())
        .with_sessions(&sessions)
        .expect("the rules work")
}

/// Whether something happened to each user.
type Users = Arc<HashMap<String, watch::Sender<bool>>>;

async fn events(
    State(users): State<Users>,
    Path(user): Path<String>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let mut news = users[&user].subscribe();
    news.mark_changed();
    Sse::new(stream::unfold(news, async |mut news| {
        news.changed().await.ok()?;
        let name = if *news.borrow_and_update() { "change" } else { "state" };
        Some((Ok(Event::default().event(name).data("{}")), news))
    }))
    .keep_alive(KeepAlive::default())
}

/// Streams that hear of a user, with nothing around them.
pub(crate) fn plain() -> Router {
    let users: Users = Arc::new((0..USERS).map(|user| (user.to_string(), watch::Sender::new(false))).collect());
    let everywhere = async |State(users): State<Users>, Path(user): Path<String>| {
        users[&user].send_replace(true);
    };
    Router::new()
        .route("/memory", routing::get(async || format!("{} {}\n\n", Allocations::now().live(), resident())))
        .route("/login/{user}", routing::post(async || ()))
        .route("/events/{user}", routing::get(events))
        .route("/everywhere/{user}", routing::post(everywhere))
        .with_state(users)
}
