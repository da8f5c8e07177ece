//! A walk along every route, as every kind of caller: whether the server does what its access table says.

use std::collections::{BTreeSet, HashMap};
use std::fmt::{self, Write as _};
use std::num::NonZeroU32;
use std::sync::atomic::Ordering;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, header};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tower::ServiceExt as _;

use crate::access::{AccessRow, AccessTable, What};
use crate::declaration::Declaration;
use crate::error::Error;
use crate::group::bit;
use crate::guard::Watch;
use crate::sessions::Sessions;
use crate::store::{Authenticated, Limit, NewSession, Rotation, SessionHandle, Timestamp, WhenFull};
use crate::token::{SessionKey, Token};
use crate::user::UserId;

mod judge;

use self::judge::judge;

/// Requests every route as every kind of caller, and checks that the server admits and refuses as the access table says.
///
/// A caller is nobody, or a [`caller`](Tour::caller) with a session: one just opened, and where a rule says `fresh`, one whose user
/// proved too long ago who they are. With groups in the store each caller is put into every combination of the groups that a
/// rule names, and afterwards back into its own; with a provider of the application's it is in the groups that the provider
/// says, so name one caller of each kind.
///
/// The requests are real ones, through the application with all its layers, hooks and policies. **Handlers are not run**: what is
/// admitted ends at the handler's door, so that nothing is bought or deleted. What is public or open has no rule to be wrong
/// about, and is left out. From then on these `Sessions` take a little longer over each request.
///
/// ```
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// use os_session::routing::{Router, get};
/// use os_session::testing::Tour;
/// use os_session::{Sessions, connected};
///
/// #[connected(allow = ["admin", "staff"], deny = "banned")]
/// async fn order() {}
///
/// let sessions = Sessions::builder().build().await?;
/// for group in ["admin", "staff", "banned"] {
///     sessions.groups().create(group).await?;
/// }
/// let router = Router::new().route("/orders/{id}", get(order));
/// let table = router.access_table();
/// let app = router.with_sessions(&sessions)?;
///
/// let requests = Tour::new(&table, &app, &sessions).caller("alice").param("id", "7").assert().await;
/// assert_eq!(requests, 1 + 8, "nobody, and alice in eight sets of groups");
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[must_use = "a tour begins with `assert`"]
pub struct Tour<'a> {
    table: &'a AccessTable,
    app: &'a Router,
    sessions: &'a Sessions,
    callers: Vec<UserId>,
    params: HashMap<String, String>,
    /// Policies may answer instead of saying yes or no.
    answers: bool,
}

/// Above this many groups in one rule not every combination is tried, but none, each alone, each pair, and all.
const MOST_COMBINED: usize = 6;

impl<'a> Tour<'a> {
    /// A tour of what stands in the table, through this application.
    pub fn new(table: &'a AccessTable, app: &'a Router, sessions: &'a Sessions) -> Self {
        Self { table, app, sessions, callers: Vec::new(), params: HashMap::new(), answers: false }
    }

    /// Somebody who calls every route.
    pub fn caller(mut self, user: impl Into<UserId>) -> Self {
        self.callers.push(user.into());
        self
    }

    /// What stands for `{name}` in paths; by default `1`.
    pub fn param(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.params.insert(name.into(), value.into());
        self
    }

    /// A policy may fail and answer the request itself, with 404 for what is not there. Without this it is a mistake: the rule was never
    /// decided.
    pub fn policies_may_answer(mut self) -> Self {
        self.answers = true;
        self
    }

    /// Makes the requests, and answers how many there were.
    ///
    /// # Panics
    ///
    /// If the server does something else than the table says, with every such request; if a rule could not be decided; if there is no
    /// caller, or a parameter that is in no path; if the store or the group provider fails.
    pub async fn assert(self) -> usize {
        assert!(!self.callers.is_empty(), "a tour needs somebody to call: `.caller(…)`");
        for name in self.params.keys() {
            let is_named = |row: &AccessRow| path(row).split('/').any(|segment| param(segment) == Some(name));
            assert!(self.table.routes().any(is_named), "no path of the table has a parameter `{name}`");
        }
        self.sessions.0.goes_step_by_step.store(true, Ordering::Relaxed);
        let mut mistakes = String::new();
        let mut requests = 0;
        let rows = self.table.routes().filter_map(|row| match row.what {
            What::Declared(rule) if !rule.is_public() => Some((row, rule)),
            _ => None,
        });
        for (row, rule) in rows {
            for caller in self.callers_of(rule).await.expect("the groups of a caller can be told") {
                requests += 1;
                if let Err(mistake) = self.visit(row, rule, &caller).await.expect("the store works") {
                    writeln!(mistakes, "{} {}, {caller}: {mistake}", methods(row), path(row))
                        .expect("a string takes everything");
                }
            }
        }
        assert!(mistakes.is_empty(), "the server does not do what its access table says:\n{mistakes}");
        requests
    }

    /// Nobody, and each caller in each set of groups, fresh and stale where that matters.
    async fn callers_of(&self, rule: &'static Declaration) -> Result<Vec<Caller>, Error> {
        let mut callers = vec![Caller::Nobody];
        for user in &self.callers {
            let sets = match &self.sessions.0.groups {
                Some(provider) => {
                    let groups = self.sessions.ask_for_groups(&**provider, user).await?;
                    vec![named(rule).into_iter().filter(|name| groups.contains(bit(name))).collect()]
                }
                None => combinations(&named(rule).into_iter().collect::<Vec<_>>()),
            };
            for groups in sets {
                let caller = |stale| Caller::User { user: user.clone(), groups: BTreeSet::clone(&groups), stale };
                callers.push(caller(false));
                if rule.fresh_within().is_some() {
                    callers.push(caller(true));
                }
            }
        }
        Ok(callers)
    }

    /// One request. The inner error is what the server did wrong.
    async fn visit(
        &self,
        row: &AccessRow,
        rule: &'static Declaration,
        caller: &Caller,
    ) -> Result<Result<(), String>, Error> {
        let mut request = Request::builder()
            .method(method_of(row))
            .uri(self.path_of(row))
            .header(header::HOST, "app.example")
            .header("sec-fetch-site", "same-origin");
        let mut visit = None;
        if let Caller::User { user, groups, stale } = caller {
            let before = self.put_into(user, rule, groups).await?;
            let (token, key) = self.open(user, *stale).await?;
            request =
                request.header(header::COOKIE, format!("{}={}", self.sessions.0.config.cookie.name, token.encode()));
            visit = Some((user, before, key));
        }
        let watch = Watch::default();
        let request = request.body(Body::empty()).expect("a path of the table is a path");
        let Ok(response) = watch.over(self.app.clone().oneshot(request)).await;
        if let Some((user, before, key)) = visit {
            self.sessions.0.store.close(&key).await?;
            self.put_into(user, rule, &before).await?;
        }
        Ok(judge(rule, caller, &watch.seen(), response.status(), self.answers))
    }

    /// Opens a session as a log-in would, past all hooks.
    async fn open(&self, user: &UserId, stale: bool) -> Result<(Token, SessionKey), Error> {
        let mut token = Token::random().map_err(Error::Random)?;
        let handle = SessionHandle::from_u64(getrandom::u64().map_err(Error::Random)?);
        let store = &self.sessions.0.store;
        let limit = Limit { sessions: NonZeroU32::MAX, when_full: WhenFull::Refuse };
        store.insert(NewSession::new(token.key(), user.clone(), handle), limit).await?;
        if stale {
            let fresh = Token::random().map_err(Error::Random)?;
            let authenticated = Authenticated::At(Timestamp::from_millis(0));
            store.rotate(Rotation { from: token.key(), to: fresh.key(), authenticated }).await?;
            token = fresh;
        }
        let key = token.key();
        Ok((token, key))
    }

    /// Gives a caller just these of the groups that the rule names, where the store keeps them, and answers which it had.
    async fn put_into(
        &self,
        user: &UserId,
        rule: &'static Declaration,
        groups: &BTreeSet<&'static str>,
    ) -> Result<BTreeSet<&'static str>, Error> {
        let mut before = BTreeSet::new();
        if self.sessions.0.groups.is_some() {
            return Ok(before);
        }
        let stored = self.sessions.groups();
        for group in named(rule) {
            if stored.in_group(user.clone(), group).await? {
                before.insert(group);
            }
            if groups.contains(group) {
                stored.add_user_in_group(user.clone(), group).await?;
            } else {
                stored.remove_user_in_group(user.clone(), group).await?;
            }
        }
        Ok(before)
    }

    fn path_of(&self, row: &AccessRow) -> String {
        let path = match path(row) {
            // The fallback for methods: any path that is routed, and not for all of them.
            "/(routed paths)" => self.table.routes().find(|row| methods(row) != "*").map_or("/", path),
            path => path,
        };
        let filled = path.split('/').map(|segment| match segment {
            "(fallback)" => "routed-nowhere".to_owned(),
            segment => self.filled(segment),
        });
        filled.collect::<Vec<_>>().join("/")
    }

    fn filled(&self, segment: &str) -> String {
        match param(segment) {
            Some(name) => {
                let value = self.params.get(name).map_or("1", String::as_str);
                utf8_percent_encode(value, NON_ALPHANUMERIC).to_string()
            }
            // In axum's paths, braces that stand for themselves are doubled.
            None => segment.replace("{{", "{").replace("}}", "}"),
        }
    }
}

fn method_of(row: &AccessRow) -> Method {
    let first = methods(row).split(',').next().unwrap_or_default();
    match first {
        // One that nobody routes by its name.
        "*" | "(others)" => Method::from_bytes(b"TOUR").expect("letters are a method"),
        method => Method::from_bytes(method.as_bytes()).expect("the table names methods"),
    }
}

/// The name of the parameter that a segment of a path stands for, if it stands for one.
fn param(segment: &str) -> Option<&str> {
    let name = segment.strip_prefix('{')?.strip_suffix('}')?;
    (!name.starts_with('{')).then(|| name.strip_prefix('*').unwrap_or(name))
}

fn methods(row: &AccessRow) -> &str {
    row.methods.as_deref().unwrap_or_default()
}

fn path(row: &AccessRow) -> &str {
    row.path.as_deref().unwrap_or_default()
}

/// The groups that a rule names, each once.
fn named(rule: &Declaration) -> BTreeSet<&'static str> {
    rule.group_names().collect()
}

fn combinations(groups: &[&'static str]) -> Vec<BTreeSet<&'static str>> {
    let all: u32 = (1 << groups.len()) - 1;
    let chosen = (0..=all).filter(|set| groups.len() <= MOST_COMBINED || set.count_ones() <= 2 || *set == all);
    let names = |set: u32| (0..groups.len()).filter(|bit| set & 1 << bit != 0).map(|bit| groups[bit]).collect();
    chosen.map(names).collect()
}

enum Caller {
    Nobody,
    User { user: UserId, groups: BTreeSet<&'static str>, stale: bool },
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::User { user, groups, stale } = self else {
            return f.write_str("nobody connected");
        };
        let groups = groups.iter().map(|group| format!("`{group}`")).collect::<Vec<_>>().join(", ");
        let age = if *stale { ", long after logging in" } else { "" };
        match &*groups {
            "" => write!(f, "{user} in no group{age}"),
            groups => write!(f, "{user} in {groups}{age}"),
        }
    }
}
