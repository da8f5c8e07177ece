//! Wrong about what ends, and who is told.

use std::sync::Mutex;

use os_session::{
    End, Ended, Inserted, Limit, Listed, NewSession, SessionHandle, SessionKey, Store as _, Timestamp, UserId,
};

use super::{Answer, Flaw, Right};

flaws! {
    /// Does not ask whose handle it is.
    ClosesOthersHandles;
    /// Does not ask whose sessions they are.
    ClosesEverybody;
    /// Closes the session to be kept.
    ClosesTheExceptionToo;
    /// Closes as many as fit into one statement.
    ClosesAHundred;
    /// Closes one after another.
    ClosesInSteps;
    /// Tells whoever asks that the session ended just now.
    TellsTwice;
    /// Lists what it closes, and then closes it.
    TellsWhatItListed;
    /// Lists all sessions.
    ListsEverybody;
    /// Lists the earliest opened first among those seen together.
    ListsTiesBackwards;
    /// Purges what is live.
    PurgesTheLiving;
    /// Purges everything, however little was asked for.
    PurgesAtOnce;
    /// Takes none for no limit.
    PurgesAllForNone;
    /// Purges fewer than it could.
    PurgesHalfABatch;
    /// Removes what expired at a log-in, and tells nobody.
    ForgetsToTellTheExpired;
    /// Tells that it closed what had expired.
    CallsTheExpiredClosed;
    /// Tells that what expired was replaced.
    CallsTheExpiredReplaced;
}

impl Flaw for ClosesOthersHandles {
    async fn close_handle(&self, right: &Right, user: &UserId, handle: SessionHandle) -> Answer<Option<Ended>> {
        let somebodys = right.all().into_iter().find(|other| other.handle == handle);
        right.memory.close_handle(&somebodys.map_or(user.clone(), |other| other.user), handle).await
    }
}

impl Flaw for ClosesEverybody {
    async fn close_all(&self, right: &Right, _user: &UserId, except: Option<&SessionKey>) -> Answer<Vec<Ended>> {
        let mut ended = Vec::new();
        for other in right.all() {
            ended.extend(right.memory.close_all(&other.user, except).await?);
        }
        Ok(ended)
    }
}

impl Flaw for ClosesTheExceptionToo {
    async fn close_all(&self, right: &Right, user: &UserId, _except: Option<&SessionKey>) -> Answer<Vec<Ended>> {
        right.memory.close_all(user, None).await
    }
}

impl Flaw for ClosesAHundred {
    async fn close_all(&self, right: &Right, user: &UserId, except: Option<&SessionKey>) -> Answer<Vec<Ended>> {
        let mut ended = Vec::new();
        for session in right.memory.list(user).await?.iter().take(100).filter(|session| Some(&session.key) != except) {
            ended.extend(right.memory.close(&session.key).await?);
        }
        Ok(ended)
    }
}

impl Flaw for ClosesInSteps {
    async fn close_all(&self, right: &Right, user: &UserId, except: Option<&SessionKey>) -> Answer<Vec<Ended>> {
        let mut ended = Vec::new();
        for session in right.memory.list(user).await?.iter().filter(|session| Some(&session.key) != except) {
            ended.extend(right.memory.close(&session.key).await?);
            tokio::task::yield_now().await;
        }
        Ok(ended)
    }
}

impl Flaw for TellsWhatItListed {
    async fn close_all(&self, right: &Right, user: &UserId, except: Option<&SessionKey>) -> Answer<Vec<Ended>> {
        let listed = right.memory.list(user).await?;
        tokio::task::yield_now().await;
        right.memory.close_all(user, except).await?;
        let told = listed.into_iter().filter(|session| Some(&session.key) != except);
        Ok(told.map(|Listed { handle, .. }| Ended { user: user.clone(), handle, why: End::Closed }).collect())
    }
}

impl Flaw for ListsEverybody {
    async fn list(&self, right: &Right, _user: &UserId) -> Answer<Vec<Listed>> {
        let mut users: Vec<_> = right.all().into_iter().map(|other| other.user).collect();
        users.sort();
        users.dedup();
        let mut listed = Vec::new();
        for user in users {
            listed.extend(right.memory.list(&user).await?);
        }
        listed.sort_by_key(|session| std::cmp::Reverse::<Timestamp>(session.seen));
        Ok(listed)
    }
}

impl Flaw for ListsTiesBackwards {
    async fn list(&self, right: &Right, user: &UserId) -> Answer<Vec<Listed>> {
        let mut listed = right.memory.list(user).await?;
        listed.sort_by_key(|session| (std::cmp::Reverse(session.seen), session.opened));
        Ok(listed)
    }
}

impl Flaw for PurgesTheLiving {
    async fn purge(&self, right: &Right, most: usize) -> Answer<Vec<Ended>> {
        let mut ended = right.memory.purge(most).await?;
        for other in right.all().into_iter().take(most - ended.len()) {
            ended.extend(right.memory.close(&other.key).await?);
        }
        Ok(ended)
    }
}

impl Flaw for PurgesAtOnce {
    async fn purge(&self, right: &Right, _most: usize) -> Answer<Vec<Ended>> {
        right.memory.purge(usize::MAX).await
    }
}

impl Flaw for PurgesAllForNone {
    async fn purge(&self, right: &Right, most: usize) -> Answer<Vec<Ended>> {
        right.memory.purge(if most == 0 { usize::MAX } else { most }).await
    }
}

impl Flaw for PurgesHalfABatch {
    async fn purge(&self, right: &Right, most: usize) -> Answer<Vec<Ended>> {
        right.memory.purge(most.min(64)).await
    }
}

impl Flaw for ForgetsToTellTheExpired {
    async fn insert(&self, right: &Right, new: NewSession, limit: Limit) -> Answer<Inserted> {
        Ok(match right.memory.insert(new, limit).await? {
            Inserted::Opened(mut ended) => {
                ended.retain(|ended| ended.why != End::Expired);
                Inserted::Opened(ended)
            }
            Inserted::Full => Inserted::Full,
        })
    }
}

impl Flaw for CallsTheExpiredClosed {
    async fn close(&self, right: &Right, key: &SessionKey) -> Answer<Option<Ended>> {
        Ok(right.memory.close(key).await?.map(|ended| Ended { why: End::Closed, ..ended }))
    }
}

impl Flaw for CallsTheExpiredReplaced {
    async fn insert(&self, right: &Right, new: NewSession, limit: Limit) -> Answer<Inserted> {
        let replaces = new.replaces.is_some();
        Ok(match right.memory.insert(new, limit).await? {
            Inserted::Opened(mut ended) if replaces => {
                for ended in &mut ended {
                    ended.why = End::Replaced;
                }
                Inserted::Opened(ended)
            }
            inserted => inserted,
        })
    }
}

impl Flaw for TellsTwice {
    async fn close(&self, right: &Right, key: &SessionKey) -> Answer<Option<Ended>> {
        right.memory.close(key).await?;
        let known = right.get(key);
        Ok(known.map(|session| Ended { user: session.user, handle: session.handle, why: End::Closed }))
    }
}

/// A handle that was closed stays closed.
#[derive(Default)]
pub(crate) struct ClosesAHandleOnce(Mutex<Vec<SessionHandle>>);

impl Flaw for ClosesAHandleOnce {
    async fn close_handle(&self, right: &Right, user: &UserId, handle: SessionHandle) -> Answer<Option<Ended>> {
        if self.0.lock().unwrap().contains(&handle) {
            return Ok(None);
        }
        let closed = right.memory.close_handle(user, handle).await?;
        self.0.lock().unwrap().extend(closed.as_ref().map(|closed| closed.handle));
        Ok(closed)
    }
}

/// Reads what expired, and removes it in a second step.
#[derive(Default)]
pub(crate) struct PurgesInTwoSteps(Mutex<Vec<Ended>>);

impl Flaw for PurgesInTwoSteps {
    async fn purge(&self, right: &Right, most: usize) -> Answer<Vec<Ended>> {
        let ended = right.memory.purge(most).await?;
        // Whoever reads before it is removed is told as well.
        self.0.lock().unwrap().extend(ended.iter().cloned());
        Ok(self.0.lock().unwrap().clone())
    }
}
