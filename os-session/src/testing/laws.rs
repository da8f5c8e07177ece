//! The contract of [`Store`], as checks that any implementation has to pass.

use std::future::Future;
use std::num::NonZeroU32;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;

use crate::clock::Clock;
use crate::group::{self, GroupSet};
use crate::store::{
    AnyStore, Authenticated, End, Found, Inserted, Limit, NewSession, Rotation, SessionHandle, Store, WhenFull,
};
use crate::token::SessionKey;
use crate::user::UserId;

/// Checks the whole contract of [`Store`] against an implementation.
///
/// `make` is called once for each law, and makes an empty store whose time is the given clock's: one that asks a database for the
/// time adds [`Clock::turned`] to the answer.
///
/// ```
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use os_session::MemoryStore;
/// use os_session::testing::store_laws;
///
/// store_laws(|clock| async { MemoryStore::with_clock(clock) }).await;
/// # });
/// ```
///
/// # Panics
///
/// At the first law that does not hold, with its name.
pub async fn store_laws<F, Fut>(make: F)
where
    F: Fn(Clock) -> Fut,
    Fut: Future<Output: Store>,
{
    for (name, law) in LAWS {
        let clock = Clock::new();
        let store: Arc<dyn AnyStore> = Arc::new(make(clock.clone()).await);
        if let Err(broken) = AssertUnwindSafe(law(Lab { store, clock })).catch_unwind().await {
            let text = broken.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| broken.downcast_ref::<&str>().copied()).unwrap_or("it panicked");
            panic!("the store breaks the law `{name}`: {text}");
        }
    }
}

type Law = fn(Lab) -> Pin<Box<dyn Future<Output = ()> + Send>>;

macro_rules! laws {
    ($($law:ident,)*) => {
        const LAWS: &[(&str, Law)] = &[$((stringify!($law), |lab| Box::pin($law(lab)))),*];
    };
}

laws! {
    what_is_inserted_is_found_until_it_is_closed,
    a_key_that_was_never_inserted_is_nothing,
    a_key_is_inserted_once,
    a_session_ends_when_it_was_idle_too_long,
    activity_lengthens_a_session_but_not_beyond_its_absolute_end,
    what_ended_is_not_brought_back,
    an_expired_session_is_nothing_even_before_it_is_purged,
    a_rotation_moves_the_session_to_the_new_key,
    a_rotation_says_when_the_user_was_authenticated,
    a_rotation_onto_a_taken_key_changes_nothing,
    a_session_is_closed_once_however_many_try,
    a_handle_closes_sessions_of_its_user_only,
    all_of_a_user_are_closed_and_nobody_elses,
    a_list_shows_the_users_live_sessions_latest_first,
    the_limit_closes_the_least_recently_seen,
    the_limit_that_refuses_changes_nothing,
    the_limit_counts_only_what_stays,
    the_limit_holds_under_parallel_log_ins,
    a_session_takes_the_place_of_another_in_one_step,
    a_purge_removes_what_expired_and_nothing_else,
    groups_are_created_once_and_listed_in_order,
    members_come_and_go,
    groups_are_read_with_the_session,
}

/// A store of its own for each law, and the clock that tells its time.
struct Lab {
    store: Arc<dyn AnyStore>,
    clock: Clock,
}

const IDLE: Duration = Duration::from_mins(20);
/// Time that passes without an end, for sure.
const NEARLY_IDLE: Duration = Duration::from_mins(19);
const ABSOLUTE: Duration = Duration::from_secs(10_000);

fn key(number: u8) -> SessionKey {
    SessionKey::from_bytes([number; 32])
}

fn session(user: &str, number: u8) -> NewSession {
    NewSession {
        key: key(number),
        user: user.into(),
        handle: SessionHandle::from_u64(number.into()),
        device: Some("Firefox on Linux".into()),
        idle: IDLE,
        absolute: ABSOLUTE,
        expire: false,
        replaces: None,
    }
}

fn limit(sessions: u32, when_full: WhenFull) -> Limit {
    Limit { sessions: NonZeroU32::new(sessions).expect("a limit is positive"), when_full }
}

const ROOMY: u32 = 1000;

impl Lab {
    async fn open(&self, new: NewSession) -> Vec<(SessionHandle, End)> {
        self.open_within(new, limit(ROOMY, WhenFull::CloseOldest)).await.expect("the limit is roomy")
    }

    /// `None`: the limit refused.
    async fn open_within(&self, new: NewSession, limit: Limit) -> Option<Vec<(SessionHandle, End)>> {
        match self.store.insert(new, limit).await.expect("an insertion succeeds") {
            Inserted::Opened(ended) => {
                let mut ended: Vec<_> = ended.into_iter().map(|ended| (ended.handle, ended.why)).collect();
                ended.sort_by_key(|(handle, _)| *handle);
                Some(ended)
            }
            Inserted::Full => None,
        }
    }

    /// What both ways of finding say, which must be the same.
    async fn find(&self, number: u8) -> Option<Found> {
        let found = self.store.find(&key(number)).await.expect("a look-up succeeds");
        if let Some(now) = self.store.find_now(&key(number)) {
            let same = |found: Option<Found>| found.map(|found| Found { now: found.opened, ..found });
            assert_eq!(same(now.expect("a look-up succeeds")), same(found.clone()), "find_now and find agree");
        }
        found
    }

    async fn is_live(&self, number: u8) -> bool {
        self.find(number).await.is_some()
    }

    async fn live(&self, numbers: impl IntoIterator<Item = u8>) -> Vec<u8> {
        let mut live = Vec::new();
        for number in numbers {
            if self.is_live(number).await {
                live.push(number);
            }
        }
        live
    }

    async fn rotate(&self, from: u8, to: u8, authenticated: Authenticated) -> bool {
        let rotation = Rotation { from: key(from), to: key(to), authenticated };
        self.store.rotate(rotation).await.expect("a rotation succeeds")
    }
}

async fn what_is_inserted_is_found_until_it_is_closed(lab: Lab) {
    let new = NewSession { expire: true, ..session("alice", 1) };
    assert_eq!(lab.open(new).await, [], "nothing ends by a first log-in");
    let found = lab.find(1).await.expect("a session that was inserted is found");
    assert_eq!((found.user.as_str(), found.handle.as_u64(), found.expire), ("alice", 1, true));
    assert_eq!((found.seen, found.authenticated), (found.opened, found.opened), "a log-in is activity and proof");
    assert_eq!(found.ends, found.opened.after(ABSOLUTE), "the absolute end counts from the log-in");
    assert!(found.now >= found.opened, "time does not run backwards");

    let ended = lab.store.close(&key(1)).await.unwrap().expect("closing a session tells which it was");
    assert_eq!((ended.user.as_str(), ended.handle.as_u64(), ended.why), ("alice", 1, End::Closed));
    assert!(!lab.is_live(1).await, "a closed session is not found");
}

async fn a_key_that_was_never_inserted_is_nothing(lab: Lab) {
    lab.open(session("alice", 1)).await;
    assert_eq!(lab.find(2).await, None);
    assert!(!lab.store.touch(&key(2)).await.unwrap(), "there is nothing to touch");
    assert!(!lab.rotate(2, 3, Authenticated::Now).await, "there is nothing to rotate");
    assert_eq!(lab.store.close(&key(2)).await.unwrap(), None, "there is nothing to close");
    assert_eq!(lab.live(1..=3).await, [1], "and none of that inserted anything");
}

async fn a_key_is_inserted_once(lab: Lab) {
    lab.open(session("alice", 1)).await;
    let same_key = NewSession { user: "bob".into(), ..session("alice", 1) };
    let second = lab.store.insert(same_key, limit(ROOMY, WhenFull::CloseOldest)).await;
    assert!(second.is_err(), "a taken key is an error");
    assert_eq!(lab.find(1).await.expect("the first is still there").user, "alice");
}

async fn a_session_ends_when_it_was_idle_too_long(lab: Lab) {
    lab.open(session("alice", 1)).await;
    lab.clock.advance(NEARLY_IDLE);
    assert!(lab.is_live(1).await, "it is live until then");
    lab.clock.advance(Duration::from_mins(1));
    assert!(!lab.is_live(1).await, "and not afterwards");
}

async fn activity_lengthens_a_session_but_not_beyond_its_absolute_end(lab: Lab) {
    lab.open(session("alice", 1)).await;
    let opened = lab.find(1).await.unwrap().opened;
    for _ in 0..11 {
        lab.clock.advance(Duration::from_mins(15));
        assert!(lab.store.touch(&key(1)).await.unwrap(), "a live session is touched");
        let found = lab.find(1).await.expect("it is live again for a while");
        assert!(found.seen.since(opened) >= Duration::from_mins(15), "and was seen");
        assert_eq!(found.opened, opened, "but opened when it was");
    }
    lab.clock.advance(Duration::from_secs(100));
    assert!(!lab.is_live(1).await, "its absolute end has come");
    assert!(!lab.store.touch(&key(1)).await.unwrap(), "for activity as well");
}

async fn what_ended_is_not_brought_back(lab: Lab) {
    for number in 1..=3 {
        lab.open(session("alice", number)).await;
    }
    lab.store.close(&key(1)).await.unwrap();
    lab.store.close_handle(&"alice".into(), SessionHandle::from_u64(2)).await.unwrap();
    lab.store.close_all(&"alice".into(), None).await.unwrap();
    for number in 1..=3 {
        assert!(!lab.store.touch(&key(number)).await.unwrap(), "activity comes too late");
        assert!(!lab.rotate(number, number + 10, Authenticated::Now).await, "a rotation comes too late");
    }
    assert!(lab.live(1..=13).await.is_empty(), "and nothing is back");
    assert_eq!(lab.store.list(&"alice".into()).await.unwrap(), []);
}

async fn an_expired_session_is_nothing_even_before_it_is_purged(lab: Lab) {
    lab.open(session("alice", 1)).await;
    lab.clock.advance(IDLE);
    assert!(!lab.store.touch(&key(1)).await.unwrap());
    assert!(!lab.rotate(1, 2, Authenticated::Now).await);
    assert_eq!(lab.store.list(&"alice".into()).await.unwrap(), []);
    assert!(lab.live(1..=2).await.is_empty());
    if let Some(ended) = lab.store.close(&key(1)).await.unwrap() {
        assert_eq!(ended.why, End::Expired, "it was not closed: its time was over");
    }
}

async fn a_rotation_moves_the_session_to_the_new_key(lab: Lab) {
    lab.open(session("alice", 1)).await;
    let before = lab.find(1).await.unwrap();
    assert!(lab.rotate(1, 2, Authenticated::Unchanged).await);
    assert!(!lab.is_live(1).await, "the old key opens nothing");
    let after = lab.find(2).await.expect("the new one does");
    assert_eq!(Found { now: before.now, ..after }, before, "it is the same session");
    assert_eq!(lab.store.list(&"alice".into()).await.unwrap().len(), 1);
    assert_eq!(lab.store.close_all(&"alice".into(), None).await.unwrap().len(), 1);
    assert!(lab.live(1..=2).await.is_empty());
}

async fn a_rotation_says_when_the_user_was_authenticated(lab: Lab) {
    lab.open(session("alice", 1)).await;
    let first = lab.find(1).await.unwrap().authenticated;
    lab.clock.advance(Duration::from_secs(500));
    lab.rotate(1, 2, Authenticated::Unchanged).await;
    assert_eq!(lab.find(2).await.unwrap().authenticated, first);
    lab.rotate(2, 3, Authenticated::Now).await;
    assert!(lab.find(3).await.unwrap().authenticated.since(first) >= Duration::from_secs(500));
    lab.rotate(3, 4, Authenticated::At(first)).await;
    assert_eq!(lab.find(4).await.unwrap().authenticated, first);
}

async fn a_rotation_onto_a_taken_key_changes_nothing(lab: Lab) {
    lab.open(session("alice", 1)).await;
    lab.open(session("bob", 2)).await;
    let rotation = Rotation { from: key(1), to: key(2), authenticated: Authenticated::Unchanged };
    assert!(lab.store.rotate(rotation).await.is_err(), "a taken key is an error");
    assert_eq!(lab.find(1).await.unwrap().user, "alice");
    assert_eq!(lab.find(2).await.unwrap().user, "bob");
}

async fn a_session_is_closed_once_however_many_try(lab: Lab) {
    lab.open(session("alice", 1)).await;
    let tries: Vec<_> = (0..16)
        .map(|number| {
            let store = lab.store.clone();
            tokio::spawn(async move {
                let user = UserId::from("alice");
                match number % 3 {
                    0 => store.close(&key(1)).await.unwrap().into_iter().count(),
                    1 => store.close_handle(&user, SessionHandle::from_u64(1)).await.unwrap().into_iter().count(),
                    _ => store.close_all(&user, None).await.unwrap().len(),
                }
            })
        })
        .collect();
    let mut closed = 0;
    for one in tries {
        closed += one.await.unwrap();
    }
    assert_eq!(closed, 1, "one of them is told that the session ended");
}

async fn a_handle_closes_sessions_of_its_user_only(lab: Lab) {
    lab.open(session("alice", 1)).await;
    let handle = SessionHandle::from_u64(1);
    assert_eq!(lab.store.close_handle(&"bob".into(), handle).await.unwrap(), None, "it is not bob's");
    assert!(lab.is_live(1).await);
    assert!(lab.store.close_handle(&"alice".into(), handle).await.unwrap().is_some());
    assert!(!lab.is_live(1).await);
}

async fn all_of_a_user_are_closed_and_nobody_elses(lab: Lab) {
    for number in 1..=3 {
        lab.open(session("alice", number)).await;
    }
    lab.open(session("bob", 4)).await;
    let ended = lab.store.close_all(&"alice".into(), Some(&key(2))).await.unwrap();
    assert_eq!(ended.len(), 2, "each is told once");
    assert!(ended.iter().all(|ended| ended.user == "alice" && ended.why == End::Closed));
    assert_eq!(lab.live(1..=4).await, [2, 4]);
    // An exception that is not the user's saves nothing.
    assert_eq!(lab.store.close_all(&"alice".into(), Some(&key(4))).await.unwrap().len(), 1);
    assert_eq!(lab.live(1..=4).await, [4]);
    assert_eq!(lab.store.close_all(&"nobody".into(), None).await.unwrap(), []);
}

async fn a_list_shows_the_users_live_sessions_latest_first(lab: Lab) {
    for number in 1..=3 {
        lab.open(session("alice", number)).await;
        lab.clock.advance(Duration::from_secs(10));
    }
    lab.open(session("bob", 4)).await;
    lab.store.touch(&key(1)).await.unwrap();
    let listed = lab.store.list(&"alice".into()).await.unwrap();
    let keys: Vec<_> = listed.iter().map(|session| session.key).collect();
    assert_eq!(keys, [key(1), key(3), key(2)]);
    assert!(listed.iter().all(|session| session.device.as_deref() == Some("Firefox on Linux")));
    assert!(listed[0].seen > listed[0].opened && listed[1].seen == listed[1].opened);
}

async fn the_limit_closes_the_least_recently_seen(lab: Lab) {
    let three = limit(3, WhenFull::CloseOldest);
    for number in 1..=3 {
        lab.open_within(session("alice", number), three).await;
        lab.clock.advance(Duration::from_secs(10));
    }
    lab.open(session("bob", 9)).await;
    lab.store.touch(&key(1)).await.unwrap();
    lab.clock.advance(Duration::from_secs(10));
    let ended = lab.open_within(session("alice", 4), three).await;
    assert_eq!(ended, Some(vec![(SessionHandle::from_u64(2), End::Evicted)]), "2 was seen least recently");
    assert_eq!(lab.live(1..=9).await, [1, 3, 4, 9]);
    // A limit that was lowered is reached at once.
    let ended = lab.open_within(session("alice", 5), limit(1, WhenFull::CloseOldest)).await;
    assert_eq!(ended.map(|ended| ended.len()), Some(3));
    assert_eq!(lab.live(1..=9).await, [5, 9]);
}

async fn the_limit_that_refuses_changes_nothing(lab: Lab) {
    let two = limit(2, WhenFull::Refuse);
    lab.open_within(session("alice", 1), two).await.expect("there is room for one");
    lab.open_within(session("alice", 2), two).await.expect("and for two");
    assert_eq!(lab.open_within(session("alice", 3), two).await, None, "but not for three");
    assert_eq!(lab.live(1..=3).await, [1, 2]);
    lab.store.close(&key(1)).await.unwrap();
    lab.open_within(session("alice", 3), two).await.expect("there is room again");
}

async fn the_limit_counts_only_what_stays(lab: Lab) {
    let two = limit(2, WhenFull::Refuse);
    lab.open(NewSession { idle: Duration::from_mins(1), ..session("alice", 1) }).await;
    lab.open(session("alice", 2)).await;
    lab.clock.advance(Duration::from_mins(1));
    let ended = lab.open_within(session("alice", 3), two).await.expect("an expired session takes no room");
    assert!(ended.is_empty() || ended == [(SessionHandle::from_u64(1), End::Expired)]);
    let replacing = NewSession { replaces: Some(key(3)), ..session("alice", 4) };
    lab.open_within(replacing, two).await.expect("nor does one that is replaced");
    assert_eq!(lab.live(1..=4).await, [2, 4]);
}

async fn the_limit_holds_under_parallel_log_ins(lab: Lab) {
    for when_full in [WhenFull::CloseOldest, WhenFull::Refuse] {
        lab.store.close_all(&"alice".into(), None).await.unwrap();
        let log_ins: Vec<_> = (1..=50)
            .map(|number| {
                let store = lab.store.clone();
                tokio::spawn(async move { store.insert(session("alice", number), limit(3, when_full)).await.unwrap() })
            })
            .collect();
        let (mut opened, mut ended) = (0, 0);
        for log_in in log_ins {
            if let Inserted::Opened(by_it) = log_in.await.unwrap() {
                opened += 1;
                ended += by_it.len();
            }
        }
        assert_eq!(lab.live(1..=50).await.len(), 3, "exactly three are left ({when_full:?})");
        assert_eq!(opened - ended, 3, "and every other was told to have ended, once");
        assert_eq!(lab.store.list(&"alice".into()).await.unwrap().len(), 3);
    }
}

async fn a_session_takes_the_place_of_another_in_one_step(lab: Lab) {
    lab.open(session("alice", 1)).await;
    let new = NewSession { replaces: Some(key(1)), ..session("bob", 2) };
    assert_eq!(lab.open(new).await, [(SessionHandle::from_u64(1), End::Replaced)]);
    assert_eq!(lab.live(1..=2).await, [2]);
    let new = NewSession { replaces: Some(key(1)), ..session("bob", 3) };
    assert_eq!(lab.open(new).await, [], "what is gone already is told no second time");
    assert_eq!(lab.live(1..=3).await, [2, 3]);
}

async fn a_purge_removes_what_expired_and_nothing_else(lab: Lab) {
    for number in 1..=5 {
        let user = if number % 2 == 0 { "alice" } else { "bob" };
        lab.open(NewSession { idle: Duration::from_mins(1), ..session(user, number) }).await;
    }
    lab.open(session("alice", 6)).await;
    assert_eq!(lab.store.purge(100).await.unwrap(), [], "nothing has expired");
    lab.clock.advance(Duration::from_mins(1));

    let mut purged = Vec::new();
    for most in [2, 2, 2] {
        let batch = lab.store.purge(most).await.unwrap();
        assert!(batch.len() <= most, "a batch is no larger than was asked for");
        assert!(batch.iter().all(|ended| ended.why == End::Expired));
        purged.extend(batch.into_iter().map(|ended| ended.handle.as_u64()));
    }
    purged.sort_unstable();
    assert_eq!(purged, [1, 2, 3, 4, 5], "each is told once");
    assert_eq!(lab.store.purge(100).await.unwrap(), []);
    assert!(lab.is_live(6).await);
}

async fn groups_are_created_once_and_listed_in_order(lab: Lab) {
    assert_eq!(lab.store.all_groups().await.unwrap(), Vec::<String>::new());
    for name in ["staff", "admin", "staff"] {
        lab.store.create_group(name).await.unwrap();
    }
    lab.store.add_to_group(&"alice".into(), "staff").await.unwrap();
    lab.store.create_group("staff").await.unwrap();
    assert_eq!(lab.store.all_groups().await.unwrap(), ["admin", "staff"]);
    assert!(lab.store.in_group(&"alice".into(), "staff").await.unwrap(), "creating it again empties nothing");
}

async fn members_come_and_go(lab: Lab) {
    let (alice, bob) = (UserId::from("alice"), UserId::from("bob"));
    assert!(!lab.store.add_to_group(&alice, "staff").await.unwrap(), "there is no such group");
    assert!(!lab.store.remove_from_group(&alice, "staff").await.unwrap(), "there is no such group");
    assert!(!lab.store.in_group(&alice, "staff").await.unwrap(), "and nobody in it");
    for name in ["staff", "admin"] {
        lab.store.create_group(name).await.unwrap();
    }
    for _ in 0..2 {
        assert!(lab.store.add_to_group(&alice, "staff").await.unwrap());
    }
    assert!(lab.store.in_group(&alice, "staff").await.unwrap());
    assert!(!lab.store.in_group(&alice, "admin").await.unwrap());
    assert!(!lab.store.in_group(&bob, "staff").await.unwrap());
    for _ in 0..2 {
        assert!(lab.store.remove_from_group(&alice, "staff").await.unwrap());
    }
    assert!(!lab.store.in_group(&alice, "staff").await.unwrap());
}

async fn groups_are_read_with_the_session(lab: Lab) {
    // Sets hold the groups that rules of this binary name, so those are what can be told apart.
    let names = group::named_in_rules();
    for name in names {
        lab.store.create_group(name).await.unwrap();
    }
    lab.open(session("alice", 1)).await;
    lab.open(session("bob", 2)).await;
    assert_eq!(lab.find(1).await.unwrap().groups, GroupSet::default());
    for name in names {
        lab.store.add_to_group(&"alice".into(), name).await.unwrap();
        assert_eq!(lab.find(2).await.unwrap().groups, GroupSet::default());
    }
    assert_eq!(lab.find(1).await.unwrap().groups, names.iter().copied().collect());
    if let Some((first, others)) = names.split_first() {
        lab.store.remove_from_group(&"alice".into(), first).await.unwrap();
        assert_eq!(lab.find(1).await.unwrap().groups, others.iter().copied().collect());
    }
    // Membership belongs to the user, and outlives the sessions.
    lab.store.close_all(&"alice".into(), None).await.unwrap();
    for name in names.iter().skip(1) {
        assert!(lab.store.in_group(&"alice".into(), name).await.unwrap());
    }
}
