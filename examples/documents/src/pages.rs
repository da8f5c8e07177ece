//! Who may do what with a document: one line each.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use os_session::{UserId, connected, public};
use serde::Deserialize;

use crate::documents::{Document, Documents, Missing};
use crate::policies::{edits_document, owns_document};
use crate::sharing::{self, SharingError};
use crate::users::Group;

#[public(reason = "says what this is, the same to everybody")]
pub async fn about() -> &'static str {
    "documents that belong to somebody\n"
}

/// What the user owns or may edit.
#[connected]
pub async fn list(user: UserId, State(documents): State<Documents>) -> Json<Vec<Document>> {
    Json(documents.of(&user))
}

#[derive(Deserialize)]
pub struct Draft {
    title: String,
    text: String,
}

#[connected(deny = Group::Banned)]
pub async fn create(
    user: UserId,
    State(documents): State<Documents>,
    Json(draft): Json<Draft>,
) -> (StatusCode, Json<Document>) {
    (StatusCode::CREATED, Json(documents.create(user, draft.title, draft.text)))
}

/// An administrator is let in before anybody looks for the document: groups are decided first.
#[connected(allow = Group::Admin | owns_document | edits_document)]
pub async fn read(Path(id): Path<u64>, State(documents): State<Documents>) -> Result<Json<Document>, Missing> {
    documents.get(id).map(Json)
}

/// Administrators read, and leave the writing to those whose document it is.
#[connected(allow = owns_document | edits_document, deny = Group::Banned)]
pub async fn write(
    Path(id): Path<u64>,
    State(documents): State<Documents>,
    Json(draft): Json<Draft>,
) -> Result<Json<Document>, Missing> {
    documents.write(id, draft.title, draft.text).map(Json)
}

/// What cannot be undone wants a password that was given lately.
#[connected(allow = Group::Admin | owns_document, deny = Group::Banned, fresh = "5min")]
pub async fn delete(Path(id): Path<u64>, State(documents): State<Documents>) -> Result<StatusCode, Missing> {
    documents.delete(id).map(|()| StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
pub struct Invitation {
    editor: String,
}

/// Whoever is connected gets here; the rule is on the function that does it, wherever it is called from.
#[connected]
pub async fn share(
    Path(id): Path<u64>,
    State(documents): State<Documents>,
    Json(invitation): Json<Invitation>,
) -> Result<StatusCode, SharingError> {
    sharing::share(&documents, id, invitation.editor.into()).await?;
    Ok(StatusCode::NO_CONTENT)
}
