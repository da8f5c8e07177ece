//! What rules ask beyond groups: each a function over extractors, to be read and tested by itself.

use axum::extract::{Path, State};
use os_session::{UserId, policy};

use crate::documents::{Documents, Missing};

/// The document in the path belongs to the user. One that is not there is answered with 404, whatever else the rule says.
#[policy]
pub async fn owns_document(
    user: UserId,
    Path(id): Path<u64>,
    State(documents): State<Documents>,
) -> Result<bool, Missing> {
    Ok(documents.get(id)?.owner == user)
}

/// The owner of the document in the path lets the user write in it.
#[policy]
pub async fn edits_document(
    user: UserId,
    Path(id): Path<u64>,
    State(documents): State<Documents>,
) -> Result<bool, Missing> {
    Ok(documents.get(id)?.editors.contains(&user))
}
