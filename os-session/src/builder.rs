//! Putting `Sessions` together, and finding out at once what cannot work.

use std::any::TypeId;
use std::collections::HashSet;
use std::num::NonZeroU32;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock, Weak};
use std::time::Duration;

use crate::config::{Config, Lifetime, States};
use crate::cookie;
use crate::cross_site::CrossSite;
use crate::declaration::{self, Declaration, StateType};
use crate::deny::{Answer, BoxedDenyFun, DenyFn, deny};
use crate::error::{Error, unknown_group};
use crate::expression::SpeltTwice;
use crate::groups::{AnyGroups, Groups};
use crate::hook;
use crate::lately::Lately;
use crate::lifecycle::Remembered;
use crate::memory::MemoryStore;
use crate::renewed::Renewed;
use crate::sessions::{Inner, KnownGroups, Sessions};
use crate::shown::ShownSalt;
use crate::slot::registry;
use crate::slot::turns::Turns;
use crate::slot::volatile::Volatile;
use crate::store::{AnyStore, Store, WhenFull};
use crate::tasks::Tasks;

/// What an application decides about its sessions; every default is the safe choice.
///
/// ```
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// use os_session::{Sessions, UserId};
///
/// let sessions = Sessions::builder()
///     .groups(["admin", "banned"], |user: UserId| async move {
///         if user == "alice" { vec!["admin"] } else { vec![] }
///     })
///     .login_url("/login")
///     .build()
///     .await?;
/// # let _ = sessions;
/// # Ok::<_, os_session::Error>(())
/// # })?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[must_use = "nothing is built until `build()` is awaited"]
pub struct SessionsBuilder {
    store: Arc<dyn AnyStore>,
    config: Config,
    cookie_name: Option<String>,
    cross_site: CrossSite,
    groups: Option<(Vec<String>, Box<dyn AnyGroups>)>,
    states: States,
    deny_fun: Option<BoxedDenyFun>,
}

impl std::fmt::Debug for SessionsBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SessionsBuilder").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Sessions {
    /// Begins to put `Sessions` together.
    pub fn builder() -> SessionsBuilder {
        let mut states = States::default();
        states.insert(());
        SessionsBuilder {
            store: Arc::new(MemoryStore::new()),
            config: Config::default(),
            cookie_name: None,
            cross_site: CrossSite::default(),
            groups: None,
            states,
            deny_fun: None,
        }
    }
}

impl SessionsBuilder {
    /// Where sessions are kept. By default a [`MemoryStore`].
    ///
    /// Two `Sessions` of one process over the same database are best given a store each, with connections of its own: then pages and streams of the
    /// one hear of what the other does, as they hear of another node. Over clones of one store they are shut out all the same, and hear of
    /// it when they ask next.
    pub fn store(mut self, store: impl Store) -> Self {
        self.store = Arc::new(store);
        self
    }

    /// Who is in which group, and the names of all groups that there are. A rule that misspells one of them is an error of
    /// [`build`](Self::build); one that names any other is an error where it is routed, and refused at a request otherwise. By default
    /// groups are kept in the store, see [`Sessions::groups`].
    pub fn groups(mut self, names: impl IntoIterator<Item = impl Into<String>>, provider: impl Groups) -> Self {
        self.groups = Some((names.into_iter().map(Into::into).collect(), Box::new(provider)));
        self
    }

    /// The application's state, for hooks, server functions and [`FromUser`](crate::FromUser) in them. One value of each type.
    pub fn state<S: Send + Sync + 'static>(mut self, state: S) -> Self {
        self.states.insert(state);
        self
    }

    /// Where a browser's navigation that lacks a connection is sent, with the way back in `next`: a
    /// path of this site, which may have a query without `next`.
    pub fn login_url(mut self, path: impl Into<String>) -> Self {
        self.config.login_url = Some(path.into());
        self
    }

    /// Where a browser's navigation is sent that wants a handler with `fresh` and whose user proved too long ago who they are, with the
    /// way back in `next`: a path of this site, of a page that asks for the password and calls
    /// [`Session::confirm`](crate::Session::confirm).
    pub fn confirm_url(mut self, path: impl Into<String>) -> Self {
        self.config.confirm_url = Some(path.into());
        self
    }

    /// Where browsers find what [`Sessions::routes`] serves, if the router that routes it is itself nested in one of axum's:
    /// `/app/os-session`. By default it is found where it is routed.
    pub fn client_url(mut self, path: impl Into<String>) -> Self {
        self.config.client_url = Some(path.into());
        self
    }

    /// One answer for every refusal that its handler has none for: an async function as in `#[connected(deny_fun = …)]`.
    pub fn deny_fun<F, Args>(mut self, deny_fun: F) -> Self
    where
        F: DenyFn<Args, (), Output: Answer>,
    {
        self.deny_fun = Some(Arc::new(move |denied| deny(deny_fun.clone(), denied, &())));
        self
    }

    /// How long sessions live whose cookie outlives the browser: by default 14 days without
    /// activity and 90 days in any case. The second is at most 400 days, as long as browsers keep a
    /// cookie.
    pub fn lifetime(mut self, idle: Duration, absolute: Duration) -> Self {
        self.config.persistent = Lifetime { idle, absolute };
        self
    }

    /// How long sessions live whose cookie is gone when the browser exits: by default 24 hours without activity and 7 days in
    /// any case, at most 400 days.
    pub fn browser_lifetime(mut self, idle: Duration, absolute: Duration) -> Self {
        self.config.browser = Lifetime { idle, absolute };
        self
    }

    /// How old the last written activity of a session may become before it is written again: by default an hour, or a
    /// twentieth of the shorter idle lifetime if that is less.
    pub fn touch_interval(mut self, interval: Duration) -> Self {
        self.config.touch_interval = Some(interval);
        self
    }

    /// How many sessions a user may have, by default 50; at one more the least recently used is closed.
    pub fn max_sessions_per_user(mut self, sessions: u32) -> Self {
        self.config.max_sessions = sessions;
        self
    }

    /// A log-in beyond the limit is refused with [`Error::TooManySessions`], and nothing is closed.
    pub fn refuse_when_full(mut self) -> Self {
        self.config.when_full = WhenFull::Refuse;
        self
    }

    /// How long one hook may take, and one call of a policy, a group provider, a `deny_fun` or a
    /// [`FromUser`](crate::FromUser): by default 10 seconds. It works on tokio's clock.
    pub fn hook_deadline(mut self, deadline: Duration) -> Self {
        self.config.hook_deadline = deadline;
        self
    }

    /// How often expired sessions are removed from the store, in the background: by default every
    /// minute, at least every 400 days.
    pub fn purge_interval(mut self, interval: Duration) -> Self {
        self.config.purge_interval = interval;
        self
    }

    /// The size of a persistent slot's value, as JSON: by default 64 KiB. Zero is an error of
    /// [`build`](Self::build).
    pub fn max_slot_bytes(mut self, most: usize) -> Self {
        self.config.slots.most_bytes = most;
        self
    }

    /// How many slots may be set in one scope, and in each of its tabs: by default 64. The least is one.
    pub fn max_slots(mut self, most: u32) -> Self {
        self.config.slots.limits.slots = NonZeroU32::new(most).unwrap_or(NonZeroU32::MIN);
        self
    }

    /// How many tabs of one browser may have slots: by default 50. At one more, the tab whose slots were written longest ago loses them.
    /// The least is one.
    pub fn max_tabs_per_browser(mut self, most: u32) -> Self {
        self.config.slots.limits.tabs = NonZeroU32::new(most).unwrap_or(NonZeroU32::MIN);
        self
    }

    /// How long the slots of a browser live without it being seen, whether a user is logged in in
    /// it or not: by default 90 days, at most 400 days. Until its cookie has come back it is a
    /// shorter time, see [`new_browser_idle`](Self::new_browser_idle).
    pub fn browser_idle(mut self, idle: Duration) -> Self {
        self.config.slots.browser_idle = idle;
        self
    }

    /// How long the slots of a browser live after they were written last until its cookie has come
    /// back: by default an hour, and never longer than [`browser_idle`](Self::browser_idle). A
    /// client that keeps no cookies leaves them behind at each request.
    ///
    /// The cookie has come back when a request with it finds a slot of the browser or writes one. A
    /// browser in which a user logs in counts as one whose cookie has come back.
    pub fn new_browser_idle(mut self, idle: Duration) -> Self {
        self.config.slots.new_browser_idle = idle;
        self
    }

    /// How many browsers may have slots, in the store and, for volatile slots, in this process: by
    /// default 100 000. The least is one. At one more, another loses its slots: one whose cookie
    /// never came back as long as there is one, and otherwise one whose cookie has come back; the
    /// least recently used first.
    ///
    /// So a client that keeps no cookies takes nothing from a browser that comes back. One that
    /// sends its cookie back is as good as any other browser, and differs from one only by its use:
    /// limit how fast a client may make browsers where that matters. Choose more than come back
    /// within [`browser_idle`](Self::browser_idle): where all places are taken by such browsers,
    /// new ones share a single place.
    ///
    /// A PostgreSQL store may keep a few per cent more: it does not count at each new browser.
    pub fn max_browsers(mut self, most: u32) -> Self {
        self.config.slots.max_browsers = NonZeroU32::new(most).unwrap_or(NonZeroU32::MIN);
        self
    }

    /// The name of the session cookie: by default `__Host-os-session`. With another name, the cookie of the browser is called the same
    /// with `-browser` behind.
    pub fn cookie_name(mut self, name: impl Into<String>) -> Self {
        self.cookie_name = Some(name.into());
        self
    }

    /// Another site whose pages may send requests that change something here, as browsers write it
    /// in `Origin`: `https://app.example`, or `capacitor://localhost` for the pages of an app. A
    /// port that is the default of its scheme makes no difference. What no browser can send is an
    /// error of [`build`](Self::build).
    pub fn trusted_origin(mut self, origin: impl Into<String>) -> Self {
        self.cross_site.trusted_origins.push(origin.into());
        self
    }

    /// Refuses a request that carries a cookie of these sessions and has neither `Sec-Fetch-Site`
    /// nor `Origin`, where it could change something, and where it opens a WebSocket or an event
    /// stream.
    ///
    /// Every browser since 2023 sends `Sec-Fetch-Site` over HTTPS, and older ones send `Origin`
    /// with a form. By default a request with neither passes, since the client that sends it is no
    /// browser of today. With this setting, programs that send the cookie have to send `Origin` as
    /// well.
    pub fn require_origin(mut self) -> Self {
        self.cross_site.requires_origin = true;
        self
    }

    /// Serves over plain HTTP, as on a developer's machine: the cookie is called `os-session` and is not `Secure`, so that anyone on
    /// the way can read it.
    pub fn insecure_plain_http(mut self) -> Self {
        self.config.cookie.secure = false;
        self
    }

    /// Builds the handle, and starts removing expired sessions in the background.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] with everything that cannot work: a misspelt group in a rule, a rule that spells one group in two ways, a hook or server
    /// function whose state no `Sessions` of this process was given, a cookie that browsers would drop, lifetimes that contradict each
    /// other. [`Error::Store`] if the store fails.
    pub async fn build(self) -> Result<Sessions, Error> {
        let Self { store, mut config, cookie_name, mut cross_site, groups, states, deny_fun } = self;
        let (name, browser_name) = match config.cookie.secure {
            true => (cookie::NAME, cookie::BROWSER_NAME),
            false => (cookie::PLAIN_NAME, cookie::PLAIN_BROWSER_NAME),
        };
        config.cookie.browser_name =
            cookie_name.as_ref().map_or_else(|| browser_name.to_owned(), |name| format!("{name}-browser"));
        config.cookie.name = cookie_name.unwrap_or_else(|| name.to_owned());
        config.cookie.left_name = format!("{}-left", config.cookie.name);

        let mut mistakes = config.mistakes();
        cross_site.is_secure = config.cookie.secure;
        mistakes.extend(cross_site.mistakes());
        mistakes.extend(missing_states(&states));
        mistakes.extend(spelt_twice());
        mistakes.extend(registry::duplicates());
        let (known, provider) = match groups {
            Some((names, provider)) => {
                let known = KnownGroups::new(names);
                mistakes.extend(misspelt_groups(&known));
                (known, Some(provider))
            }
            None => (KnownGroups::new(store.all_groups().await?), None),
        };
        if !mistakes.is_empty() {
            return Err(Error::Config(mistakes));
        }

        if store.is_shared() {
            for slot in registry::volatile() {
                tracing::warn!(
                    "the slot {slot} is volatile, and the store is shared: each process has values of its own"
                );
            }
        }
        let sessions = Sessions(Arc::new(Inner {
            store,
            unsure: 0.into(),
            is_told: AtomicBool::new(false),
            touch_millis: u64::try_from(config.touch_interval().as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX),
            config,
            cross_site,
            groups: provider,
            first_known_groups: known.first().into(),
            known_groups: RwLock::new(known),
            states,
            deny_fun,
            tasks: Tasks::new(),
            awaited: Arc::default(),
            client_path: OnceLock::new(),
            shown: ShownSalt::default(),
            volatile: Volatile::default(),
            turns: Turns::new(),
            renewed: Renewed::default(),
            browser_turns: Turns::new(),
            exchanged: Lately::default(),
            has_start_hooks: hook::any(hook::START),
            goes_step_by_step: hook::any(hook::IN_A_REQUEST).into(),
            keeps_parts: hook::all().iter().any(|hook| hook.needs_parts)
                || declaration::all().any(Declaration::wants_parts),
            remembered: Remembered::default(),
        }));
        sessions.purge_in_background();
        sessions.listen_in_background().await;
        Ok(sessions)
    }
}

/// Rules of this binary that misspell a group of the provider.
///
/// A group that resembles none may belong to another application in this process; its rule is refused where it is routed, or else
/// at its first request.
fn misspelt_groups(known: &KnownGroups) -> Vec<String> {
    let mut lines = Vec::new();
    for rule in declaration::all() {
        for name in rule.group_names().filter(|name| !known.contains(name)) {
            let nearest = known.nearest(name);
            let line = unknown_group(rule.place(), name, nearest.as_deref());
            if nearest.is_some() {
                lines.push(line);
            } else {
                tracing::warn!("{line}");
            }
        }
    }
    lines.sort();
    lines
}

/// Rules that name one group as a string and as a path, or by two paths: what the compiler found about them may be wrong.
fn spelt_twice() -> Vec<String> {
    let mut lines: Vec<_> = declaration::all()
        .filter_map(|rule| {
            let SpeltTwice { name, ways: [one, other] } = rule.spells_twice()?;
            let place = rule.place();
            Some(format!(
                "the rule of {place} names the group `{name}` as `{one}` and as `{other}`; write it in one way"
            ))
        })
        .collect();
    lines.sort();
    lines
}

/// Hooks and server functions that could never run, because no `Sessions` of this process was given their state: an audit hook
/// must not be silently off. With several `Sessions` in a process, the one that has the state is built first.
fn missing_states(states: &States) -> Vec<String> {
    static GIVEN: Mutex<Option<HashSet<TypeId>>> = Mutex::new(None);
    let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
    let given = given.get_or_insert_default();
    given.extend(states.ids());

    let missing = |state: &StateType| !given.contains(&state.id());
    let wanted_by_hooks = hook::all().iter().filter_map(|hook| Some((hook.to_string(), hook.state?)));
    let wanted_by_functions =
        declaration::all().filter_map(|rule| Some((rule.place().to_string(), *rule.state_type()?)));
    let mut lines: Vec<_> = wanted_by_hooks
        .chain(wanted_by_functions)
        .filter(|(_, state)| missing(state))
        .map(|(what, state)| {
            let name = state.name();
            format!("{what} wants `state = {name}`, which no `Sessions` was given; hand it over with `.state(…)`")
        })
        .collect();
    lines.sort();
    lines
}

impl Sessions {
    fn purge_in_background(&self) {
        let every = self.0.config.purge_interval;
        let mut stopping = self.0.tasks.stopping();
        let inner: Weak<Inner> = Arc::downgrade(&self.0);
        tokio::spawn(async move {
            while Tasks::pause(&mut stopping, every).await {
                let Some(inner) = inner.upgrade() else { return };
                let sessions = Sessions(inner);
                sessions.doubt_unmet();
                let slots = &sessions.0.config.slots;
                sessions.0.volatile.forget_unused(slots.new_browser_idle, slots.browser_idle);
                match sessions.purge().await {
                    Ok(0) => {}
                    Ok(purged) => tracing::debug!(purged, "expired sessions were removed"),
                    Err(error) => tracing::warn!(%error, "expired sessions could not be removed"),
                }
            }
        });
    }
}
