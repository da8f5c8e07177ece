//! Wrong as soon as there is another process: what one handle remembers, the other does not know.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard};

use os_session::{
    End, Ended, Found, Inserted, Limit, NewSession, Rotation, SessionHandle, SessionKey, SlotKey, SlotValue, SlotWrite,
    SlotWritten, Store as _, UserId,
};

use super::{Answer, Flaw, Right};

/// Remembers every answer, and forgets it at changes of its own.
#[derive(Default)]
pub(crate) struct CachesLookUps(Mutex<HashMap<SessionKey, Option<Found>>>);

impl CachesLookUps {
    fn known(&self) -> MutexGuard<'_, HashMap<SessionKey, Option<Found>>> {
        self.0.lock().unwrap()
    }
}

impl Flaw for CachesLookUps {
    async fn insert(&self, right: &Right, new: NewSession, limit: Limit) -> Answer<Inserted> {
        let inserted = right.memory.insert(new, limit).await;
        self.known().clear();
        inserted
    }

    async fn find(&self, right: &Right, key: &SessionKey) -> Answer<Option<Found>> {
        if let Some(known) = self.known().get(key) {
            return Ok(known.clone());
        }
        let found = right.memory.find(key).await?;
        self.known().insert(*key, found.clone());
        Ok(found)
    }

    async fn touch(&self, right: &Right, key: &SessionKey) -> Answer<bool> {
        self.known().clear();
        right.memory.touch(key).await
    }

    async fn rotate(&self, right: &Right, rotation: Rotation) -> Answer<bool> {
        self.known().clear();
        right.memory.rotate(rotation).await
    }

    async fn close(&self, right: &Right, key: &SessionKey) -> Answer<Option<Ended>> {
        self.known().clear();
        right.memory.close(key).await
    }

    async fn close_all(&self, right: &Right, user: &UserId, except: Option<&SessionKey>) -> Answer<Vec<Ended>> {
        self.known().clear();
        right.memory.close_all(user, except).await
    }
}

/// Counts the sessions that it opened itself.
#[derive(Default)]
pub(crate) struct CountsItsOwn(Mutex<Vec<SessionKey>>);

impl Flaw for CountsItsOwn {
    async fn insert(&self, right: &Right, new: NewSession, limit: Limit) -> Answer<Inserted> {
        let most = limit.sessions.get() as usize;
        let key = new.key;
        right.insert_anyway(new).await?;
        let mut ended = Vec::new();
        let over = {
            let mut own = self.0.lock().unwrap();
            own.push(key);
            let over = own.len().saturating_sub(most);
            own.drain(..over).collect::<Vec<_>>()
        };
        for key in over {
            ended.extend(right.memory.close(&key).await?.map(|closed| Ended { why: End::Evicted, ..closed }));
        }
        Ok(Inserted::Opened(ended))
    }
}

/// Knows the members that it added itself.
#[derive(Default)]
pub(crate) struct KnowsItsOwnMembers(Mutex<HashSet<(UserId, String)>>);

impl Flaw for KnowsItsOwnMembers {
    async fn add_to_group(&self, right: &Right, user: &UserId, group: &str) -> Answer<bool> {
        self.0.lock().unwrap().insert((user.clone(), group.to_owned()));
        right.memory.add_to_group(user, group).await
    }

    async fn in_group(&self, _right: &Right, user: &UserId, group: &str) -> Answer<bool> {
        Ok(self.0.lock().unwrap().contains(&(user.clone(), group.to_owned())))
    }
}

/// Tells of the sessions that it did not close itself that it did.
#[derive(Default)]
pub(crate) struct TellsEachProcess(Mutex<HashSet<SessionHandle>>);

impl Flaw for TellsEachProcess {
    async fn close_all(&self, right: &Right, user: &UserId, except: Option<&SessionKey>) -> Answer<Vec<Ended>> {
        right.memory.close_all(user, except).await?;
        let mut told = self.0.lock().unwrap();
        let handles = right.all().into_iter().filter(|session| session.user == *user).map(|session| session.handle);
        let untold: Vec<_> = handles.filter(|handle| told.insert(*handle)).collect();
        Ok(untold.into_iter().map(|handle| Ended { user: user.clone(), handle, why: End::Closed }).collect())
    }

    async fn purge(&self, right: &Right, most: usize) -> Answer<Vec<Ended>> {
        right.memory.purge(most).await?;
        let mut told = self.0.lock().unwrap();
        let untold = right.all().into_iter().filter(|session| told.insert(session.handle)).take(most);
        Ok(untold.map(|session| Ended { user: session.user, handle: session.handle, why: End::Expired }).collect())
    }
}

/// Remembers every slot that it read, and forgets them when it writes one.
#[derive(Default)]
pub(crate) struct CachesSlots(Mutex<HashMap<SlotKey, Option<SlotValue>>>);

impl Flaw for CachesSlots {
    async fn slot(&self, right: &Right, key: &SlotKey) -> Answer<Option<SlotValue>> {
        if let Some(known) = self.0.lock().unwrap().get(key) {
            return Ok(known.clone());
        }
        let slot = right.memory.slot(key).await?;
        self.0.lock().unwrap().insert(key.clone(), slot.clone());
        Ok(slot)
    }

    async fn write_slot(&self, right: &Right, key: &SlotKey, write: SlotWrite) -> Answer<SlotWritten> {
        self.0.lock().unwrap().clear();
        right.memory.write_slot(key, write).await
    }
}
