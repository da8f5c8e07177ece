//! A rule on a function that is no handler: whatever calls it, it checks before it runs.

use axum::response::{IntoResponse, Response};
use os_session::{Error, UserId, connected_rpc};

use crate::documents::{Documents, Missing};
use crate::users::Group;

#[derive(Debug, thiserror::Error)]
pub enum SharingError {
    #[error(transparent)]
    Session(#[from] Error),
    #[error(transparent)]
    Missing(#[from] Missing),
}

impl IntoResponse for SharingError {
    fn into_response(self) -> Response {
        match self {
            Self::Session(error) => error.into_response(),
            Self::Missing(missing) => missing.into_response(),
        }
    }
}

/// Lets somebody write in a document.
///
/// The caller does not pass `user`: it is whoever is connected, and the rule has looked at them. What depends on an argument, here whose
/// document it is, is decided in the body.
#[connected_rpc(deny = Group::Banned)]
pub async fn share(user: UserId, documents: &Documents, id: u64, editor: UserId) -> Result<(), SharingError> {
    if documents.get(id)?.owner != user {
        return Err(Error::PermissionDenied.into());
    }
    documents.add_editor(id, editor)?;
    Ok(())
}
