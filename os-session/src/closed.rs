//! Waiting for a session to end: WebSockets and streams outlive the decision that let them in.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::future::pending;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;

use crate::context::{Connected, Session};
use crate::declaration::Verdict;
use crate::error::Error;
use crate::sessions::Sessions;
use crate::store::{Found, SessionHandle};
use crate::token::SessionKey;
use crate::user::UserId;

/// How often a session is looked at in a store that other processes may change without a word.
const UNTOLD: Duration = Duration::from_secs(1);

/// The sessions that somebody in this process waits for.
#[derive(Debug, Default)]
pub(crate) struct Awaited(Mutex<Index>);

#[derive(Debug, Default)]
struct Index {
    sessions: HashMap<SessionHandle, AwaitedSession>,
    of_users: HashMap<UserId, Vec<SessionHandle>>,
}

#[derive(Debug)]
struct AwaitedSession {
    user: UserId,
    news: watch::Sender<News>,
}

/// What is known of a session; that it was sent at all says that something changed.
#[derive(Debug, Clone, Copy)]
struct News {
    key: SessionKey,
    ended: bool,
}

impl Awaited {
    fn index(&self) -> MutexGuard<'_, Index> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The session is gone.
    pub(crate) fn ended(&self, session: SessionHandle) {
        if let Some(session) = self.index().sessions.get(&session) {
            session.news.send_modify(|news| news.ended = true);
        }
    }

    /// The session has another key; nobody has to look again for that.
    pub(crate) fn rotated(&self, session: SessionHandle, key: SessionKey) {
        if let Some(session) = self.index().sessions.get(&session) {
            session.news.send_if_modified(|news| {
                news.key = key;
                false
            });
        }
    }

    /// The user's groups may be others now.
    pub(crate) fn groups_changed(&self, user: &UserId) {
        let index = self.index();
        let sessions = index.of_users.get(user).into_iter().flatten();
        sessions.filter_map(|session| index.sessions.get(session)).for_each(|session| session.news.send_modify(|_| ()));
    }

    fn wait_for(&self, connected: &Connected) -> Waiting<'_> {
        let mut index = self.index();
        let Index { sessions, of_users } = &mut *index;
        let session = sessions.entry(connected.handle).or_insert_with(|| {
            of_users.entry(connected.user.clone()).or_default().push(connected.handle);
            let news = News { key: connected.key, ended: false };
            AwaitedSession { user: connected.user.clone(), news: watch::Sender::new(news) }
        });
        Waiting { awaited: self, session: connected.handle, news: Some(session.news.subscribe()) }
    }
}

/// One who waits. The last one of a session takes it off the list.
struct Waiting<'a> {
    awaited: &'a Awaited,
    session: SessionHandle,
    news: Option<watch::Receiver<News>>,
}

impl Waiting<'_> {
    fn latest(&mut self) -> Option<News> {
        self.news.as_mut().map(|news| *news.borrow_and_update())
    }

    async fn news(&mut self) {
        if let Some(news) = &mut self.news {
            let _ = news.changed().await;
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut index = self.awaited.index();
        // Under the lock, or two who leave together would each count the other.
        self.news = None;
        let Index { sessions, of_users } = &mut *index;
        let Entry::Occupied(session) = sessions.entry(self.session) else { return };
        if session.get().news.receiver_count() > 0 {
            return;
        }
        let user = session.remove().user;
        if let Entry::Occupied(mut of_user) = of_users.entry(user) {
            of_user.get_mut().retain(|session| *session != self.session);
            if of_user.get().is_empty() {
                of_user.remove();
            }
        }
    }
}

impl Session {
    /// Resolves when the session that this request came with ends, however it ends, or when the user's groups change so that the
    /// handler's rule would no longer admit them: for WebSockets and streams, which go on after the handler has returned.
    ///
    /// What policies said when the request was admitted is taken to hold. It resolves too when the store cannot tell, and at
    /// [`Sessions::shutdown`]. Where nobody is connected and nobody has to be, nothing ends, and it waits for the shutdown.
    ///
    /// Changes made in this process are heard of at once. What another process does to a store that both use is seen within a second, by asking
    /// that store every second;
    /// what the application's own group provider says anew, after [`groups_changed`](Sessions::groups_changed).
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use os_session::{Session, connected};
    ///
    /// #[connected(allow = "staff")]
    /// async fn ticker(session: Session) {
    ///     tokio::spawn(async move {
    ///         // Outside the loop: each call begins by looking at the store.
    ///         let mut closed = std::pin::pin!(session.closed());
    ///         let mut ticks = tokio::time::interval(Duration::from_secs(1));
    ///         loop {
    ///             tokio::select! {
    ///                 () = &mut closed => break,
    ///                 _ = ticks.tick() => { /* send something */ }
    ///             }
    ///         }
    ///     });
    /// }
    /// ```
    pub async fn closed(&self) {
        let mut stopping = self.sessions().0.tasks.stopping();
        tokio::select! {
            () = self.lost() => {}
            _ = stopping.wait_for(|stop| *stop) => {}
        }
    }

    async fn lost(&self) {
        let connected = match self.0.connected().await {
            Ok(Some(connected)) => connected,
            Ok(None) if !self.0.requires_connection() => pending().await,
            Ok(None) | Err(_) => return,
        };
        let sessions = self.sessions();
        // First the list, then the look: what happens in between is news.
        let mut waiting = sessions.0.awaited.wait_for(&connected);
        while let Some(news) = waiting.latest().filter(|news| !news.ended) {
            let still = sessions.look_again(news.key, &connected).await;
            let again = match still {
                Ok(Some(found)) if self.is_admitted_still(&found).await => sessions.next_look(&news.key, &found),
                _ => return,
            };
            tokio::select! {
                () = waiting.news() => {}
                () = sleep(again) => {}
            }
        }
    }

    /// Whether the rule that let the request in would do so again.
    async fn is_admitted_still(&self, found: &Found) -> bool {
        let Some((rule, answers)) = self.0.admission() else { return true };
        let groups = match &self.sessions().0.groups {
            None => found.groups.clone(),
            Some(provider) => match provider.groups_of(&found.user).await {
                Ok(groups) => groups,
                Err(_) => return false,
            },
        };
        rule.verdict(&groups, answers) == Verdict::Admitted
    }
}

impl Sessions {
    /// The session as it is now. Its token may have been exchanged where nobody here was told.
    async fn look_again(&self, key: SessionKey, connected: &Connected) -> Result<Option<Found>, Error> {
        let store = &self.0.store;
        if let Some(found) = store.find(&key).await? {
            return Ok(Some(found));
        }
        let listed = store.list(&connected.user).await?;
        match listed.into_iter().find(|listed| listed.handle == connected.handle) {
            Some(listed) => {
                self.0.awaited.rotated(connected.handle, listed.key);
                Ok(store.find(&listed.key).await?)
            }
            None => Ok(None),
        }
    }

    /// When something may have changed without news: the session's time may be over, or another process may have closed it.
    fn next_look(&self, key: &SessionKey, found: &Found) -> Duration {
        if self.0.store.find_now(key).is_none() {
            return UNTOLD;
        }
        let idle = self.0.config.lifetime(found.expire).idle;
        found.seen.after(idle).min(found.ends).since(found.now).max(UNTOLD)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_no_longer_waits_leaves_nothing_behind() {
        let awaited = Awaited::default();
        let connected = |handle| Connected {
            key: SessionKey::from_bytes([handle; 32]),
            user: "alice".into(),
            handle: SessionHandle::from_u64(handle.into()),
            cookie_life: None,
            proved: Duration::ZERO,
            read: None,
        };
        let (one, two, three) =
            (awaited.wait_for(&connected(1)), awaited.wait_for(&connected(1)), awaited.wait_for(&connected(2)));
        drop(one);
        assert_eq!(awaited.index().sessions.len(), 2);
        drop(three);
        assert_eq!(awaited.index().of_users[&UserId::from("alice")], [connected(1).handle]);
        drop(two);
        assert!(awaited.index().sessions.is_empty() && awaited.index().of_users.is_empty());
    }
}
