//! What a server function fails with: said by the server, read by the client.

use axum::http::StatusCode;
use leptos::prelude::{FromServerFnError, ServerFnErrorErr};
use leptos::server_fn::codec::JsonEncoding;
use os_session::Error;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum AppError {
    #[error("you are not logged in")]
    NotConnected,
    #[error("you may not do this")]
    PermissionDenied,
    #[error("this is not the name and the password of anybody")]
    WrongPassword,
    /// The session failed otherwise. A client is told the status, and the log the rest.
    #[error("something went wrong, with status {0}")]
    Session(u16),
    /// The call itself failed, on the way or in Leptos.
    #[error(transparent)]
    Call(ServerFnErrorErr),
}

impl AppError {
    pub fn status(&self) -> StatusCode {
        match self {
            Self::NotConnected => StatusCode::UNAUTHORIZED,
            Self::PermissionDenied => StatusCode::FORBIDDEN,
            Self::WrongPassword => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Session(status) => StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            Self::Call(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// How a rule refuses, in the function's own type.
impl From<Error> for AppError {
    fn from(error: Error) -> Self {
        match error {
            Error::NotConnected => Self::NotConnected,
            Error::PermissionDenied => Self::PermissionDenied,
            error => {
                leptos::logging::error!("{error}");
                Self::Session(error.status().as_u16())
            }
        }
    }
}

impl FromServerFnError for AppError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        Self::Call(error)
    }
}
