//! A cookie whose session has ended opens no handler of any kind.

use os_session::routing::{get, post};
use os_session::testing::Browser;
use os_session::{Error, UserId, connected, connected_rpc, connected_wrapper};

use crate::site::Site;

#[connected]
async fn page() {}

/// Answered as a page here; what counts is the handshake.
#[connected]
async fn channel() {}

#[connected_rpc]
async fn rename(_: UserId) -> Result<(), Error> {
    Ok(())
}

#[connected_wrapper(allow = "admin")]
async fn purge() -> Result<(), Error> {
    Ok(())
}

#[connected(opt)]
async fn calls_rpc() -> Result<(), Error> {
    rename().await
}

#[connected(opt)]
async fn calls_wrapper() -> Result<(), Error> {
    purge().await
}

/// The statuses of a page, a form, two server functions, an event stream and a WebSocket.
async fn statuses(browser: &Browser) -> [u16; 6] {
    let same_origin = || browser.clone().with_header("sec-fetch-site", "same-origin");
    let mut events = same_origin().with_header("accept", "text/event-stream");
    let mut socket = same_origin().with_header("connection", "upgrade").with_header("upgrade", "websocket");
    [
        browser.clone().get("/page").await.status(),
        browser.clone().post("/page", &[]).await.status(),
        browser.clone().post("/rpc", &[]).await.status(),
        browser.clone().post("/wrapper", &[]).await.status(),
        events.get("/channel").await.status(),
        socket.get("/channel").await.status(),
    ]
    .map(|status| status.as_u16())
}

#[tokio::test]
async fn a_cookie_whose_session_ended_opens_no_kind_of_handler() {
    let site = Site::new().await;
    site.join("alice", &["admin"]).await;
    let router = crate::site::pages()
        .route("/page", get(page).post(page))
        .route("/rpc", post(calls_rpc))
        .route("/wrapper", post(calls_wrapper))
        .route("/channel", get(channel));
    let app = router.with_sessions(&site.sessions).unwrap();
    for path in ["/logout", "/logout-everywhere"] {
        let mut alice = Browser::connected(&app, &site.sessions, "alice").await.unwrap();
        let stolen = alice.clone();
        assert_eq!(statuses(&stolen).await, [200; 6], "{path}");
        alice.post(path, &[]).await;
        assert_eq!(statuses(&stolen).await, [401; 6], "{path}");
    }
}
