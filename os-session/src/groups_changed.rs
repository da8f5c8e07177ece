//! A change of groups in the application's own provider, told to whoever remembers.

use std::pin::Pin;

use crate::application::Function;
use crate::change::Change;
use crate::error::Error;
use crate::sessions::{Sessions, Telling};
use crate::store::StoreError;
use crate::user::UserId;

impl Sessions {
    /// Tells that a user's groups changed in the application's own provider. Promised after each change by
    /// [`Groups::cached`](crate::Groups::cached), and harmless otherwise.
    ///
    /// This process knows at once. Over a store that several nodes share the others are told, whether what this returns is awaited or not;
    /// awaited, it returns when no node decides by what was before.
    ///
    /// ```
    /// # async fn demote(sessions: os_session::Sessions) -> Result<(), os_session::Error> {
    /// // … after the row in the application's own table was changed:
    /// sessions.groups_changed("mallory").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn groups_changed(&self, user: impl Into<UserId>) -> GroupsChanged {
        let user = user.into();
        if let Err(error) = user.validate() {
            return GroupsChanged(Err(error));
        }
        let forgotten = match &self.0.groups {
            Some(groups) => Function::Groups.call(|| groups.changed(&user)),
            None => Ok(()),
        };
        self.0.awaited.groups_changed(&user);
        let told = self.tell_others(Change::Groups(user));
        GroupsChanged(forgotten.and_then(|()| Ok(told?)))
    }
}

/// A change of groups that other nodes are being told of: what [`Sessions::groups_changed`]
/// returns. It goes on whether it is awaited or not, and is tried again until the store takes it,
/// or [`Sessions::shutdown`]; awaited, it returns when no node decides by what was before, or with
/// the first failure: [`Error::UserId`] for a user id that is not [valid](UserId::validate),
/// [`Error::Store`], also where there is no tokio runtime for the notification of other nodes, and
/// [`Error::Function`] where the group provider panicked.
#[derive(Debug)]
pub struct GroupsChanged(Result<Option<Telling>, Error>);

impl IntoFuture for GroupsChanged {
    type Output = Result<(), Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            match self.0? {
                // It ends without a word with its runtime alone, and this future with it.
                Some(told) => Ok(told.await.unwrap_or_else(|_| Err(StoreError::new("the process is ending")))?),
                None => Ok(()),
            }
        })
    }
}
