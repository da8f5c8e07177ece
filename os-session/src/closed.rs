//! Waiting for a session to end: WebSockets and streams outlive the decision that let them in.

use std::future::pending;

use tokio::time::sleep;

use crate::context::Session;
use crate::declaration::Verdict;
use crate::store::Found;

impl Session {
    /// Resolves when the session that this request came with ends, however it ends, or when the user's groups change so that the
    /// handler's rule would no longer admit them: for WebSockets and streams, which go on after the handler has returned.
    ///
    /// What policies said when the request was admitted is taken to hold. It resolves too when the store cannot tell, and at
    /// [`Sessions::shutdown`](crate::Sessions::shutdown). Where nobody is connected and nobody has to be, nothing ends, and it waits for the shutdown.
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
            let again = match sessions.look_again(key, connected.handle, &connected.user).await {
                Ok(Some(found)) if self.is_admitted_still(&found).await => sessions.next_look(&key, &found),
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
        let groups = self.sessions().groups_of_found(found).await;
        groups.is_ok_and(|groups| rule.verdict(&groups, answers) == Verdict::Admitted)
    }
}
