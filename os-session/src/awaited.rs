//! Who waits in this process for news of a session, or of a browser in which nobody is connected.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;

use crate::process::ProcessId;
use crate::store::SessionHandle;
use crate::token::{BrowserKey, SessionKey};
use crate::user::UserId;

/// Of what somebody waits for news.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Subject {
    /// News is that it ended, or that its user's groups may have changed.
    Session(SessionHandle),
    /// News is that somebody logged in.
    Browser(BrowserKey),
}

/// What is known of a subject; that it was sent at all says that something may have changed.
#[derive(Debug, Clone, Default)]
pub(crate) struct News {
    /// The key that the session has by now, if its token was exchanged.
    pub(crate) key: Option<SessionKey>,
    pub(crate) over: Option<Over>,
}

/// The session ended, or the browser is no longer one in which nobody is connected.
#[derive(Debug, Clone)]
pub(crate) struct Over {
    /// The tab of this very browser that asked for it, if it said which it is.
    pub(crate) by: Option<ProcessId>,
}

/// The subjects that somebody in this process waits for.
#[derive(Debug, Default)]
pub(crate) struct Awaited(Mutex<Index>);

#[derive(Debug, Default)]
struct Index {
    subjects: HashMap<Subject, AwaitedSubject>,
    sessions_of: HashMap<UserId, Vec<Subject>>,
}

#[derive(Debug)]
struct AwaitedSubject {
    /// Whose session it is.
    user: Option<UserId>,
    news: watch::Sender<News>,
}

impl Awaited {
    fn index(&self) -> MutexGuard<'_, Index> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The session has ended, or somebody is connected in the browser.
    pub(crate) fn over(&self, subject: Subject, by: Option<ProcessId>) {
        if let Some(subject) = self.index().subjects.get(&subject) {
            subject.news.send_modify(|news| news.over = Some(Over { by }));
        }
    }

    /// Something of the session may have changed elsewhere.
    pub(crate) fn changed(&self, session: SessionHandle) {
        if let Some(session) = self.index().subjects.get(&Subject::Session(session)) {
            session.news.send_modify(|_| ());
        }
    }

    /// Anything may have changed elsewhere: whoever waits for a session looks again, one after the other, within that time.
    pub(crate) async fn all_changed(&self, within: Duration) {
        const STEPS: u32 = 50;
        let subjects: Vec<_> = self.index().subjects.keys().copied().collect();
        for some in subjects.chunks(subjects.len().div_ceil(STEPS as usize).max(1)) {
            for subject in some {
                if let Subject::Session(session) = subject {
                    self.changed(*session);
                }
            }
            sleep(within / STEPS).await;
        }
    }

    /// The session has another key; nobody has to look again for that.
    pub(crate) fn rotated(&self, session: SessionHandle, key: SessionKey) {
        if let Some(session) = self.index().subjects.get(&Subject::Session(session)) {
            session.news.send_if_modified(|news| {
                news.key = Some(key);
                false
            });
        }
    }

    /// The user's groups may be others now.
    pub(crate) fn groups_changed(&self, user: &UserId) {
        let index = self.index();
        let sessions = index.sessions_of.get(user).into_iter().flatten();
        sessions.filter_map(|session| index.subjects.get(session)).for_each(|session| session.news.send_modify(|_| ()));
    }

    /// Waits for news of this user's session.
    pub(crate) fn of_session(self: &Arc<Self>, session: SessionHandle, user: &UserId) -> Waiting {
        self.wait_for(Subject::Session(session), Some(user))
    }

    /// Waits for a log-in in this browser.
    pub(crate) fn of_browser(self: &Arc<Self>, browser: BrowserKey) -> Waiting {
        self.wait_for(Subject::Browser(browser), None)
    }

    fn wait_for(self: &Arc<Self>, subject: Subject, user: Option<&UserId>) -> Waiting {
        let mut index = self.index();
        let Index { subjects, sessions_of } = &mut *index;
        let awaited = subjects.entry(subject).or_insert_with(|| {
            if let Some(user) = user {
                sessions_of.entry(user.clone()).or_default().push(subject);
            }
            AwaitedSubject { user: user.cloned(), news: watch::Sender::default() }
        });
        Waiting { awaited: self.clone(), subject, news: Some(awaited.news.subscribe()) }
    }
}

/// One who waits. The last one of a subject takes it off the list.
#[derive(Debug)]
pub(crate) struct Waiting {
    awaited: Arc<Awaited>,
    subject: Subject,
    news: Option<watch::Receiver<News>>,
}

impl Waiting {
    /// All that is known by now.
    pub(crate) fn latest(&mut self) -> News {
        self.news.as_mut().map(|news| news.borrow_and_update().clone()).unwrap_or_default()
    }

    /// Resolves when there is more to be known than at the last look.
    pub(crate) async fn news(&mut self) {
        if let Some(news) = &mut self.news {
            let _ = news.changed().await;
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut index = self.awaited.index();
        // Under the lock, or two who leave together would each count the other.
        self.news = None;
        let Index { subjects, sessions_of } = &mut *index;
        let Entry::Occupied(subject) = subjects.entry(self.subject) else { return };
        if subject.get().news.receiver_count() > 0 {
            return;
        }
        let Some(user) = subject.remove().user else { return };
        if let Entry::Occupied(mut sessions) = sessions_of.entry(user) {
            sessions.get_mut().retain(|session| *session != self.subject);
            if sessions.get().is_empty() {
                sessions.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_no_longer_waits_leaves_nothing_behind() {
        let awaited = Arc::new(Awaited::default());
        let alice = UserId::from("alice");
        let session = |handle| awaited.of_session(SessionHandle::from_u64(handle), &alice);
        let (one, two, three) = (session(1), session(1), session(2));
        let nobody = awaited.of_browser(BrowserKey::from_bytes([0; 32]));
        drop(one);
        assert_eq!(awaited.index().subjects.len(), 3);
        drop(three);
        assert_eq!(awaited.index().sessions_of[&alice], [Subject::Session(SessionHandle::from_u64(1))]);
        drop((two, nobody));
        assert!(awaited.index().subjects.is_empty() && awaited.index().sessions_of.is_empty());
    }
}
