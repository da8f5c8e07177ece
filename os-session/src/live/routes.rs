//! What the client asks the server for.

use axum::Extension;
use axum::extract::{Query, RawQuery, Request};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Deserialize;

use crate::attributes::{connected, public};
use crate::context::Session;
use crate::error::Error;
use crate::live::{events, module};
use crate::routing::{Router, get, post};
use crate::sessions::Sessions;

/// Where all of it is, unless it is nested.
const PATH: &str = "/os-session";

impl Sessions {
    /// What the client needs, to be merged into the application's router: the module `client.js`, the stream of its events, and log-out and
    /// log-out everywhere for scripts. All of it is under `/os-session`.
    ///
    /// Pages take part by [`Process::head`](crate::Process::head); one that is a file, or `#[public]`, by a
    /// `<script type="module" src="/os-session/client.js">` of its own. Scripts import from the same module:
    ///
    /// ```js
    /// import { fetch, disconnect, disconnectAll, onConnectionChange } from "/os-session/client.js";
    /// ```
    ///
    /// - `fetch` is the browser's, and says to this site which tab sends the request, so that it reaches the tab's [slots](crate::Slot).
    /// - `disconnect()` and `disconnectAll({ userIndep })` log out, here and everywhere.
    /// - `onConnectionChange(callback)` is told of a change in place of the warning and the restart.
    ///
    /// The streams last until [`shutdown`](Sessions::shutdown), which a graceful shutdown therefore calls when the signal comes, and not after
    /// the server has come to rest:
    ///
    /// ```no_run
    /// # async fn serve(router: os_session::routing::Router, sessions: os_session::Sessions) -> Result<(), Box<dyn std::error::Error>> {
    /// # async fn interrupted() {}
    /// let app = router.merge(sessions.routes()).with_sessions(&sessions)?;
    /// let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    /// axum::serve(listener, app)
    ///     .with_graceful_shutdown(async move {
    ///         interrupted().await;
    ///         sessions.shutdown().await;
    ///     })
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn routes<S>(&self) -> Router<S>
    where
        S: Clone + Send + Sync + 'static,
    {
        let routes = Router::new()
            .route("/client.js", get(client))
            .route("/events", get(events))
            .route("/disconnect", post(disconnect))
            .route("/disconnect-all", post(disconnect_all))
            .layer(Extension(self.clone()));
        Router::new().nest(PATH, routes)
    }
}

#[public(reason = "a script, the same for everybody")]
async fn client(RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    module::serve(query.as_deref(), &headers)
}

/// Public to the guard, since it looks at the session by itself: nothing that runs in a request of the application runs here.
#[public(reason = "tells a browser's own pages when its connection changes")]
async fn events(Extension(sessions): Extension<Sessions>, request: Request) -> Response {
    events::answer(&sessions, request).await
}

/// Optional, because to log out twice is no mistake.
#[connected(opt)]
async fn disconnect(session: Session) -> Result<StatusCode, Error> {
    session.disconnect().await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
struct DisconnectAll {
    user_indep: Option<bool>,
}

#[connected(opt)]
async fn disconnect_all(session: Session, Query(asked): Query<DisconnectAll>) -> Result<StatusCode, Error> {
    session.disconnect_all().user_indep(asked.user_indep.unwrap_or(true)).await?;
    Ok(StatusCode::NO_CONTENT)
}
