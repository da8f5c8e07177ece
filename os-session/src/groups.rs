//! Who is in which group: the application's own answer, or the store's tables.

use std::borrow::Cow;
use std::collections::{BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::BoxError;

use crate::application::Function;
use crate::error::Error;
use crate::group::GroupSet;
use crate::user::UserId;

/// An application's own way to say which groups a user is in.
///
/// It is asked at most once a request, and only if a rule on the way names a group. Any closure
/// from [`UserId`] to a future of names is one (a `Vec`, an array, a slice, a set or an `Option` of
/// strings or of variants of a `#[derive(Group)]` enum, or a `Result` of one: [`GroupNames`]), and
/// so is a type of the application:
///
/// ```
/// use os_session::{BoxError, Groups, UserId};
///
/// struct Roles(std::collections::HashMap<UserId, &'static str>);
///
/// impl Groups for Roles {
///     async fn groups_of(&self, user: &UserId) -> Result<Vec<String>, BoxError> {
///         Ok(self.0.get(user).map(|role| role.to_string()).into_iter().collect())
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say which groups a user is in",
    note = "a group provider is a closure `|user: UserId| async move {{ names }}`, where names are a `Vec`, an array, a slice, a set or an `Option` of \
            strings or group variants, or a `Result` of one; or a type that implements `os_session::Groups`"
)]
pub trait Groups: Send + Sync + 'static {
    /// The names of the groups that the user is in. Names that no rule mentions do no harm.
    ///
    /// # Errors
    ///
    /// Whatever prevents an answer: the request is refused with 503, never as if the user were in no group.
    fn groups_of(&self, user: &UserId) -> impl Future<Output = Result<Vec<String>, BoxError>> + Send;

    /// What is remembered of the user's groups, if this provider remembers.
    fn remembered(&self, user: &UserId) -> Option<GroupSet> {
        let _ = user;
        None
    }

    /// Another answer is to be expected for this user from now on.
    fn changed(&self, user: &UserId) {
        let _ = user;
    }

    /// Another answer is to be expected for every user.
    fn all_changed(&self) {}

    /// Remembers the answers, until [`Sessions::groups_changed`](crate::Sessions::groups_changed) says otherwise.
    ///
    /// With this the application promises to call it after every change of a user's groups. Over a store that several nodes share, answers are
    /// remembered only under a lease, see [`LeasedStore`](crate::LeasedStore): otherwise another node would not forget in time.
    fn cached(self) -> CachedGroups<Self>
    where
        Self: Sized,
    {
        CachedGroups { provider: self, generation: AtomicU64::new(0), answers: Mutex::default() }
    }
}

#[diagnostic::do_not_recommend]
impl<F, Fut> Groups for F
where
    F: Fn(UserId) -> Fut + Send + Sync + 'static,
    Fut: Future + Send,
    Fut::Output: GroupNames,
{
    async fn groups_of(&self, user: &UserId) -> Result<Vec<String>, BoxError> {
        let answer = self(user.clone());
        answer.await.into_names()
    }
}

/// What a closure may return when it is asked for a user's groups: a collection of strings or of
/// variants of a `#[derive(Group)]` enum, a reference to one, an `Arc`, a `Box` or a `Cow` of one,
/// or a `Result` of one.
///
/// What is behind a reference is cloned. An iterator, and a collection of another crate by value,
/// need `.collect::<Vec<_>>()`.
pub trait GroupNames {
    /// The names, or why there are none.
    ///
    /// # Errors
    ///
    /// Whatever prevented an answer.
    fn into_names(self) -> Result<Vec<String>, BoxError>;
}

macro_rules! collections_of_names {
    ($([$($generics:tt)*] $collection:ty),* $(,)?) => {$(
        impl<N: Into<String>, $($generics)*> GroupNames for $collection {
            fn into_names(self) -> Result<Vec<String>, BoxError> {
                Ok(self.into_iter().map(Into::into).collect())
            }
        }
    )*};
}

collections_of_names!(
    [] Vec<N>, [] VecDeque<N>, [] LinkedList<N>, [] BinaryHeap<N>, [] BTreeSet<N>, [H] HashSet<N, H>, [] Option<N>,
    [const K: usize] [N; K],
);

impl<'a, C, N> GroupNames for &'a C
where
    C: ?Sized,
    &'a C: IntoIterator<Item = &'a N>,
    N: Clone + Into<String> + 'a,
{
    fn into_names(self) -> Result<Vec<String>, BoxError> {
        Ok(self.into_iter().cloned().map(Into::into).collect())
    }
}

macro_rules! pointers_to_collections_of_names {
    ($([$($generics:tt)*] $pointer:ty),* $(,)?) => {$(
        impl<$($generics)*> GroupNames for $pointer
        where
            for<'a> &'a C: GroupNames,
        {
            fn into_names(self) -> Result<Vec<String>, BoxError> {
                (&*self).into_names()
            }
        }
    )*};
}

pointers_to_collections_of_names!(
    [C: ?Sized] Arc<C>, [C: ?Sized] Box<C>, [C: ToOwned + ?Sized] Cow<'_, C>,
);

impl<T, E> GroupNames for Result<T, E>
where
    T: GroupNames,
    E: Into<BoxError>,
{
    fn into_names(self) -> Result<Vec<String>, BoxError> {
        self.map_err(Into::into)?.into_names()
    }
}

/// A group provider that remembers, made by [`Groups::cached`].
#[derive(Debug)]
pub struct CachedGroups<G> {
    provider: G,
    /// Counts changes, so that an answer that was on its way during one is not kept.
    generation: AtomicU64,
    answers: Mutex<HashMap<UserId, GroupSet>>,
}

/// Where the cache is emptied and begins anew: a bound on memory, far above the users who are active at a time.
const REMEMBERED: usize = 100_000;

impl<G> Groups for CachedGroups<G>
where
    G: Groups,
{
    async fn groups_of(&self, user: &UserId) -> Result<Vec<String>, BoxError> {
        let before = self.generation.load(Ordering::SeqCst);
        let names = self.provider.groups_of(user).await?;
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        if self.generation.load(Ordering::SeqCst) == before {
            if answers.len() >= REMEMBERED {
                answers.clear();
            }
            answers.insert(user.clone(), names.iter().collect());
        }
        Ok(names)
    }

    fn remembered(&self, user: &UserId) -> Option<GroupSet> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).get(user).cloned()
    }

    fn changed(&self, user: &UserId) {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        self.generation.fetch_add(1, Ordering::SeqCst);
        answers.remove(user);
        drop(answers);
        self.provider.changed(user);
    }

    fn all_changed(&self) {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        self.generation.fetch_add(1, Ordering::SeqCst);
        answers.clear();
        drop(answers);
        self.provider.all_changed();
    }
}

type Asked<'a> = Pin<Box<dyn Future<Output = Result<GroupSet, BoxError>> + Send + 'a>>;

/// [`Groups`] without its types, so that `Sessions` has none.
pub(crate) trait AnyGroups: Send + Sync {
    fn groups_of<'a>(&'a self, user: &'a UserId) -> Asked<'a>;
    /// An error where the application's code panicked.
    fn remembered(&self, user: &UserId) -> Result<Option<GroupSet>, Error>;
    fn changed(&self, user: &UserId);
    fn all_changed(&self);
}

impl<G> AnyGroups for G
where
    G: Groups,
{
    fn groups_of<'a>(&'a self, user: &'a UserId) -> Asked<'a> {
        Box::pin(async move { Ok(Groups::groups_of(self, user).await?.iter().collect()) })
    }

    fn remembered(&self, user: &UserId) -> Result<Option<GroupSet>, Error> {
        Function::Groups.call(|| Groups::remembered(self, user))
    }

    fn changed(&self, user: &UserId) {
        Groups::changed(self, user);
    }

    fn all_changed(&self) {
        Groups::all_changed(self);
    }
}
