//! An account that is gone ends its session.

use crate::account::{FromUser, load};
use crate::context::Session;
use crate::error::Error;
use crate::lifecycle::close_gone;

/// The connected user's account. One that is gone ends its session, and the request goes on unconnected.
pub(crate) async fn account<T, S>(session: &Session, state: &S) -> Result<Option<T>, Error>
where
    T: FromUser<S>,
{
    let Some(user) = session.user().await? else {
        return Ok(None);
    };
    let account = load(Some(session), &user, state).await?;
    if account.is_none() {
        close_gone(session).await?;
    }
    Ok(account)
}
