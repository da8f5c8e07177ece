//! One sequence: each step is done to the store and to the model, and the answers are compared.

use std::fmt::Debug;
use std::num::NonZeroU32;
use std::time::Duration;

use os_session::testing::Clock;
use os_session::{
    Authenticated, End, Ended, Inserted, Limit, NewSession, Rotation, SessionHandle, SessionKey, Store, WhenFull,
};

use super::operations::{LogIn, Operation, Proof};
use super::sessions::{Model, Session};
use crate::backends::Backend;

/// A tick of the model. A sequence takes less, so that the store's clock, which also goes by itself, tells the same tick.
pub(super) const TICK: Duration = Duration::from_mins(1);

const USERS: [&str; 3] = ["alice", "bob", "Alice"];
/// The first two are named by a rule of this binary.
const GROUPS: [&str; 3] = ["admin", "banned", "staff"];

pub(crate) type Verdict = Result<(), String>;

/// By value, as the answers come.
#[expect(clippy::needless_pass_by_value)]
pub(super) fn same<T: PartialEq + Debug>(what: &str, store: T, model: T) -> Verdict {
    if store == model { Ok(()) } else { Err(format!("{what}: the store says {store:?}, the model {model:?}")) }
}

pub(super) fn user(number: u8) -> &'static str {
    USERS[usize::from(number)]
}

pub(super) fn group(number: u8) -> &'static str {
    GROUPS[usize::from(number)]
}

pub(super) fn key(number: u64) -> SessionKey {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&number.to_le_bytes());
    SessionKey::from_bytes(bytes)
}

/// Handles that take all 64 bits, each another.
pub(super) fn handle(number: u64) -> SessionHandle {
    SessionHandle::from_u64(u64::MAX - number)
}

pub(super) fn ticks(count: u64) -> Duration {
    TICK * u32::try_from(count).expect("sequences are short")
}

/// A store beside its model.
pub(crate) struct Run<B> {
    pub(super) backend: B,
    clock: Clock,
    pub(super) model: Model,
    /// How many keys and handles were handed out, from 1 on.
    keys: u64,
    handles: u64,
}

/// Asks one of the two handles.
macro_rules! ask {
    ($run:ident, $which:expr, $operation:ident($($argument:expr),*)) => {
        $run.backend.handles()[usize::from($which)].$operation($($argument),*).await.map_err(|error| error.to_string())
    };
}
pub(super) use ask;

impl<B: Backend> Run<B> {
    pub(crate) fn new(backend: B, clock: Clock) -> Self {
        Self { backend, clock, model: Model::default(), keys: 0, handles: 0 }
    }

    fn pass(&mut self, count: u64) {
        self.clock.advance(ticks(count));
        self.model.now += count;
    }

    /// A key of a stored session if there are some, and else one that is gone or never was.
    pub(super) fn pick(&self, number: u8) -> u64 {
        let stored = self.model.sessions.len() as u64;
        match u64::from(number) % (stored + 2) {
            place if place < stored => self.model.sessions[usize::try_from(place).expect("few are stored")].key,
            _ => 1 + u64::from(number) % (self.keys + 1),
        }
    }

    fn key_or_new(&mut self, number: Option<u8>) -> u64 {
        if let Some(number) = number {
            return self.pick(number);
        }
        self.keys += 1;
        self.keys
    }

    pub(crate) async fn step(&mut self, operation: &Operation) -> Verdict {
        // No two things happen in the same tick, so that none is seen together with another.
        self.pass(1);
        match *operation {
            Operation::LogIn(ref log_in) => self.log_in(log_in).await,
            Operation::Find { which, key } => self.find(which, self.pick(key)).await,
            Operation::Touch { which, key: picked } => {
                let picked = self.pick(picked);
                let touched = ask!(self, which, touch(&key(picked)))?;
                let now = self.model.now;
                let mut known = false;
                if let Some(session) = self.model.live_mut(picked) {
                    session.seen = now;
                    known = true;
                }
                same("touch", touched, known)
            }
            Operation::Rotate { which, from, to, authenticated } => self.rotate(which, from, to, authenticated).await,
            Operation::Close { which, key: picked } => {
                let picked = self.pick(picked);
                let told = ask!(self, which, close(&key(picked)))?;
                let closed = self.model.live(picked).map(|session| (session.handle, End::Closed));
                self.told("close", told.into_iter().collect(), closed.into_iter().collect())
            }
            Operation::CloseHandle { which, user: number, handle: picked } => {
                let picked = 1 + u64::from(picked) % (self.handles + 1);
                let told = ask!(self, which, close_handle(&user(number).into(), handle(picked)))?;
                let own = self.model.of_user(user(number)).into_iter().filter(|session| session.handle == picked);
                let closed = own.map(|session| (session.handle, End::Closed)).collect();
                self.told("close_handle", told.into_iter().collect(), closed)
            }
            Operation::CloseAll { which, user: number, except } => {
                let except = except.map(|picked| self.pick(picked));
                let told = ask!(self, which, close_all(&user(number).into(), except.map(key).as_ref()))?;
                let own = self.model.of_user(user(number)).into_iter().filter(|session| Some(session.key) != except);
                let closed = own.map(|session| (session.handle, End::Closed)).collect();
                self.told("close_all", told, closed)
            }
            Operation::CloseAllWithBrowsers { which, user: number } => {
                let told = ask!(self, which, close_all_with_browsers(&user(number).into()))?;
                let told_of: Vec<_> = told.iter().map(|ended| u64::MAX - ended.handle.as_u64()).collect();
                let own = self.model.of_user(user(number));
                let closed = own.into_iter().map(|session| (session.handle, End::Closed)).collect();
                self.told("close_all_with_browsers", told, closed)?;
                self.model.slots.forget_browsers_of(&told_of);
                Ok(())
            }
            Operation::List { which, user: number } => self.list(which, user(number)).await,
            Operation::Purge { which, most } => {
                let told = ask!(self, which, purge(most))?;
                same("how many a purge tells of", told.len(), most.min(self.model.expired()))?;
                if told.len() < most {
                    self.model.slots.purge(self.model.now);
                }
                self.told("purge", told, Vec::new())
            }
            Operation::Pass(count) => {
                self.pass(count);
                Ok(())
            }
            Operation::Reopen => {
                self.backend.reopen().await;
                Ok(())
            }
            Operation::Slot { .. }
            | Operation::WriteSlot { .. }
            | Operation::RotateBrowser { .. }
            | Operation::TouchBrowser { .. }
            | Operation::ForgetBrowser { .. } => self.slots(operation).await,
            _ => self.groups(operation).await,
        }
    }

    /// What is left is compared, and everything that expired has been told once.
    pub(crate) async fn end(mut self) -> Verdict {
        for which in 0..2 {
            for user in USERS {
                self.list(which, user).await?;
            }
            for key in 1..=self.keys {
                self.find(which, key).await?;
            }
        }
        let told = ask!(self, 0_u8, purge(usize::MAX))?;
        same("how many the last purge tells of", told.len(), self.model.expired())?;
        self.told("the last purge", told, Vec::new())
    }

    /// What ended of what was live is as expected; what had expired may be told of at any time, but once.
    fn told(&mut self, what: &str, told: Vec<Ended>, mut expected: Vec<(u64, End)>) -> Verdict {
        let mut others = Vec::new();
        for ended in told {
            let number = u64::MAX - ended.handle.as_u64();
            let expired =
                self.model.sessions.iter().any(|session| session.handle == number && !self.model.is_live(session));
            if ended.why == End::Expired && expired {
                let session = self.model.remove(number).expect("it was there");
                same("whose session expired", ended.user.as_str(), session.user)?;
            } else {
                let user =
                    self.model.sessions.iter().find(|session| session.handle == number).map(|session| session.user);
                same("whose session ended", Some(ended.user.as_str()), user)?;
                others.push((number, ended.why));
            }
        }
        others.sort_by_key(|(handle, _)| *handle);
        expected.sort_by_key(|(handle, _)| *handle);
        for (handle, _) in &expected {
            self.model.remove(*handle);
        }
        same(what, others, expected)
    }

    async fn log_in(&mut self, log_in: &LogIn) -> Verdict {
        let number = self.key_or_new(log_in.key);
        let replaces = log_in.replaces.map(|picked| self.pick(picked));
        let taken_by = self.model.live(number).map(|session| (session.key, session.user));
        // A key whose session this log-in would remove is free for it, or taken, as the store likes.
        let own = taken_by.is_some_and(|(taken, other)| other == user(log_in.user) || Some(taken) == replaces);
        if self.model.is_unclear(number) || own {
            return Ok(());
        }
        self.handles += 1;
        let (handle_number, now) = (self.handles, self.model.now);
        let user = user(log_in.user);
        let mut new = NewSession::new(key(number), user, handle(handle_number));
        new.device = log_in.device.as_deref().map(Into::into);
        new.idle = ticks(log_in.idle);
        new.absolute = ticks(log_in.absolute);
        new.expire = log_in.expire;
        new.replaces = replaces.map(key);
        let when_full = if log_in.refuse { WhenFull::Refuse } else { WhenFull::CloseOldest };
        let limit = Limit { sessions: NonZeroU32::new(log_in.limit).expect("limits are positive"), when_full };
        let answer = ask!(self, log_in.which, insert(new, limit));

        if taken_by.is_some() {
            return same("whether a taken key is inserted", matches!(answer, Ok(Inserted::Opened(_))), false);
        }
        let mut staying = self.model.of_user(user);
        staying.retain(|session| Some(session.key) != replaces);
        let room = log_in.limit as usize - 1;
        if staying.len() > room && log_in.refuse {
            return same("a log-in beyond the limit", answer, Ok(Inserted::Full));
        }
        let Inserted::Opened(told) = answer? else {
            return Err("a log-in within the limit was refused".to_owned());
        };
        let gives_way = replaces.and_then(|other| self.model.live(other));
        let mut ended: Vec<_> = gives_way.map(|session| (session.handle, End::Replaced)).into_iter().collect();
        ended.extend(staying.iter().skip(room).map(|session| (session.handle, End::Evicted)));
        self.told("what ended by a log-in", told, ended)?;
        self.model.sessions.push(Session {
            key: number,
            user,
            handle: handle_number,
            device: log_in.device.clone(),
            expire: log_in.expire,
            opened: now,
            seen: now,
            authenticated: now,
            idle: log_in.idle,
            absolute: log_in.absolute,
        });
        Ok(())
    }

    async fn rotate(&mut self, which: u8, from: u8, to: Option<u8>, proof: Proof) -> Verdict {
        let (from, to) = (self.pick(from), self.key_or_new(to));
        if self.model.is_unclear(to) {
            return Ok(());
        }
        let authenticated = match (proof, ask!(self, which, find(&key(from)))?) {
            (Proof::AtTheLogIn, Some(found)) => Authenticated::At(found.opened),
            (Proof::Now, _) => Authenticated::Now,
            _ => Authenticated::Unchanged,
        };
        let answer = ask!(self, which, rotate(Rotation { from: key(from), to: key(to), authenticated }));
        let (taken, now) = (self.model.live(to).is_some(), self.model.now);
        match self.model.live_mut(from) {
            // Its own key is an error, or exchanged for itself.
            Some(_) if taken && (from != to || answer.is_err()) => {
                same("whether a token is exchanged for a taken one", answer.is_err(), true)
            }
            Some(session) => {
                session.key = to;
                session.authenticated = match proof {
                    Proof::Unchanged => session.authenticated,
                    Proof::Now => now,
                    Proof::AtTheLogIn => session.opened,
                };
                same("rotate", answer, Ok(true))
            }
            // Which of two mistakes is told is the store's business.
            None if taken => same("whether nobody's token is exchanged", answer.unwrap_or(false), false),
            None => same("rotate", answer, Ok(false)),
        }
    }
}
