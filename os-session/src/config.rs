//! What the application decides once, at start.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::num::NonZeroU32;
use std::time::Duration;

use crate::cookie::{self, CookieConfig};
use crate::store::{Limit, SlotLimits, WhenFull};

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// How long a session lives on the server, whatever its cookie says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lifetime {
    /// Without activity.
    pub(crate) idle: Duration,
    /// In any case.
    pub(crate) absolute: Duration,
}

/// How much may be kept in slots, and for how long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SlotConfig {
    pub(crate) limits: SlotLimits,
    /// The size of a persistent value, as it is stored.
    pub(crate) most_bytes: usize,
    /// How long a browser's values live without it being seen.
    pub(crate) browser_idle: Duration,
}

impl Default for SlotConfig {
    fn default() -> Self {
        const MOST: NonZeroU32 = NonZeroU32::new(64).expect("it is not zero");
        const TABS: NonZeroU32 = NonZeroU32::new(50).expect("it is not zero");
        Self { limits: SlotLimits { slots: MOST, tabs: TABS }, most_bytes: 64 * 1024, browser_idle: 90 * DAY }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub(crate) cookie: CookieConfig,
    /// Of a session whose cookie outlives the browser.
    pub(crate) persistent: Lifetime,
    /// Of one whose cookie is gone when the browser exits.
    pub(crate) browser: Lifetime,
    pub(crate) touch_interval: Option<Duration>,
    pub(crate) max_sessions: u32,
    pub(crate) when_full: WhenFull,
    pub(crate) hook_deadline: Duration,
    pub(crate) purge_interval: Duration,
    pub(crate) slots: SlotConfig,
    pub(crate) login_url: Option<String>,
    pub(crate) confirm_url: Option<String>,
    pub(crate) client_url: Option<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            cookie: CookieConfig {
                name: cookie::NAME.to_owned(),
                browser_name: cookie::BROWSER_NAME.to_owned(),
                left_name: format!("{}-left", cookie::NAME),
                secure: true,
            },
            persistent: Lifetime { idle: 14 * DAY, absolute: 90 * DAY },
            browser: Lifetime { idle: DAY, absolute: 7 * DAY },
            touch_interval: None,
            max_sessions: 50,
            when_full: WhenFull::CloseOldest,
            hook_deadline: Duration::from_secs(10),
            purge_interval: Duration::from_mins(1),
            slots: SlotConfig::default(),
            login_url: None,
            confirm_url: None,
            client_url: None,
        }
    }
}

impl Config {
    pub(crate) fn limit(&self) -> Limit {
        let sessions = NonZeroU32::new(self.max_sessions).unwrap_or(NonZeroU32::MIN);
        Limit { sessions, when_full: self.when_full }
    }

    /// The path of the log-in page, without a query.
    pub(crate) fn login_path(&self) -> Option<&str> {
        path_of(self.login_url.as_deref())
    }

    /// The path of the page where users prove once more who they are.
    pub(crate) fn confirm_path(&self) -> Option<&str> {
        path_of(self.confirm_url.as_deref())
    }

    pub(crate) fn lifetime(&self, expire: bool) -> Lifetime {
        if expire { self.browser } else { self.persistent }
    }

    /// How old the last written activity may become before it is written again: an hour, and never more than a
    /// twentieth of the shorter idle lifetime, so that an active session does not look idle.
    pub(crate) fn touch_interval(&self) -> Duration {
        let idle = self.persistent.idle.min(self.browser.idle);
        self.touch_interval.unwrap_or_else(|| HOUR.min(idle / 20))
    }

    /// Everything that cannot work, each with what to do about it.
    pub(crate) fn mistakes(&self) -> Vec<String> {
        let mut mistakes = Vec::new();
        let mut mistake = |wrong: bool, text: String| {
            if wrong {
                mistakes.push(text);
            }
        };
        let CookieConfig { name, secure, .. } = &self.cookie;
        let prefixed = ["__host-", "__secure-"].iter().any(|prefix| name.to_ascii_lowercase().starts_with(prefix));
        mistake(
            prefixed && !secure,
            format!(
                "the cookie name `{name}` has a prefix that browsers accept over HTTPS only, and `insecure_plain_http()` is set; \
                 leave out one of the two"
            ),
        );
        let token = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte));
        mistake(
            name.is_empty() || name.len() > 128 || !token,
            format!("`{name}` cannot be the name of a cookie; use up to 128 letters, digits, `-` and `_`"),
        );
        for (of, Lifetime { idle, absolute }) in [("persistent", self.persistent), ("browser", self.browser)] {
            mistake(
                idle.is_zero() || absolute.is_zero(),
                format!("the lifetime of {of} sessions is zero; every session would be over before its first request"),
            );
            mistake(
                idle > absolute,
                format!(
                    "the idle lifetime of {of} sessions, {idle:?}, is longer than the absolute one, {absolute:?}; make it shorter"
                ),
            );
            mistake(
                self.touch_interval() > idle / 2,
                format!(
                    "the touch interval, {:?}, is more than half the idle lifetime of {of} sessions, {idle:?}, so that active \
                     sessions would end; make it shorter",
                    self.touch_interval()
                ),
            );
        }
        mistake(
            self.max_sessions == 0,
            "`max_sessions_per_user(0)` lets nobody log in; allow at least one session".to_owned(),
        );
        mistake(self.hook_deadline.is_zero(), "the deadline for hooks is zero; no hook could ever succeed".to_owned());
        mistake(
            self.purge_interval.is_zero(),
            "the purge interval is zero; give the time between two purges".to_owned(),
        );
        let pages =
            [("login_url", &self.login_url), ("confirm_url", &self.confirm_url), ("client_url", &self.client_url)];
        for (name, url) in pages.into_iter().filter_map(|(name, url)| Some((name, url.as_ref()?))) {
            mistake(
                !crate::return_to::is_local(url),
                format!("`{name}({url:?})` is no path of this site; write one that starts with a single `/`"),
            );
        }
        mistakes
    }
}

fn path_of(url: Option<&str>) -> Option<&str> {
    url.and_then(|url| url.split('?').next())
}

/// The application's states, for hooks and server functions: one value a type.
#[derive(Default)]
pub(crate) struct States(HashMap<TypeId, Box<dyn Any + Send + Sync>>);

impl States {
    pub(crate) fn insert<S: Send + Sync + 'static>(&mut self, state: S) {
        self.0.insert(TypeId::of::<S>(), Box::new(state));
    }

    pub(crate) fn get<S: 'static>(&self) -> Option<&S> {
        self.0.get(&TypeId::of::<S>())?.downcast_ref()
    }

    pub(crate) fn contains(&self, id: TypeId) -> bool {
        self.0.contains_key(&id)
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = TypeId> {
        self.0.keys().copied()
    }
}
