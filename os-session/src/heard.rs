//! What other nodes change, as it is heard here.

use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

use futures_util::FutureExt as _;

use crate::awaited::Subject;
use crate::change::{Change, Listener, News};
use crate::error::Error;
use crate::sessions::{Inner, Sessions, Telling, UNTOLD};
use crate::store::StoreError;
use crate::tasks::Tasks;
use crate::user::UserId;

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

impl Sessions {
    /// Listens for as long as there are such `Sessions`, and begins anew when the store cannot any more.
    pub(crate) fn listen_in_background(&self) {
        // One that is this process's alone is let go with the last handle, and nobody else changes it.
        if !self.0.store.is_shared() {
            return;
        }
        let (store, inner) = (self.0.store.clone(), Arc::downgrade(&self.0));
        let mut stopping = self.0.tasks.stopping();
        tokio::spawn(async move {
            let mut pause = FIRST_PAUSE;
            loop {
                let told = inner.clone();
                let listener = Listener::new(move |news| {
                    if let Some(inner) = told.upgrade() {
                        Sessions(inner).heard(news);
                    }
                });
                // An application's own code may panic when it is told to forget; then as well nobody is told any more.
                let listening = AssertUnwindSafe(store.listen(listener)).catch_unwind();
                let lost = tokio::select! {
                    lost = listening => lost.unwrap_or_else(|_| StoreError::new("a listener panicked")),
                    _ = stopping.wait_for(|stop| *stop) => return,
                };
                let Some(was_told) = Self::lost_the_channel(&inner) else { return };
                if was_told {
                    tracing::warn!(error = %lost, "what other nodes change is not heard; open pages are looked up every second");
                    pause = FIRST_PAUSE;
                } else {
                    tracing::debug!(error = %lost, "what other nodes change is still not heard");
                }
                if !Tasks::pause(&mut stopping, pause + jitter(pause)).await {
                    return;
                }
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        });
    }

    /// Whether it was heard until now; `None` if nobody wants to hear it.
    fn lost_the_channel(inner: &Weak<Inner>) -> Option<bool> {
        let sessions = Self(inner.upgrade()?);
        let was_told = sessions.0.is_told.swap(false, Ordering::Relaxed);
        if was_told {
            sessions.everybody_looks();
        }
        Some(was_told)
    }

    fn heard(&self, news: News) {
        match news {
            News::Listening => {
                self.0.is_told.store(true, Ordering::Relaxed);
                tracing::debug!("what other nodes change is heard");
                // What was changed before.
                self.everybody_looks();
            }
            News::Changed(Change::Session(session)) => self.0.awaited.changed(session),
            News::Changed(Change::Groups(user)) => {
                self.forget(&Change::Groups(user.clone()));
                self.0.awaited.groups_changed(&user);
            }
            News::Changed(Change::Browser(browser)) => self.0.awaited.over(Subject::Browser(browser), None),
            News::Changed(Change::Everything) => {
                self.forget(&Change::Everything);
                self.everybody_looks();
            }
            News::Forget(change) => self.forget(&change),
            News::OwnChange => {}
        }
    }

    /// Lets the application's own groups of these users be asked for anew.
    fn forget(&self, change: &Change) {
        let Some(provider) = &self.0.groups else { return };
        match change {
            Change::Groups(user) => provider.changed(user),
            Change::Everything => provider.all_changed(),
            Change::Session(_) | Change::Browser(_) => {}
        }
    }

    fn everybody_looks(&self) {
        let awaited = self.0.awaited.clone();
        tokio::spawn(async move { awaited.all_changed(UNTOLD).await });
    }

    /// Tells that a user's groups changed in the application's own provider. Promised after each change by
    /// [`Groups::cached`](crate::Groups::cached), and harmless otherwise.
    ///
    /// This process knows at once. Over a store that several nodes share the others are told, whether what this returns is awaited or not;
    /// awaited, it returns when no node decides by what was before.
    pub fn groups_changed(&self, user: impl Into<UserId>) -> GroupsChanged {
        let user = user.into();
        if let Some(groups) = &self.0.groups {
            groups.changed(&user);
        }
        self.0.awaited.groups_changed(&user);
        GroupsChanged(self.tell_others(Change::Groups(user)))
    }
}

/// A change of groups that other nodes are being told of: what [`Sessions::groups_changed`] returns. It goes on whether it is awaited or not, and
/// is tried again until the store takes it, or [`Sessions::shutdown`]; awaited, it returns when no node decides by what was before, or with
/// the first failure.
#[derive(Debug)]
pub struct GroupsChanged(Option<Telling>);

impl IntoFuture for GroupsChanged {
    type Output = Result<(), Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            match self.0 {
                // It ends without a word with its runtime alone, and this future with it.
                Some(told) => Ok(told.await.unwrap_or_else(|_| Err(StoreError::new("the process is ending")))?),
                None => Ok(()),
            }
        })
    }
}

/// Something up to that long, so that nodes do not come back all at once.
fn jitter(most: Duration) -> Duration {
    let part = getrandom::u32().map_or(0, |random| random % 1000);
    most * part / 1000
}
