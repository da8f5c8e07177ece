//! A store with one flaw, around the memory store.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use os_session::testing::Clock;
use os_session::{
    End, Ended, Found, GroupSet, Inserted, Limit, Listed, MemoryStore, NewSession, Rotation, SessionHandle, SessionKey,
    Store, StoreError, Timestamp, UserId, WhenFull,
};

/// What is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// Nothing.
    None,
    /// Activity inserts a session that is not there.
    UpsertsOnTouch,
    /// So does a new token.
    UpsertsOnRotate,
    /// Users may have as many sessions as they like.
    ForgetsTheLimit,
    /// Counts, and inserts in a second step.
    ChecksTheLimitBefore,
    /// Closes the session that was used last.
    EvictsTheLatest,
    /// Refuses, and inserts.
    InsertsWhenFull,
    /// Sessions live on without activity.
    IgnoresIdleness,
    /// Activity makes a session anew.
    MovesTheEnd,
    /// Says that it wrote the activity.
    ForgetsActivity,
    /// Does not ask whose handle it is.
    ClosesOthersHandles,
    /// Does not ask whose sessions they are.
    ClosesEverybody,
    /// Closes the session to be kept.
    ClosesTheExceptionToo,
    /// Lists all sessions.
    ListsEverybody,
    /// A new token revives what has expired and was not purged.
    RotatesTheExpired,
    /// Tells whoever asks that the session ended just now.
    TellsTwice,
    /// Leaves the session that another takes the place of.
    KeepsTheReplaced,
    /// Purges what is live.
    PurgesTheLiving,
    /// Purges everything, however little was asked for.
    PurgesAtOnce,
    /// The old token is still good.
    KeepsTheOldKey,
    /// An insertion takes the place of what has its key.
    OverwritesKeys,
    /// Everybody is in every group.
    ForgetsWhoIsInAGroup,
    /// Does not look for groups.
    FindsNoGroups,
    /// Answers at once, and wrong.
    FindsNothingAtOnce,
}

/// See [`Flaw`].
#[derive(Debug, Clone)]
pub(crate) struct Flawed {
    flaw: Flaw,
    memory: MemoryStore,
    /// Everything that was ever inserted, by its last key.
    inserted: Arc<Mutex<HashMap<SessionKey, NewSession>>>,
    /// Everything that ever ended.
    ended: Arc<Mutex<Vec<(SessionKey, Ended)>>>,
}

const ROOMY: Limit = Limit { sessions: std::num::NonZeroU32::MAX, when_full: WhenFull::CloseOldest };

impl Flawed {
    pub(crate) fn new(clock: Clock, flaw: Flaw) -> Self {
        Self { flaw, memory: MemoryStore::with_clock(clock), inserted: Arc::default(), ended: Arc::default() }
    }

    fn is(&self, flaw: Flaw) -> bool {
        self.flaw == flaw
    }

    fn inserted(&self) -> MutexGuard<'_, HashMap<SessionKey, NewSession>> {
        self.inserted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn all(&self) -> Vec<NewSession> {
        self.inserted().values().cloned().collect()
    }

    async fn insert_anyway(&self, new: NewSession) -> Result<Inserted, StoreError> {
        self.memory.insert(new, ROOMY).await
    }
}

impl Store for Flawed {
    async fn insert(&self, mut new: NewSession, mut limit: Limit) -> Result<Inserted, StoreError> {
        match self.flaw {
            Flaw::ForgetsTheLimit => limit = ROOMY,
            Flaw::IgnoresIdleness => new.idle = new.absolute,
            Flaw::KeepsTheReplaced => new.replaces = None,
            Flaw::OverwritesKeys => drop(self.memory.close(&new.key).await?),
            Flaw::InsertsWhenFull => {
                let inserted = self.memory.insert(new.clone(), limit).await?;
                if inserted == Inserted::Full {
                    self.insert_anyway(new).await?;
                }
                return Ok(inserted);
            }
            Flaw::ChecksTheLimitBefore => {
                let mut listed = self.memory.list(&new.user).await?;
                listed.retain(|session| Some(session.key) != new.replaces);
                tokio::task::yield_now().await;
                let mut ended = Vec::new();
                if listed.len() >= limit.sessions.get() as usize {
                    if limit.when_full == WhenFull::Refuse {
                        return Ok(Inserted::Full);
                    }
                    for session in listed.iter().skip(limit.sessions.get() as usize - 1) {
                        let closed = self.memory.close(&session.key).await?;
                        ended.extend(closed.map(|closed| Ended { why: End::Evicted, ..closed }));
                    }
                }
                return Ok(match self.insert_anyway(new).await? {
                    Inserted::Opened(others) => Inserted::Opened(ended.into_iter().chain(others).collect()),
                    Inserted::Full => Inserted::Full,
                });
            }
            Flaw::EvictsTheLatest => {
                let listed = self.memory.list(&new.user).await?;
                if let Some(latest) = listed.first().filter(|_| listed.len() >= limit.sessions.get() as usize) {
                    let closed = self.memory.close(&latest.key).await?;
                    self.insert_anyway(new).await?;
                    let evicted = closed.map(|closed| Ended { why: End::Evicted, ..closed });
                    return Ok(Inserted::Opened(evicted.into_iter().collect()));
                }
            }
            _ => {}
        }
        self.inserted().insert(new.key, new.clone());
        self.memory.insert(new, limit).await
    }

    async fn find(&self, key: &SessionKey) -> Result<Option<Found>, StoreError> {
        let found = self.memory.find(key).await?;
        Ok(match self.flaw {
            Flaw::FindsNoGroups => found.map(|found| Found { groups: GroupSet::default(), ..found }),
            _ => found,
        })
    }

    fn find_now(&self, key: &SessionKey) -> Option<Result<Option<Found>, StoreError>> {
        match self.flaw {
            Flaw::FindsNothingAtOnce => Some(Ok(None)),
            Flaw::None => self.memory.find_now(key),
            _ => None,
        }
    }

    async fn touch(&self, key: &SessionKey) -> Result<bool, StoreError> {
        if self.is(Flaw::ForgetsActivity) {
            return Ok(self.memory.find(key).await?.is_some());
        }
        let touched = self.memory.touch(key).await?;
        let new = self.inserted().get(key).cloned();
        match (self.flaw, new) {
            (Flaw::UpsertsOnTouch, Some(new)) if !touched => {
                // What has expired is still there, and its key is taken.
                Ok(self.insert_anyway(new).await.is_ok())
            }
            (Flaw::MovesTheEnd, Some(new)) if touched => {
                self.memory.close(key).await?;
                self.insert_anyway(new).await?;
                Ok(true)
            }
            _ => Ok(touched),
        }
    }

    async fn rotate(&self, rotation: Rotation) -> Result<bool, StoreError> {
        let rotated = self.memory.rotate(rotation).await?;
        let new = self.inserted().get(&rotation.from).cloned();
        match (self.flaw, new) {
            (Flaw::UpsertsOnRotate, Some(mut new)) if !rotated => {
                new.key = rotation.to;
                self.insert_anyway(new).await?;
                Ok(true)
            }
            (Flaw::RotatesTheExpired, Some(mut new)) if !rotated => {
                let expired = self.memory.close(&rotation.from).await?.is_some();
                new.key = rotation.to;
                if expired {
                    self.insert_anyway(new).await?;
                }
                Ok(expired)
            }
            (Flaw::KeepsTheOldKey, Some(new)) if rotated => {
                self.insert_anyway(new).await?;
                Ok(true)
            }
            _ => Ok(rotated),
        }
    }

    async fn close(&self, key: &SessionKey) -> Result<Option<Ended>, StoreError> {
        let closed = self.memory.close(key).await?;
        if !self.is(Flaw::TellsTwice) {
            return Ok(closed);
        }
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        ended.extend(closed.map(|closed| (*key, closed)));
        Ok(ended.iter().find(|(other, _)| other == key).map(|(_, ended)| ended.clone()))
    }

    async fn close_handle(&self, user: &UserId, handle: SessionHandle) -> Result<Option<Ended>, StoreError> {
        if self.is(Flaw::ClosesOthersHandles) {
            let somebodys = self.all().into_iter().find(|other| other.handle == handle);
            if let Some(other) = somebodys {
                return self.memory.close_handle(&other.user, handle).await;
            }
        }
        self.memory.close_handle(user, handle).await
    }

    async fn close_all(&self, user: &UserId, except: Option<&SessionKey>) -> Result<Vec<Ended>, StoreError> {
        match self.flaw {
            Flaw::ClosesTheExceptionToo => self.memory.close_all(user, None).await,
            Flaw::ClosesEverybody => {
                let mut ended = Vec::new();
                for other in self.all() {
                    ended.extend(self.memory.close_all(&other.user, except).await?);
                }
                Ok(ended)
            }
            _ => self.memory.close_all(user, except).await,
        }
    }

    async fn list(&self, user: &UserId) -> Result<Vec<Listed>, StoreError> {
        if !self.is(Flaw::ListsEverybody) {
            return self.memory.list(user).await;
        }
        let mut users: Vec<_> = self.all().into_iter().map(|other| other.user).collect();
        users.sort();
        users.dedup();
        let mut listed = Vec::new();
        for user in users {
            listed.extend(self.memory.list(&user).await?);
        }
        listed.sort_by_key(|session| std::cmp::Reverse::<Timestamp>(session.seen));
        Ok(listed)
    }

    async fn purge(&self, most: usize) -> Result<Vec<Ended>, StoreError> {
        match self.flaw {
            Flaw::PurgesAtOnce => self.memory.purge(usize::MAX).await,
            Flaw::PurgesTheLiving => {
                let mut ended = self.memory.purge(most).await?;
                for other in self.all().into_iter().take(most - ended.len()) {
                    ended.extend(self.memory.close(&other.key).await?);
                }
                Ok(ended)
            }
            _ => self.memory.purge(most).await,
        }
    }

    async fn create_group(&self, name: &str) -> Result<(), StoreError> {
        self.memory.create_group(name).await
    }

    async fn all_groups(&self) -> Result<Vec<String>, StoreError> {
        self.memory.all_groups().await
    }

    async fn add_to_group(&self, user: &UserId, group: &str) -> Result<bool, StoreError> {
        self.memory.add_to_group(user, group).await
    }

    async fn remove_from_group(&self, user: &UserId, group: &str) -> Result<bool, StoreError> {
        self.memory.remove_from_group(user, group).await
    }

    async fn in_group(&self, user: &UserId, group: &str) -> Result<bool, StoreError> {
        if self.is(Flaw::ForgetsWhoIsInAGroup) {
            return Ok(self.memory.all_groups().await?.iter().any(|name| name == group));
        }
        self.memory.in_group(user, group).await
    }
}
