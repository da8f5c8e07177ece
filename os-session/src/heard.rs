//! What other nodes change, as it is heard here.

use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::sync::oneshot;

use crate::awaited::Subject;
use crate::change::{Change, Listener, News};
use crate::sessions::{Inner, Sessions};
use crate::store::StoreError;
use crate::tasks::Tasks;

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

impl Sessions {
    /// Listens for as long as there are such `Sessions`, and begins anew when the store cannot any more. The store knows of it when this returns.
    pub(crate) async fn listen_in_background(&self) {
        // One that is this process's alone is let go with the last handle, and nobody else changes it.
        if !self.0.store.is_shared() {
            return;
        }
        let (store, inner) = (self.0.store.clone(), Arc::downgrade(&self.0));
        let mut stopping = self.0.tasks.stopping();
        let (tell, registered) = oneshot::channel();
        tokio::spawn(async move {
            let mut pause = FIRST_PAUSE;
            let mut tell = Some(tell);
            let told = inner.clone();
            // The same one each time: a store may know it by that.
            let listener = Listener::new(move |news| {
                if let Some(inner) = told.upgrade() {
                    Sessions(inner).heard(news);
                }
            });
            loop {
                // An application's own code may panic when it is told to forget; then as well nobody is told any more.
                let mut listening = pin!(AssertUnwindSafe(store.listen(listener.clone())).catch_unwind());
                if let Some(tell) = tell.take() {
                    // A first step, in which a store takes note of the listener.
                    let ended = listening.as_mut().now_or_never();
                    let _ = tell.send(());
                    if ended.is_some() {
                        continue;
                    }
                }
                let lost = tokio::select! {
                    lost = &mut listening => lost.unwrap_or_else(|_| StoreError::new("a listener panicked")),
                    _ = stopping.wait_for(|stop| *stop) => return,
                };
                let Some(was_told) = Self::lost_the_channel(&inner) else { return };
                if was_told {
                    tracing::warn!(error = %lost, "the channel of changes is lost: until it is back, open pages and streams are looked up every second");
                    pause = FIRST_PAUSE;
                } else {
                    tracing::debug!(error = %lost, "the channel of changes is still lost");
                }
                if !Tasks::pause(&mut stopping, pause + jitter(pause)).await {
                    return;
                }
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        });
        let _ = registered.await;
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
                tracing::debug!("the channel of changes is open");
                // What was changed before.
                self.everybody_looks();
                self.doubt_all();
            }
            News::Changed(Change::Session(session)) => {
                self.0.awaited.changed(session);
                self.doubt(session);
            }
            News::Changed(Change::Groups(user)) => {
                self.forget(&Change::Groups(user.clone()));
                self.0.awaited.groups_changed(&user);
            }
            News::Changed(Change::Browser(browser)) => self.0.awaited.over(Subject::Browser(browser), None),
            News::Changed(Change::Everything) => {
                self.forget(&Change::Everything);
                self.everybody_looks();
                self.doubt_all();
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
}

/// Something up to that long, so that nodes do not come back all at once.
fn jitter(most: Duration) -> Duration {
    let part = getrandom::u32().map_or(0, |random| random % 1000);
    most * part / 1000
}
