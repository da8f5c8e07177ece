//! What the application decides once, at start.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::num::NonZeroU32;
use std::time::Duration;

use percent_encoding::percent_decode_str;

use crate::cookie::{self, CookieConfig, LONGEST_LIFE};
use crate::store::{Limit, NewBrowser, SessionHandle, SlotLimits, WhenFull};

/// Timers and stores count milliseconds.
const SHORTEST: Duration = Duration::from_millis(1);

/// `Max-Age` of a cookie counts whole seconds, and browsers drop a cookie of zero seconds.
const SHORTEST_OF_COOKIE: Duration = Duration::from_secs(1);

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
    /// The same until its cookie has come back.
    pub(crate) new_browser_idle: Duration,
    /// How many browsers have values, in the store and in this process.
    pub(crate) max_browsers: NonZeroU32,
}

impl Default for SlotConfig {
    fn default() -> Self {
        const MOST: NonZeroU32 = NonZeroU32::new(64).expect("it is not zero");
        const TABS: NonZeroU32 = NonZeroU32::new(50).expect("it is not zero");
        const BROWSERS: NonZeroU32 = NonZeroU32::new(100_000).expect("it is not zero");
        Self {
            limits: SlotLimits { slots: MOST, tabs: TABS },
            most_bytes: 64 * 1024,
            browser_idle: 90 * DAY,
            new_browser_idle: HOUR,
            max_browsers: BROWSERS,
        }
    }
}

impl SlotConfig {
    /// A browser about to be known, in which that session is open. A client that logged in is no
    /// mere visitor.
    pub(crate) fn new_browser(&self, session: Option<SessionHandle>) -> NewBrowser {
        let idle = self.browser_idle;
        let new_idle = session.is_none().then_some(self.new_browser_idle.min(idle));
        NewBrowser { idle, new_idle, most: self.max_browsers, session }
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
        let mut mistakes = self.mistakes_of_cookies();
        mistakes.extend(self.mistakes_of_lifetimes());
        mistakes.extend(self.mistakes_of_durations());
        let mut mistake = |wrong: bool, text: &str| mistakes.extend(wrong.then(|| text.to_owned()));
        mistake(self.max_sessions == 0, "`max_sessions_per_user(0)` lets nobody log in; allow at least one session");
        mistake(self.slots.most_bytes == 0, "`max_slot_bytes(0)` leaves no room for any value; allow some bytes");
        let pages =
            [("login_url", &self.login_url), ("confirm_url", &self.confirm_url), ("client_url", &self.client_url)];
        for (name, url) in pages.into_iter().filter_map(|(name, url)| Some((name, url.as_ref()?))) {
            mistakes.extend(mistake_of_address(name, url));
        }
        mistakes
    }

    fn mistakes_of_cookies(&self) -> Vec<String> {
        let CookieConfig { name, secure, .. } = &self.cookie;
        let mut mistakes = Vec::new();
        let prefixes = ["__host-", "__secure-", "__http-"];
        if !secure && prefixes.iter().any(|prefix| name.to_ascii_lowercase().starts_with(prefix)) {
            mistakes.push(format!(
                "the cookie name {name:?} has a prefix that browsers accept over HTTPS only, and `insecure_plain_http()` is set; \
                 leave out one of the two"
            ));
        }
        let token = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte));
        if name.is_empty() || name.len() > 128 || !token {
            mistakes
                .push(format!("{name:?} cannot be the name of a cookie; use up to 128 letters, digits, `-` and `_`"));
        }
        mistakes
    }

    fn mistakes_of_lifetimes(&self) -> Vec<String> {
        let mut mistakes = Vec::new();
        let of_cookies = [("persistent", self.persistent, SHORTEST_OF_COOKIE), ("browser", self.browser, SHORTEST)];
        for (of, Lifetime { idle, absolute }, shortest) in of_cookies {
            let mut mistake = |wrong: bool, text: String| mistakes.extend(wrong.then_some(text));
            mistake(
                idle.is_zero() || absolute.is_zero(),
                format!("the lifetime of {of} sessions is zero; every session would be over before its first request"),
            );
            mistake(
                !idle.is_zero() && idle < SHORTEST,
                format!("the idle lifetime of {of} sessions must be at least {SHORTEST:?}, got {idle:?}"),
            );
            mistake(
                !absolute.is_zero() && absolute < shortest,
                format!("the absolute lifetime of {of} sessions must be at least {shortest:?}, got {absolute:?}"),
            );
            mistake(
                idle > absolute,
                format!(
                    "the idle lifetime of {of} sessions, {idle:?}, is longer than the absolute one, {absolute:?}; make it shorter"
                ),
            );
            mistake(
                absolute > LONGEST_LIFE,
                format!(
                    "the absolute lifetime of {of} sessions must be at most 400 days, as long as browsers keep a cookie, got {absolute:?}"
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
        mistakes
    }

    fn mistakes_of_durations(&self) -> Vec<String> {
        let durations = [
            ("the deadline for hooks", self.hook_deadline, SHORTEST, Duration::MAX, "no hook could ever succeed"),
            ("the purge interval", self.purge_interval, SHORTEST, LONGEST_LIFE, "give the time between two purges"),
            ("`browser_idle`", self.slots.browser_idle, SHORTEST, LONGEST_LIFE, "no value would be kept"),
            ("`new_browser_idle`", self.slots.new_browser_idle, SHORTEST, LONGEST_LIFE, "no value would be kept"),
        ];
        let mistake = |(what, given, least, most, why): (&str, Duration, Duration, Duration, &str)| match given {
            Duration::ZERO => Some(format!("{what} is zero; {why}")),
            _ if given < least => Some(format!("{what} must be at least {least:?}, got {given:?}")),
            _ if given > most => Some(format!("{what} must be at most 400 days, got {given:?}")),
            _ => None,
        };
        durations.into_iter().filter_map(mistake).collect()
    }
}

/// What keeps an address from leading to a page of this site, in the spelling in which browsers ask
/// for it.
fn mistake_of_address(name: &str, url: &str) -> Option<String> {
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let mut keys = query.split('&').filter_map(|pair| pair.split('=').next());
    let is_page = name != "client_url";
    let why = match () {
        () if url.contains('#') => "it has a fragment; leave out what begins with `#`",
        () if !url.is_ascii() => "percent-encode what is not ASCII, as browsers do",
        () if !crate::return_to::is_local(url) => "it leads elsewhere, or is no path",
        () if !url.bytes().all(is_of_address) => "percent-encode every character that has no place in an address",
        () if path.split('/').any(is_dot_segment) => "leave out the segments `.` and `..`, as browsers do",
        () if !is_page && url.contains('?') => "leave out the query",
        () if is_page && keys.any(|key| reads(key, "next")) => "leave out `next`, in which the way back is written",
        () => return None,
    };
    Some(format!("`{name}` must be a path of this site that starts with a single `/`, got {url:?}: {why}"))
}

/// The characters of paths and queries (RFC 3986).
fn is_of_address(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/?%".contains(&byte)
}

fn is_dot_segment(segment: &str) -> bool {
    reads(segment, ".") || reads(segment, "..")
}

/// Whether it is that text once it is decoded.
fn reads(encoded: &str, text: &str) -> bool {
    percent_decode_str(encoded).eq(text.bytes())
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
