//! The chat: everybody hears what one says, as long as they are connected.

use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade, close_code};
use axum::response::Response;
use os_session::{Session, UserId, connected};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::timeout;

use crate::users::Group;

/// The longest message, in bytes.
const LONGEST: usize = 4096;

/// How many messages one may be behind, before some are skipped.
const BEHIND: usize = 64;

/// How long a browser has to confirm the end.
const GOODBYE: Duration = Duration::from_secs(5);

#[derive(Clone)]
pub struct Chat(broadcast::Sender<Utf8Bytes>);

impl Chat {
    pub fn new() -> Self {
        Self(broadcast::Sender::new(BEHIND))
    }
}

/// The rule is decided at the handshake. Whoever logs out, or gets banned, is out at once.
#[connected(deny = Group::Banned)]
pub async fn join(user: UserId, session: Session, State(chat): State<Chat>, upgrade: WebSocketUpgrade) -> Response {
    upgrade.max_message_size(LONGEST).on_upgrade(async move |mut socket| {
        tokio::select! {
            () = talk(&user, chat, &mut socket) => {}
            // Beside the talk and not in it, where it would wait with a browser that reads nothing.
            () = session.closed() => say_goodbye(&mut socket).await,
        }
    })
}

/// Until the browser leaves.
async fn talk(user: &UserId, Chat(room): Chat, socket: &mut WebSocket) {
    let mut heard = room.subscribe();
    loop {
        tokio::select! {
            said = socket.recv() => match said {
                Some(Ok(Message::Text(text))) => {
                    // There is one who hears it: this one.
                    let _ = room.send(format!("{user}: {text}").into());
                }
                Some(Ok(_)) => {} // pings are answered without us, and binary messages mean nothing here
                Some(Err(_)) | None => return,
            },
            message = heard.recv() => match message {
                Ok(text) => {
                    if socket.send(Message::Text(text)).await.is_err() {
                        return;
                    }
                }
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            },
        }
    }
}

/// The browser confirms, or it might not learn the reason before the connection is gone.
async fn say_goodbye(socket: &mut WebSocket) {
    let reason = CloseFrame { code: close_code::POLICY, reason: "You are no longer connected.".into() };
    let goodbye = async {
        if socket.send(Message::Close(Some(reason))).await.is_ok() {
            while let Some(Ok(_)) = socket.recv().await {}
        }
    };
    // One that does not answer has heard enough.
    let _ = timeout(GOODBYE, goodbye).await;
}
