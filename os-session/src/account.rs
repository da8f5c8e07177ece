//! The user as the application's own type.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::ops::{Deref, DerefMut};
use std::str::FromStr;
use std::sync::Arc;

use axum::BoxError;

use crate::application::Function;
use crate::context::Session;
use crate::error::Error;
use crate::user::{InvalidUserId, UserId};

/// A type that a [`UserId`] leads to: a number, a name, or an account from the application's own table.
///
/// ```
/// use std::collections::HashMap;
/// use std::convert::Infallible;
/// use os_session::{FromUser, User, UserId, connected};
///
/// #[derive(Clone)]
/// struct App { accounts: HashMap<UserId, Account> }
///
/// #[derive(Clone)]
/// struct Account { name: String }
///
/// impl FromUser<App> for Account {
///     type Error = Infallible;
///
///     async fn from_user(id: &UserId, app: &App) -> Result<Option<Self>, Infallible> {
///         Ok(app.accounts.get(id).cloned()) // None: the account is gone, and its session with it
///     }
/// }
///
/// #[connected]
/// async fn me(account: User<Account>) -> String {
///     format!("you are {}", account.name)
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be made from a `UserId` with state `{S}`",
    label = "not a user type",
    note = "a user type is an integer, a `String`, `UserId`, or implements `os_session::FromUser<{S}>`; with feature `uuid` also `uuid::Uuid`"
)]
pub trait FromUser<S>: Clone + Send + Sync + Sized + 'static {
    /// Why the user could not be loaded: the request is answered with 503, and the error is logged.
    type Error: Into<BoxError>;

    /// Loads the user. `None` says that the account is gone: its session is closed, close hooks run, and the request
    /// goes on unconnected.
    ///
    /// # Errors
    ///
    /// Whatever prevents an answer. [`InvalidUserId`] is answered with 500 instead of 503.
    fn from_user(id: &UserId, state: &S) -> impl Future<Output = Result<Option<Self>, Self::Error>> + Send;
}

/// Who is connected, as the application's own type: an extractor, loaded at most once a request.
///
/// `Option<User<T>>` never refuses for want of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct User<T>(pub T);

impl<T> Deref for User<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for User<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T: fmt::Display> fmt::Display for User<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[diagnostic::do_not_recommend]
impl<S> FromUser<S> for UserId
where
    S: Sync,
{
    type Error = InvalidUserId;

    async fn from_user(id: &UserId, _: &S) -> Result<Option<Self>, InvalidUserId> {
        Ok(Some(id.clone()))
    }
}

/// So that a function under `#[connected_rpc]` may take what a handler takes.
#[diagnostic::do_not_recommend]
impl<T, S> FromUser<S> for User<T>
where
    T: FromUser<S>,
    S: Sync,
{
    type Error = Error;

    async fn from_user(id: &UserId, state: &S) -> Result<Option<Self>, Error> {
        let session = Session::current().ok();
        Ok(load(session.as_ref(), id, state).await?.map(User))
    }
}

macro_rules! parsed {
    ($($(#[$cfg:meta])* $user:ty)*) => {$(
        $(#[$cfg])*
        #[diagnostic::do_not_recommend]
        impl<S> FromUser<S> for $user
        where
            S: Sync,
        {
            type Error = InvalidUserId;

            async fn from_user(id: &UserId, _: &S) -> Result<Option<Self>, InvalidUserId> {
                parse(id)
            }
        }
    )*};
}

fn parse<T: FromStr>(id: &UserId) -> Result<Option<T>, InvalidUserId> {
    id.parse().map(Some)
}

parsed!(i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize String #[cfg(feature = "uuid")] uuid::Uuid);

/// The user as `T`, loaded once a request if there is one, however many ask at the same time.
pub(crate) async fn load<T, S>(session: Option<&Session>, user: &UserId, state: &S) -> Result<Option<T>, Error>
where
    T: FromUser<S>,
{
    let Some(Session(context)) = session else {
        return ask(user, state).await;
    };
    let loaded = context.loaded_user::<T>(user);
    let value = loaded.get_or_try_init(async || {
        let deadline = context.sessions.0.config.hook_deadline;
        let asked = Function::FromUser(std::any::type_name::<T>()).outcome(deadline, ask(user, state));
        let value: Option<T> = asked.await??;
        Ok::<_, Error>(value.map(|value| Arc::new(value) as Arc<dyn Any + Send + Sync>))
    });
    let Some(value) = value.await? else {
        context.note_account_gone(user);
        return Ok(None);
    };
    Ok(value.downcast_ref::<T>().cloned())
}

async fn ask<T, S>(user: &UserId, state: &S) -> Result<Option<T>, Error>
where
    T: FromUser<S>,
{
    T::from_user(user, state).await.map_err(|error| {
        // Ours already, where one user type is made of another.
        let error = match error.into().downcast::<Error>() {
            Ok(error) => return *error,
            Err(error) => error,
        };
        match error.downcast::<InvalidUserId>() {
            Ok(invalid) => Error::from(*invalid),
            Err(error) => Error::User(error),
        }
    })
}
