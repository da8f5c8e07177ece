//! Wrong about what is live, and under which key.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use os_session::{
    Authenticated, Ended, Found, Inserted, Limit, Listed, NewSession, Rotation, SessionHandle, SessionKey, Store as _,
    UserId,
};

use super::{Answer, Flaw, ROOMY, Right, with};

flaws! {
    /// Activity inserts a session that is not there.
    UpsertsOnTouch;
    /// So does a new token.
    UpsertsOnRotate;
    /// A look-up does.
    AdoptsUnknownKeys;
    /// An insertion takes the place of what has its key.
    OverwritesKeys;
    /// Removes the session to be replaced, then sees that the key is taken.
    ReplacesBeforeItLooks;
    /// Does not look for the session to be replaced under another key.
    ReplacesByKeyAlone;
    /// Sessions live on without activity.
    IgnoresIdleness;
    /// Says of a session that it is there until its absolute end.
    TellsTheEndForTheExpiry;
    /// Activity makes a session anew.
    MovesTheEnd;
    /// Says that it wrote the activity.
    ForgetsActivity;
    /// Activity is the user's.
    TouchesAll;
    /// Does not look at the time when it lists.
    ListsTheExpired;
    /// Nor when it writes activity.
    TouchesTheExpired;
    /// Counts what expired.
    CountsTheExpired;
    /// A new token revives what has expired and was not purged.
    RotatesTheExpired;
    /// The old token is still good.
    KeepsTheOldKey;
    /// A new token counts as activity.
    SeesOnRotate;
    /// A new token always proves who the user is.
    AlwaysAuthenticates;
    /// A new token takes the place of another session.
    RotatesOverOthers;
    /// Writes the new key and deletes the old, be they the same.
    DeletesTheOldKey;
    /// Answers at once, and wrong.
    FindsNothingAtOnce;
    /// Removes the session, and inserts it under its new key.
    RotatesInTwoSteps;
}

impl Flaw for TellsTheEndForTheExpiry {
    async fn find(&self, right: &Right, key: &SessionKey) -> Answer<Option<Found>> {
        Ok(right.memory.find(key).await?.map(|found| Found { expires: found.ends, ..found }))
    }
}

impl Flaw for UpsertsOnTouch {
    async fn touch(&self, right: &Right, key: &SessionKey) -> Answer<bool> {
        match right.get(key) {
            Some(new) if !right.memory.touch(key).await? => Ok(right.insert_anyway(new).await.is_ok()),
            new => Ok(new.is_some()),
        }
    }
}

impl Flaw for UpsertsOnRotate {
    async fn rotate(&self, right: &Right, rotation: Rotation) -> Answer<bool> {
        if !right.memory.rotate(rotation).await? {
            let Some(new) = right.get(&rotation.from) else { return Ok(false) };
            right.insert_anyway(with(new, |new| new.key = rotation.to)).await?;
        }
        Ok(true)
    }
}

impl Flaw for AdoptsUnknownKeys {
    async fn find(&self, right: &Right, key: &SessionKey) -> Answer<Option<Found>> {
        if right.get(key).is_none() {
            right.insert_anyway(NewSession::new(*key, "alice", SessionHandle::from_u64(99))).await?;
        }
        right.memory.find(key).await
    }
}

impl Flaw for OverwritesKeys {
    async fn insert(&self, right: &Right, new: NewSession, limit: Limit) -> Answer<Inserted> {
        right.memory.close(&new.key).await?;
        right.memory.insert(new, limit).await
    }
}

impl Flaw for ReplacesByKeyAlone {
    async fn insert(&self, right: &Right, mut new: NewSession, limit: Limit) -> Answer<Inserted> {
        new.replaces_session = None;
        right.memory.insert(new, limit).await
    }
}

impl Flaw for ReplacesBeforeItLooks {
    async fn insert(&self, right: &Right, new: NewSession, limit: Limit) -> Answer<Inserted> {
        if let Some(replaced) = &new.replaces {
            right.memory.close(replaced).await?;
        }
        right.memory.insert(new, limit).await
    }
}

impl Flaw for IgnoresIdleness {
    async fn insert(&self, right: &Right, new: NewSession, limit: Limit) -> Answer<Inserted> {
        right.memory.insert(with(new, |new| new.idle = new.absolute), limit).await
    }
}

impl Flaw for MovesTheEnd {
    async fn touch(&self, right: &Right, key: &SessionKey) -> Answer<bool> {
        let touched = right.memory.touch(key).await?;
        if let Some(new) = right.get(key).filter(|_| touched) {
            right.insert_again(new).await?;
        }
        Ok(touched)
    }
}

impl Flaw for ForgetsActivity {
    async fn touch(&self, right: &Right, key: &SessionKey) -> Answer<bool> {
        Ok(right.memory.find(key).await?.is_some())
    }
}

impl Flaw for TouchesAll {
    async fn touch(&self, right: &Right, key: &SessionKey) -> Answer<bool> {
        let touched = right.memory.touch(key).await?;
        for session in right.all() {
            right.memory.touch(&session.key).await?;
        }
        Ok(touched)
    }
}

impl Flaw for ListsTheExpired {
    async fn list(&self, right: &Right, user: &UserId) -> Answer<Vec<Listed>> {
        let mut listed = right.memory.list(user).await?;
        for session in right.all().into_iter().filter(|session| session.user == *user) {
            if let Some(ended) = right.memory.close(&session.key).await? {
                if ended.why == os_session::End::Expired {
                    let seen = right.clock.now();
                    let NewSession { key, handle, device, .. } = session;
                    listed.push(Listed { key, handle, device, opened: seen, seen });
                } else {
                    right.insert_anyway(session).await?;
                }
            }
        }
        Ok(listed)
    }
}

impl Flaw for TouchesTheExpired {
    async fn touch(&self, right: &Right, key: &SessionKey) -> Answer<bool> {
        let touched = right.memory.touch(key).await?;
        match right.get(key) {
            Some(new) if !touched && right.memory.close(key).await?.is_some() => {
                right.insert_anyway(new).await?;
                Ok(true)
            }
            _ => Ok(touched),
        }
    }
}

impl Flaw for CountsTheExpired {
    async fn insert(&self, right: &Right, new: NewSession, limit: Limit) -> Answer<Inserted> {
        let ever = right.all().iter().filter(|session| session.user == new.user).count();
        if ever > limit.sessions.get() as usize {
            return Ok(Inserted::Full);
        }
        right.memory.insert(new, limit).await
    }
}

impl Flaw for RotatesTheExpired {
    async fn rotate(&self, right: &Right, rotation: Rotation) -> Answer<bool> {
        let rotated = right.memory.rotate(rotation).await?;
        match right.get(&rotation.from) {
            Some(new) if !rotated && right.memory.close(&rotation.from).await?.is_some() => {
                right.insert_anyway(with(new, |new| new.key = rotation.to)).await?;
                Ok(true)
            }
            _ => Ok(rotated),
        }
    }
}

impl Flaw for KeepsTheOldKey {
    async fn rotate(&self, right: &Right, rotation: Rotation) -> Answer<bool> {
        let rotated = right.memory.rotate(rotation).await?;
        if let Some(new) = right.get(&rotation.from).filter(|_| rotated) {
            right.insert_anyway(new).await?;
        }
        Ok(rotated)
    }
}

impl Flaw for SeesOnRotate {
    async fn rotate(&self, right: &Right, rotation: Rotation) -> Answer<bool> {
        let rotated = right.memory.rotate(rotation).await?;
        right.memory.touch(&rotation.to).await?;
        Ok(rotated)
    }
}

impl Flaw for AlwaysAuthenticates {
    async fn rotate(&self, right: &Right, rotation: Rotation) -> Answer<bool> {
        right.memory.rotate(Rotation { authenticated: Authenticated::Now, ..rotation }).await
    }
}

impl Flaw for RotatesOverOthers {
    async fn rotate(&self, right: &Right, rotation: Rotation) -> Answer<bool> {
        if rotation.from != rotation.to {
            right.memory.close(&rotation.to).await?;
        }
        right.memory.rotate(rotation).await
    }
}

impl Flaw for DeletesTheOldKey {
    async fn rotate(&self, right: &Right, rotation: Rotation) -> Answer<bool> {
        if rotation.from == rotation.to {
            return Ok(right.memory.close(&rotation.from).await?.is_some());
        }
        right.memory.rotate(rotation).await
    }
}

impl Flaw for FindsNothingAtOnce {
    fn find_now(&self, _right: &Right, _key: &SessionKey) -> Option<Answer<Option<Found>>> {
        Some(Ok(None))
    }
}

impl Flaw for RotatesInTwoSteps {
    async fn rotate(&self, right: &Right, rotation: Rotation) -> Answer<bool> {
        let new = right.get(&rotation.from).filter(|new| new.key == rotation.from);
        let (Some(new), Some(_)) = (new, right.memory.find(&rotation.from).await?) else {
            return right.memory.rotate(rotation).await;
        };
        right.memory.close(&rotation.from).await?;
        tokio::task::yield_now().await;
        right.memory.insert(with(new, |new| new.key = rotation.to), ROOMY).await?;
        Ok(true)
    }
}

/// The old token is good for another new one: a chain that never forgets.
#[derive(Default)]
pub(crate) struct FollowsOldKeys(Mutex<HashMap<SessionKey, SessionKey>>);

impl Flaw for FollowsOldKeys {
    async fn rotate(&self, right: &Right, rotation: Rotation) -> Answer<bool> {
        let mut from = rotation.from;
        while let Some(next) = self.0.lock().unwrap().get(&from) {
            from = *next;
        }
        let rotated = right.memory.rotate(Rotation { from, ..rotation }).await?;
        if rotated {
            self.0.lock().unwrap().insert(rotation.from, rotation.to);
        }
        Ok(rotated)
    }

    async fn close(&self, right: &Right, key: &SessionKey) -> Answer<Option<Ended>> {
        right.memory.close(key).await
    }
}

/// Reads, waits a little, and writes back: what happened in between is lost.
#[derive(Default)]
pub(crate) struct WritesBack;

impl Flaw for WritesBack {
    async fn touch(&self, right: &Right, key: &SessionKey) -> Answer<bool> {
        let found = right.memory.find(key).await?;
        tokio::time::sleep(Duration::from_millis(2)).await;
        if let Some(new) = right.get(key).filter(|_| found.is_some()) {
            right.insert_again(new).await?;
        }
        Ok(found.is_some())
    }

    async fn rotate(&self, right: &Right, rotation: Rotation) -> Answer<bool> {
        let found = right.memory.find(&rotation.from).await?;
        tokio::time::sleep(Duration::from_millis(2)).await;
        if let Some(new) = right.get(&rotation.from).filter(|_| found.is_some()) {
            right.memory.close(&rotation.from).await?;
            right.insert_anyway(with(new, |new| new.key = rotation.to)).await?;
        }
        Ok(found.is_some())
    }
}
