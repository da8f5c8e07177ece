//! What is being written in a tab: one a tab, whoever is connected. Another tab has another one, and a reload begins anew.

use axum::Json;
use os_session::{Error, Session, Slot, connected, scope, slot};
use serde_json::Value;

/// Whatever the page's script makes of it. Its size is limited, as that of every slot.
#[slot]
static DRAFT: Slot<Value, scope::UserIndepProcess> = Slot::persistent("draft");

#[connected(opt)]
pub async fn show(session: Session) -> Result<Json<Option<Value>>, Error> {
    Ok(Json(DRAFT.get(&session).await?))
}

/// Answers what is kept now.
#[connected(opt)]
pub async fn save(session: Session, Json(draft): Json<Value>) -> Result<Json<Value>, Error> {
    DRAFT.set(&session, draft.clone()).await?;
    Ok(Json(draft))
}
