//! The steps that only look.

use os_session::{Found, GroupSet, Store as _, Timestamp};

use super::check::{Run, TICK, Verdict, ask, handle, key, same};
use crate::backends::Backend;

fn ticks_between(earlier: Timestamp, later: Timestamp) -> u64 {
    later.since(earlier).as_secs() / TICK.as_secs()
}

impl<B: Backend> Run<B> {
    pub(super) async fn find(&self, which: u8, number: u64) -> Verdict {
        let quick = self.backend.handles()[usize::from(which)].find_now(&key(number));
        let found = ask!(self, which, find(&key(number)))?;
        if let Some(quick) = quick {
            self.is_found("find_now", number, quick.map_err(|error| error.to_string())?)?;
        }
        self.is_found("find", number, found)
    }

    fn is_found(&self, what: &str, number: u64, found: Option<Found>) -> Verdict {
        let found = found.map(|found| {
            let since = |moment| ticks_between(found.opened, moment);
            let moments = [found.seen, found.authenticated, found.ends, found.expires, found.now].map(since);
            (found.user.to_string(), found.handle, found.expire, moments, found.groups)
        });
        let known = self.model.live(number).map(|session| {
            let since = |moment| moment - session.opened;
            let (seen, authenticated) = (since(session.seen), since(session.authenticated));
            let groups: GroupSet = self.model.groups_of(session.user).into_iter().collect();
            let expires = session.absolute.min(seen.saturating_add(session.idle));
            let moments = [seen, authenticated, session.absolute, expires, since(self.model.now)];
            (session.user.to_owned(), handle(session.handle), session.expire, moments, groups)
        });
        same(what, found, known)
    }

    pub(super) async fn list(&self, which: u8, user: &str) -> Verdict {
        let listed = ask!(self, which, list(&user.into()))?.into_iter();
        let listed = listed.map(|session| {
            let device = session.device.as_deref().map(str::to_owned);
            (session.key.as_bytes().to_vec(), session.handle, device, ticks_between(session.opened, session.seen))
        });
        let known = self.model.of_user(user).into_iter().map(|session| {
            let seen = session.seen - session.opened;
            (key(session.key).as_bytes().to_vec(), handle(session.handle), session.device, seen)
        });
        same("list", listed.collect::<Vec<_>>(), known.collect())
    }
}
