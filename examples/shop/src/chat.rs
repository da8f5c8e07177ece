//! The chat: everybody hears what one says, as long as they are connected.

use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade, close_code};
use axum::response::Response;
use os_session::{Session, UserId, connected};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use crate::users::Group;

/// The longest message, in bytes.
const LONGEST: usize = 4096;

/// How many messages one may be behind, before some are skipped.
const BEHIND: usize = 64;

#[derive(Clone)]
pub struct Chat(broadcast::Sender<Utf8Bytes>);

impl Chat {
    pub fn new() -> Self {
        Self(broadcast::Sender::new(BEHIND))
    }
}

/// The rule is decided at the handshake. Whoever logs out, or gets banned, is not heard any more within the moment.
#[connected(deny = Group::Banned)]
pub async fn join(user: UserId, session: Session, State(chat): State<Chat>, upgrade: WebSocketUpgrade) -> Response {
    upgrade.max_message_size(LONGEST).on_upgrade(async move |socket| talk(user, session, chat, socket).await)
}

async fn talk(user: UserId, session: Session, Chat(room): Chat, mut socket: WebSocket) {
    let mut heard = room.subscribe();
    // Outside the loop: each call begins by looking at the store.
    let mut closed = std::pin::pin!(session.closed());
    loop {
        tokio::select! {
            () = &mut closed => break,
            said = socket.recv() => match said {
                Some(Ok(Message::Text(text))) => {
                    // There is one who hears it: this one.
                    let _ = room.send(format!("{user}: {text}").into());
                }
                Some(Ok(_)) => {} // the library answers pings, and binary messages mean nothing here
                Some(Err(_)) | None => return,
            },
            message = heard.recv() => match message {
                Ok(text) => {
                    if socket.send(Message::Text(text)).await.is_err() {
                        return;
                    }
                }
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => break,
            },
        }
    }
    let goodbye = CloseFrame { code: close_code::POLICY, reason: "the session is over".into() };
    // Whether it arrives is not ours to know: the connection ends with it.
    let _ = socket.send(Message::Close(Some(goodbye))).await;
}
