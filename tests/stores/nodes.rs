//! A store in memory that nodes share: what one of them does the others are told, and a revocation waits for those that admit from memory.

mod flaw;
mod state;

use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use os_session::testing::Clock;
use os_session::{
    BrowserKey, Change, Ended, Found, Inserted, LeaseStore, Limit, Listed, Listener, MemoryStore, NewSession, News,
    NodeBehind, Renewal, Rotation, SessionHandle, SessionKey, SlotKey, SlotValue, SlotWrite, SlotWritten, Store,
    StoreError, UserId, until_applied,
};
use tokio::sync::Mutex;

pub(crate) use self::flaw::{By, Event, NodeFlaw, Sound};
use self::state::State;
use crate::flawed::Answer;

/// A handle on such a store, with a flaw.
pub(crate) struct Node<F> {
    number: u64,
    shared: Arc<Shared>,
    flaw: PhantomData<fn() -> F>,
}

struct Shared {
    memory: MemoryStore,
    nodes: AtomicU64,
    state: Mutex<State>,
}

impl<F: NodeFlaw> Node<F> {
    pub(crate) fn new(clock: Clock) -> Self {
        let memory = MemoryStore::with_clock(clock);
        let shared = Shared { memory, nodes: AtomicU64::new(1), state: Mutex::default() };
        Self { number: 0, shared: Arc::new(shared), flaw: PhantomData }
    }

    /// Another node on the same store.
    pub(crate) fn beside(&self) -> Self {
        let number = self.shared.nodes.fetch_add(1, Ordering::Relaxed);
        Self { number, shared: self.shared.clone(), flaw: PhantomData }
    }

    fn memory(&self) -> &MemoryStore {
        &self.shared.memory
    }

    /// Does it, logs and tells what it took away, and waits for the nodes.
    async fn change<T>(&self, by: By, work: impl Future<Output = Answer<(T, Vec<Event>)>> + Send) -> Answer<T> {
        let mut state = self.shared.state.lock().await;
        let (answer, events) = work.await?;
        let entry = state.next_entry::<F>(&events);
        let awaited = F::awaited(by, entry.as_ref().map(|(position, _)| *position), state.reached());
        if F::SHOWS_POSITIONS_EARLY {
            drop(state);
            tokio::time::sleep(Duration::from_millis(2)).await;
            state = self.shared.state.lock().await;
        }
        state.log(entry);
        state.tell::<F>(self.number, &events);
        drop(state);
        if let Some(position) = awaited {
            until_applied(self, position).await;
        }
        Ok(answer)
    }

    async fn close_all_of(&self, by: By, work: impl Future<Output = Answer<Vec<Ended>>> + Send) -> Answer<Vec<Ended>> {
        let work = async {
            let ended = work.await?;
            let events = ended.iter().map(|ended| Event::of_log_out(by, ended)).collect();
            Ok((ended, events))
        };
        self.change(by, work).await
    }

    async fn close_one(
        &self,
        by: By,
        work: impl Future<Output = Answer<Option<Ended>>> + Send,
    ) -> Answer<Option<Ended>> {
        let work = async { Ok(work.await?.into_iter().collect()) };
        Ok(self.close_all_of(by, work).await?.into_iter().next())
    }

    async fn membership(
        &self,
        by: By,
        user: &UserId,
        group: &str,
        work: impl Future<Output = Answer<bool>> + Send,
    ) -> Answer<bool> {
        let work = async {
            let before = self.memory().in_group(user, group).await?;
            let there_is = work.await?;
            let is_real = before != self.memory().in_group(user, group).await?;
            Ok((there_is, vec![Event { by, change: Change::Groups(user.clone()), is_real }]))
        };
        self.change(by, work).await
    }
}

impl<F: NodeFlaw> Clone for Node<F> {
    fn clone(&self) -> Self {
        if F::CLONES_ARE_OTHERS {
            return self.beside();
        }
        Self { number: self.number, shared: self.shared.clone(), flaw: PhantomData }
    }
}

impl<F: NodeFlaw> Store for Node<F> {
    fn is_shared(&self) -> bool {
        F::IS_SHARED
    }

    async fn listen(&self, listener: Listener) -> StoreError {
        self.shared.state.lock().await.listen::<F>(self.number, listener.clone());
        if F::SAYS_THAT_IT_LISTENS {
            listener.tell(News::Listening);
        }
        std::future::pending().await
    }

    async fn publish(&self, change: &Change) -> Answer<()> {
        let event = Event::real(By::Published, change.clone());
        self.change(By::Published, async { Ok(((), vec![event])) }).await
    }

    async fn insert(&self, new: NewSession, limit: Limit) -> Answer<Inserted> {
        let opened = Event { by: By::LogIn, change: Change::Session(new.handle), is_real: false };
        let work = async {
            let inserted = self.memory().insert(new, limit).await?;
            let mut events = vec![opened];
            if let Inserted::Opened(ended) = &inserted {
                events.extend(ended.iter().map(Event::of_log_in));
            }
            Ok((inserted, events))
        };
        self.change(By::LogIn, work).await
    }

    async fn find(&self, key: &SessionKey) -> Answer<Option<Found>> {
        self.memory().find(key).await
    }

    async fn touch(&self, key: &SessionKey) -> Answer<bool> {
        let work = async {
            let found = self.memory().find(key).await?;
            let touched = |found: Found| Event { by: By::Touch, change: Change::Session(found.handle), is_real: false };
            Ok((self.memory().touch(key).await?, found.map(touched).into_iter().collect()))
        };
        self.change(By::Touch, work).await
    }

    async fn rotate(&self, rotation: Rotation) -> Answer<bool> {
        let work = async {
            let found = self.memory().find(&rotation.from).await?;
            let is_real = self.memory().rotate(rotation).await?;
            let changed = |found: Found| Event { by: By::NewToken, change: Change::Session(found.handle), is_real };
            Ok((is_real, found.map(changed).into_iter().collect()))
        };
        self.change(By::NewToken, work).await
    }

    async fn close(&self, key: &SessionKey) -> Answer<Option<Ended>> {
        self.close_one(By::LogOut, self.memory().close(key)).await
    }

    async fn close_handle(&self, user: &UserId, handle: SessionHandle) -> Answer<Option<Ended>> {
        self.close_one(By::Device, self.memory().close_handle(user, handle)).await
    }

    async fn close_all(&self, user: &UserId, except: Option<&SessionKey>) -> Answer<Vec<Ended>> {
        let by = if except.is_some() { By::Elsewhere } else { By::Everywhere };
        self.close_all_of(by, self.memory().close_all(user, except)).await
    }

    async fn close_all_with_browsers(&self, user: &UserId) -> Answer<Vec<Ended>> {
        self.close_all_of(By::WithBrowsers, self.memory().close_all_with_browsers(user)).await
    }

    async fn add_to_group(&self, user: &UserId, group: &str) -> Answer<bool> {
        self.membership(By::Joining, user, group, self.memory().add_to_group(user, group)).await
    }

    async fn remove_from_group(&self, user: &UserId, group: &str) -> Answer<bool> {
        self.membership(By::Leaving, user, group, self.memory().remove_from_group(user, group)).await
    }

    async fn list(&self, user: &UserId) -> Answer<Vec<Listed>> {
        self.memory().list(user).await
    }

    async fn purge(&self, most: usize) -> Answer<Vec<Ended>> {
        self.memory().purge(most).await
    }

    async fn create_group(&self, name: &str) -> Answer<()> {
        self.memory().create_group(name).await
    }

    async fn all_groups(&self) -> Answer<Vec<String>> {
        self.memory().all_groups().await
    }

    async fn in_group(&self, user: &UserId, group: &str) -> Answer<bool> {
        self.memory().in_group(user, group).await
    }

    async fn slot(&self, key: &SlotKey) -> Answer<Option<SlotValue>> {
        self.memory().slot(key).await
    }

    async fn write_slot(&self, key: &SlotKey, write: SlotWrite) -> Answer<SlotWritten> {
        self.memory().write_slot(key, write).await
    }

    async fn rotate_browser(&self, from: &BrowserKey, to: &BrowserKey, session: Option<SessionHandle>) -> Answer<bool> {
        self.memory().rotate_browser(from, to, session).await
    }

    async fn touch_browser(&self, key: &BrowserKey) -> Answer<bool> {
        self.memory().touch_browser(key).await
    }

    async fn forget_browser(&self, key: &BrowserKey) -> Answer<bool> {
        self.memory().forget_browser(key).await
    }
}

impl<F: NodeFlaw> LeaseStore for Node<F> {
    async fn join_leases(&self, node: &str, lease: Duration) -> Answer<u64> {
        Ok(self.shared.state.lock().await.join(node, lease))
    }

    async fn renew_lease(&self, node: &str, applied: u64) -> Answer<Option<Renewal>> {
        Ok(self.shared.state.lock().await.renew::<F>(node, applied))
    }

    async fn leave_leases(&self, node: &str) -> Answer<()> {
        self.shared.state.lock().await.leave::<F>(node);
        Ok(())
    }

    async fn nodes_behind(&self, position: u64) -> Answer<Vec<NodeBehind>> {
        Ok(self.shared.state.lock().await.behind::<F>(position))
    }

    async fn remove_node(&self, behind: &NodeBehind) -> Answer<()> {
        self.shared.state.lock().await.remove::<F>(behind);
        Ok(())
    }
}
