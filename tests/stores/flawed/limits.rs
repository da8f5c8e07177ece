//! Wrong about how many sessions there may be.

use os_session::{End, Ended, Inserted, Limit, NewSession, Store as _, WhenFull};

use super::{Answer, Flaw, ROOMY, Right, with};

flaws! {
    /// Users may have as many sessions as they like.
    ForgetsTheLimit;
    /// Counts, and inserts in a second step.
    ChecksTheLimitBefore;
    /// Closes the session that was used last.
    EvictsTheLatest;
    /// Closes the latest opened among those seen together.
    EvictsTiesBackwards;
    /// Refuses, and inserts.
    InsertsWhenFull;
    /// Refuses, and has removed what was to be replaced.
    ReplacesWhenFull;
    /// Counts the sessions of everybody.
    CountsEverybody;
    /// Leaves the session that another takes the place of.
    KeepsTheReplaced;
    /// Replaces no session of another user.
    ReplacesOnlyOwn;
}

async fn close(right: &Right, session: &os_session::SessionKey) -> Answer<Vec<Ended>> {
    let closed = right.memory.close(session).await?;
    Ok(closed.map(|closed| Ended { why: End::Evicted, ..closed }).into_iter().collect())
}

impl Flaw for ForgetsTheLimit {
    async fn insert(&self, right: &Right, new: NewSession, _limit: Limit) -> Answer<Inserted> {
        right.insert_anyway(new).await
    }
}

impl Flaw for ChecksTheLimitBefore {
    async fn insert(&self, right: &Right, new: NewSession, limit: Limit) -> Answer<Inserted> {
        let mut listed = right.memory.list(&new.user).await?;
        listed.retain(|session| Some(session.key) != new.replaces);
        tokio::task::yield_now().await;
        let most = limit.sessions.get() as usize;
        if listed.len() >= most && limit.when_full == WhenFull::Refuse {
            return Ok(Inserted::Full);
        }
        let mut ended = Vec::new();
        for session in listed.iter().skip(most - 1) {
            ended.extend(close(right, &session.key).await?);
        }
        tokio::task::yield_now().await;
        Ok(match right.insert_anyway(new).await? {
            Inserted::Opened(others) => Inserted::Opened(ended.into_iter().chain(others).collect()),
            Inserted::Full => Inserted::Full,
        })
    }
}

impl Flaw for EvictsTheLatest {
    async fn insert(&self, right: &Right, new: NewSession, limit: Limit) -> Answer<Inserted> {
        let listed = right.memory.list(&new.user).await?;
        match listed.first().filter(|_| listed.len() >= limit.sessions.get() as usize) {
            Some(latest) => {
                let ended = close(right, &latest.key).await?;
                right.insert_anyway(new).await?;
                Ok(Inserted::Opened(ended))
            }
            None => right.memory.insert(new, limit).await,
        }
    }
}

impl Flaw for EvictsTiesBackwards {
    async fn insert(&self, right: &Right, new: NewSession, limit: Limit) -> Answer<Inserted> {
        let mut listed = right.memory.list(&new.user).await?;
        listed.sort_by_key(|session| (session.seen, std::cmp::Reverse(session.opened)));
        match listed.first().filter(|_| listed.len() >= limit.sessions.get() as usize) {
            Some(first) => {
                let ended = close(right, &first.key).await?;
                right.insert_anyway(new).await?;
                Ok(Inserted::Opened(ended))
            }
            None => right.memory.insert(new, limit).await,
        }
    }
}

impl Flaw for InsertsWhenFull {
    async fn insert(&self, right: &Right, new: NewSession, limit: Limit) -> Answer<Inserted> {
        let inserted = right.memory.insert(new.clone(), limit).await?;
        if inserted == Inserted::Full {
            right.insert_anyway(new).await?;
        }
        Ok(inserted)
    }
}

impl Flaw for ReplacesWhenFull {
    async fn insert(&self, right: &Right, new: NewSession, limit: Limit) -> Answer<Inserted> {
        let replaces = new.replaces;
        let inserted = right.memory.insert(new, limit).await?;
        if let Some(replaced) = replaces.filter(|_| inserted == Inserted::Full) {
            right.memory.close(&replaced).await?;
        }
        Ok(inserted)
    }
}

impl Flaw for CountsEverybody {
    async fn insert(&self, right: &Right, new: NewSession, limit: Limit) -> Answer<Inserted> {
        if right.memory.len() >= limit.sessions.get() as usize && limit.when_full == WhenFull::Refuse {
            return Ok(Inserted::Full);
        }
        right.memory.insert(new, limit).await
    }
}

impl Flaw for KeepsTheReplaced {
    async fn insert(&self, right: &Right, new: NewSession, limit: Limit) -> Answer<Inserted> {
        right.memory.insert(with(new, |new| new.replaces = None), limit).await
    }
}

impl Flaw for ReplacesOnlyOwn {
    async fn insert(&self, right: &Right, mut new: NewSession, limit: Limit) -> Answer<Inserted> {
        let whose = new.replaces.and_then(|replaced| right.get(&replaced)).map(|replaced| replaced.user);
        if whose.is_some_and(|user| user != new.user) {
            new.replaces = None;
        }
        right.memory.insert(new, limit).await
    }
}

/// Removes what is to be replaced, and inserts in a second step.
#[derive(Default)]
pub(crate) struct InsertsInTwoSteps;

impl Flaw for InsertsInTwoSteps {
    async fn insert(&self, right: &Right, new: NewSession, limit: Limit) -> Answer<Inserted> {
        if let Some(replaced) = new.replaces {
            close(right, &replaced).await?;
            tokio::task::yield_now().await;
        }
        right.memory.insert(new, if limit == ROOMY { ROOMY } else { limit }).await
    }
}
