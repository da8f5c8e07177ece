//! The store in Redis or Valkey.

mod failure;
mod address;
mod scripts;
mod link;
mod answers;
mod greeting;
mod advice;
mod channel;
mod server_clock;
mod builder;
mod leases;
mod import;

use std::fmt;
use std::sync::Arc;

use redis::Value;

use self::answers::Unread;
pub use self::builder::RedisBuilder;
use self::channel::Channel;
use self::link::Links;
use self::scripts::Argument::{Bytes, Flag, Number, Optional, Text};
use self::scripts::{Argument, Script, Scripts};
use self::server_clock::ServerClock;
use crate::change::{Change, Listener};
use crate::clock::Clock;
use crate::lease::until_applied;
use crate::log_once::LogOnce;
use crate::one_line::OneLine;
use crate::store::{
    Authenticated, Ended, Found, Inserted, Limit, Listed, NewSession, Rotation, SessionHandle, SlotKey, SlotOwner,
    SlotValue, SlotWrite, SlotWritten, Store, StoreError, WhenFull, ended_so_far,
};
use crate::token::{BrowserKey, SessionKey};
use crate::user::UserId;

/// Sessions in Redis 7 or Valkey, shared by all nodes of an application. Feature `redis`.
///
/// Each operation is one script and one round trip to the primary, and what has returned holds on every node: nothing is remembered
/// here. Times are the server's; the clock of a node plays no part. A server that is down, loading, or slower than the deadline, and
/// one that became a replica, is an error, so the request is answered with 503; when it is back, nothing has to be restarted.
///
/// It is a cheap handle: clones share their connection.
///
/// ```no_run
/// # async fn start() -> Result<(), Box<dyn std::error::Error>> {
/// use std::time::Duration;
///
/// use os_session::{RedisStore, Sessions};
///
/// let store = RedisStore::builder()
///     .prefix("shop")
///     .deadline(Duration::from_secs(1))
///     .connect("redis://app:secret@redis.internal:6379/0")
///     .await?;
/// let sessions = Sessions::builder().store(store).build().await?;
/// # Ok(())
/// # }
/// ```
///
/// # What is kept for how long
///
/// What the server acknowledged and then forgets, nobody can keep. With `appendonly yes` and `appendfsync everysec`, a crash takes
/// the last second; without persistence, a restart takes everything, groups included; and a failover takes what the replica had not
/// been sent. What was taken may be a log-out or a ban as well as a log-in. `appendfsync always` keeps all of it through a crash.
///
/// Groups are here too unless the application has [its own](crate::Groups), so the server must not throw keys away when its memory is
/// full: `maxmemory-policy noeviction`, which is the default. If the policy evicts keys, `connect` logs a warning, and there are no
/// [leases](crate::LeasedStore). When the memory is full, log-ins fail, and log-outs do not.
///
/// A server that may not write answers nothing: one that cannot save (`stop-writes-on-bgsave-error`), or has too few replicas
/// (`min-replicas-to-write`), refuses reads of sessions as well, and their requests are answered with 503 meanwhile.
///
/// No key has a time to live. Sessions that are over are removed by [`purge`](Store::purge) and by the next log-in of their user, so that
/// their close hooks run.
///
/// # Keys and users
///
/// **Two applications on one server need a [prefix](RedisBuilder::prefix) each**: with the same one they share sessions, groups and values, and a cookie
/// of the one is good for the other. Databases keep the keys apart as well, but not the channel on which nodes hear of changes.
///
/// All keys begin with the prefix in braces, so that they are on one node of a
/// [cluster](RedisBuilder::connect_cluster), and scripts work there. A user of the server needs no more than
///
/// ```text
/// ACL SETUSER app on >secret ~{os_session}:* &{os_session}:* +evalsha +eval +script|load +time +info +publish +subscribe +incr +@hash +@set +@sortedset +exists +rename +del +get +set
/// ```
///
/// and `+cluster` in a cluster, `+select` for another database than 0, `+config|get` for `os-session check` to see `appendfsync`. Old and new releases run side by side: a session that a newer release wrote is unconnected on an older one,
/// which neither changes nor purges it; a log-out, also of all sessions of a user, ends it all the same.
///
/// TLS is the choice of the application, by a feature of the crate `redis`: depend on `redis` with `tokio-rustls-comp`, and write
/// `rediss://`.
#[derive(Clone)]
pub struct RedisStore {
    shared: Arc<Shared>,
}

struct Shared {
    clock: Clock,
    prefix: String,
    root: String,
    scripts: Scripts,
    links: Links,
    server_clock: ServerClock,
    channel: Channel,
    unread: LogOnce<Option<SessionHandle>>,
}

/// How many sessions are ended, and how many browsers forgotten, by one script at most: the server does nothing else meanwhile.
const PURGE_STEP: usize = 500;

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore").field("prefix", &self.shared.prefix).finish_non_exhaustive()
    }
}

impl RedisStore {
    /// Connects with everything at its default: [`RedisBuilder::connect`].
    ///
    /// # Errors
    ///
    /// As for [`RedisBuilder::connect`].
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        Self::builder().connect(url).await
    }

    /// A builder, for all other settings.
    pub fn builder() -> RedisBuilder {
        RedisBuilder::new()
    }

    fn scripts(&self) -> &Scripts {
        &self.shared.scripts
    }

    /// Closes every live session, of whomever it is: after a failover in which log-outs may have been lost, or when tokens may be known to others. No close
    /// hook runs, so it is for the command line rather than the application. Who logs in meanwhile may be logged out again. The answer is how many there were.
    ///
    /// # Errors
    ///
    /// A failure of the server: then some are closed, and asking again closes the rest.
    pub async fn close_everybody(&self) -> Result<u64, StoreError> {
        let mut all = 0;
        loop {
            let closed = answers::count(&self.run(&self.scripts().close_some, &[Number(PURGE_STEP as u64)]).await?)?;
            if closed == 0 {
                return Ok(all);
            }
            all += closed;
        }
    }

    /// How many round trips operations have taken since this store was made, leases included: for the numbers of an application.
    #[must_use]
    pub fn round_trips(&self) -> u64 {
        self.shared.links.round_trips()
    }

    /// What to change in the settings of the server, for which a log-out that has returned might be forgotten in a crash or a failover: a
    /// sentence each. `os-session check` prints them.
    ///
    /// # Errors
    ///
    /// A failure of the server.
    pub async fn advice(&self) -> Result<Vec<String>, StoreError> {
        self.shared.links.with_link(|mut link| async move { Ok(advice::of(&mut link).await) }).await
    }

    /// What a script answers, and the position that nodes have to apply before that is over everywhere.
    async fn ask(&self, script: &Script, arguments: &[Argument<'_>]) -> Result<(Value, Option<u64>), StoreError> {
        let Shared { clock, root, links, channel, .. } = &*self.shared;
        let caller = format!("{} {}", answers::turned(clock.turned()), channel.node());
        answers::concluded(links.run(script, root, &caller, arguments).await?)
    }

    /// The same, once the nodes that may remember what it took away have forgotten it.
    async fn run(&self, script: &Script, arguments: &[Argument<'_>]) -> Result<Value, StoreError> {
        let (answer, awaited) = self.ask(script, arguments).await?;
        if let Some(position) = awaited {
            until_applied(self, position).await;
        }
        Ok(answer)
    }

    /// A record that cannot be used is told of, once.
    fn tell(&self, unread: &Unread) {
        if self.shared.unread.is_first(unread.handle) {
            let session = unread.handle.map_or_else(|| "without a name".to_owned(), |handle| handle.to_string());
            tracing::warn!(%session, "a session in Redis counts as none: {}", OneLine(&unread.why));
        }
    }
}

impl Store for RedisStore {
    fn is_shared(&self) -> bool {
        true
    }

    async fn insert(&self, new: NewSession, limit: Limit) -> Result<Inserted, StoreError> {
        let handle = new.handle.to_string();
        let replaced = new.replaces_session.as_ref().map(|(user, handle)| (user, handle.to_string()));
        let arguments = |latest| {
            [
                Bytes(new.key.as_bytes()),
                Text(new.user.as_str()),
                Text(&handle),
                Number(answers::millis(new.idle)),
                Number(answers::millis(new.absolute)),
                Flag(new.expire),
                Optional(new.device.as_deref().map(str::as_bytes)),
                Optional(new.replaces.as_ref().map(|key| key.as_bytes().as_slice())),
                Number(limit.sessions.get().into()),
                Flag(limit.when_full == WhenFull::Refuse),
                Number(latest),
                Optional(replaced.as_ref().map(|(user, _)| user.as_str().as_bytes())),
                Optional(replaced.as_ref().map(|(_, handle)| handle.as_bytes())),
            ]
        };
        // A server that stood still would open a session later that nobody knows of, and close another for it.
        let Shared { links, server_clock, .. } = &*self.shared;
        for _ in 0..2 {
            let latest = server_clock.after(links.deadline());
            let (inserted, moment) = answers::inserted(self.run(&self.scripts().insert, &arguments(latest)).await?)?;
            if let Some(inserted) = inserted {
                server_clock.correct(moment, links.deadline());
                return Ok(inserted);
            }
            // We do wait: it is the clock that was set.
            server_clock.set(moment);
        }
        Err(StoreError::new("the clock of Redis is set again and again, so that no log-in is in time"))
    }

    async fn find(&self, key: &SessionKey) -> Result<Option<Found>, StoreError> {
        match answers::found(self.run(&self.scripts().find, &[Bytes(key.as_bytes())]).await?)? {
            Some(Ok(found)) => Ok(Some(found)),
            Some(Err(unread)) => {
                self.tell(&unread);
                Ok(None)
            }
            None => Ok(None),
        }
    }

    async fn touch(&self, key: &SessionKey) -> Result<bool, StoreError> {
        answers::done(&self.run(&self.scripts().touch, &[Bytes(key.as_bytes())]).await?)
    }

    async fn rotate(&self, rotation: Rotation) -> Result<bool, StoreError> {
        let authenticated = match rotation.authenticated {
            Authenticated::Unchanged => String::new(),
            Authenticated::Now => "now".to_owned(),
            Authenticated::At(then) => answers::moment(then).to_string(),
        };
        let arguments = [Bytes(rotation.from.as_bytes()), Bytes(rotation.to.as_bytes()), Text(&authenticated)];
        answers::done(&self.run(&self.scripts().rotate, &arguments).await?)
    }

    async fn close(&self, key: &SessionKey) -> Result<Option<Ended>, StoreError> {
        let ended = answers::ended(self.run(&self.scripts().close, &[Bytes(key.as_bytes())]).await?)?;
        Ok(ended.into_iter().next())
    }

    async fn close_handle(&self, user: &UserId, handle: SessionHandle) -> Result<Option<Ended>, StoreError> {
        let arguments = [Text(user.as_str()), Text(&handle.to_string())];
        let ended = answers::ended(self.run(&self.scripts().close_handle, &arguments).await?)?;
        Ok(ended.into_iter().next())
    }

    async fn close_all(&self, user: &UserId, except: Option<&SessionKey>) -> Result<Vec<Ended>, StoreError> {
        let arguments = [Text(user.as_str()), Optional(except.map(|key| key.as_bytes().as_slice()))];
        answers::ended(self.run(&self.scripts().close_all, &arguments).await?)
    }

    async fn list(&self, user: &UserId) -> Result<Vec<Listed>, StoreError> {
        let (listed, unread) = answers::listed(self.run(&self.scripts().list, &[Text(user.as_str())]).await?)?;
        for unread in &unread {
            self.tell(unread);
        }
        Ok(listed)
    }

    async fn purge(&self, most: usize) -> Result<Vec<Ended>, StoreError> {
        let mut ended = Vec::new();
        let mut passed_over = 0;
        while ended.len() < most {
            let step = (most - ended.len()).min(PURGE_STEP);
            let arguments = [Number(step as u64), Number(PURGE_STEP as u64), Number(passed_over)];
            let purged = match self.run(&self.scripts().purge, &arguments).await.and_then(answers::purged) {
                Ok(purged) => purged,
                Err(error) => return ended_so_far(ended, error),
            };
            ended.extend(purged.ended);
            passed_over += purged.left;
            if !purged.more {
                break;
            }
        }
        Ok(ended)
    }

    async fn create_group(&self, name: &str) -> Result<(), StoreError> {
        self.run(&self.scripts().create_group, &[Text(name)]).await.map(drop)
    }

    async fn all_groups(&self) -> Result<Vec<String>, StoreError> {
        let mut names = answers::names(self.run(&self.scripts().all_groups, &[]).await?)?;
        names.sort_unstable();
        Ok(names)
    }

    async fn add_to_group(&self, user: &UserId, group: &str) -> Result<bool, StoreError> {
        answers::done(&self.run(&self.scripts().add_to_group, &[Text(user.as_str()), Text(group)]).await?)
    }

    async fn remove_from_group(&self, user: &UserId, group: &str) -> Result<bool, StoreError> {
        answers::done(&self.run(&self.scripts().remove_from_group, &[Text(user.as_str()), Text(group)]).await?)
    }

    async fn in_group(&self, user: &UserId, group: &str) -> Result<bool, StoreError> {
        answers::done(&self.run(&self.scripts().in_group, &[Text(user.as_str()), Text(group)]).await?)
    }

    async fn slot(&self, key: &SlotKey) -> Result<Option<SlotValue>, StoreError> {
        let (kind, owner) = owner(&key.owner);
        let arguments = [Text(kind), Bytes(owner), Bytes(answers::tab(key)), Text(&key.name)];
        answers::slot(self.run(&self.scripts().slot, &arguments).await?)
    }

    async fn write_slot(&self, key: &SlotKey, write: SlotWrite) -> Result<SlotWritten, StoreError> {
        let (kind, owner) = owner(&key.owner);
        let new = write.new_browser;
        let idle = new.map(|new| answers::millis(new.idle).to_string());
        let new_idle = new.and_then(|new| new.new_idle).map(|idle| answers::millis(idle).to_string());
        let session = new.and_then(|new| new.session).map(|handle| handle.to_string());
        let arguments = [
            Text(kind),
            Bytes(owner),
            Bytes(answers::tab(key)),
            Text(&key.name),
            Text(&answers::expected(write.expected)),
            Optional(write.value.as_deref()),
            Number(write.limits.slots.get().into()),
            Number(write.limits.tabs.get().into()),
            Optional(idle.as_deref().map(str::as_bytes)),
            Optional(new_idle.as_deref().map(str::as_bytes)),
            Number(new.map_or(0, |new| new.most.get().into())),
            Optional(session.as_deref().map(str::as_bytes)),
            Flag(write.came_back),
        ];
        answers::written(self.run(&self.scripts().write_slot, &arguments).await?)
    }

    async fn rotate_browser(
        &self,
        from: &BrowserKey,
        to: &BrowserKey,
        session: Option<SessionHandle>,
    ) -> Result<bool, StoreError> {
        let session = session.map(|handle| handle.to_string());
        let session = session.as_deref().map(str::as_bytes);
        let arguments = [Bytes(from.as_bytes()), Bytes(to.as_bytes()), Optional(session)];
        answers::done(&self.run(&self.scripts().rotate_browser, &arguments).await?)
    }

    async fn touch_browser(&self, key: &BrowserKey) -> Result<bool, StoreError> {
        answers::done(&self.run(&self.scripts().touch_browser, &[Bytes(key.as_bytes())]).await?)
    }

    async fn forget_browser(&self, key: &BrowserKey) -> Result<bool, StoreError> {
        answers::done(&self.run(&self.scripts().forget_browser, &[Bytes(key.as_bytes())]).await?)
    }

    async fn close_all_with_browsers(&self, user: &UserId) -> Result<Vec<Ended>, StoreError> {
        answers::ended(self.run(&self.scripts().close_all_with_browsers, &[Text(user.as_str())]).await?)
    }

    async fn listen(&self, listener: Listener) -> StoreError {
        self.shared.channel.listen(&listener).await
    }

    async fn publish(&self, change: &Change) -> Result<(), StoreError> {
        let (browser, user) = match change {
            Change::Browser(key) => (Some(key.as_bytes().as_slice()), None),
            Change::Groups(user) => (None, Some(user.as_str().as_bytes())),
            Change::Session(_) | Change::Everything => return Ok(()), // What the store knows by itself.
        };
        self.run(&self.scripts().publish, &[Optional(browser), Optional(user)]).await.map(drop)
    }
}

/// What kind of owner it is, and its name.
fn owner(owner: &SlotOwner) -> (&'static str, &[u8]) {
    match owner {
        SlotOwner::Session(session) => ("session", session.as_bytes()),
        SlotOwner::User(user) => ("user", user.as_str().as_bytes()),
        SlotOwner::Browser(browser) => ("browser", browser.as_bytes()),
    }
}
