//! Waiting for a session to end: WebSockets and streams outlive the decision that let them in.

use std::future::pending;
use std::time::Duration;

use tokio::time::sleep;

use crate::context::Session;
use crate::declaration::Verdict;
use crate::store::Found;

impl Session {
    /// Resolves when the session that this request came with ends, however it ends, or when the
    /// handler's rule no longer admits its user: their groups have changed, or the proof that
    /// `fresh` requires has become too old. For WebSockets and streams, which outlive the handler.
    ///
    /// Policies are not asked again: their results at admission stay. It resolves too when the
    /// store fails, and at [`Sessions::shutdown`](crate::Sessions::shutdown). Where nobody is
    /// connected and nobody has to be, nothing ends, and it waits for the shutdown.
    ///
    /// Changes made in this process are heard of at once, and so is what another node does to a store that both use; while the way to hear it is lost, that
    /// store is asked every second. What the application's own group provider says anew is seen after
    /// [`groups_changed`](crate::Sessions::groups_changed).
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
        let mut waiting = sessions.0.awaited.of_session(connected.handle, &connected.user);
        loop {
            let news = waiting.latest();
            if news.over.is_some() {
                return;
            }
            let key = news.key.unwrap_or(connected.key);
            let Ok(Some((key, found))) = sessions.look_again(key, connected.handle, &connected.user).await else {
                return;
            };
            let Some(admitted) = self.admitted_for(&found).await else { return };
            let again = sessions.next_look(&key, &found).min(admitted);
            tokio::select! {
                () = waiting.news() => {}
                () = sleep(again) => {}
            }
        }
    }

    /// Returns how long the rule that admitted the request admits it, if nothing changes. `None`:
    /// it no longer does.
    async fn admitted_for(&self, found: &Found) -> Option<Duration> {
        let Some((rule, answers)) = self.0.admission() else { return Some(Duration::MAX) };
        let fresh = rule.fresh_for(found.now.since(found.authenticated))?;
        if rule.has_expressions() {
            let groups = self.sessions().groups_of_found(found).await.ok()?;
            (rule.verdict(&groups, answers) == Verdict::Admitted).then_some(())?;
        }
        Some(fresh)
    }
}
