//! The attributes, with their documentation where its examples compile.

/// A handler that knows who is connected, and is reached only by those whom its rule admits.
///
/// ```
/// use os_session::{UserId, connected};
///
/// #[connected(allow = ["admin", "staff"], deny = "banned")]
/// async fn dashboard(user: UserId) -> String {
///     format!("welcome {user}")
/// }
/// ```
///
/// # Grammar
///
/// ```text
/// connected  := '#[connected' [ '(' argument { ',' argument } [ ',' ] ')' ] ']'
/// argument   := 'allow' '=' who                    who gets in
///             | 'deny' '=' who                     who does not, whatever else they are in
///             | 'fresh' '=' LENGTH                 '"15min"': who proved no longer ago than that who they are
///             | 'deny_fun' '=' PATH                an async function that answers a denial
///             | 'opt'                              who is not connected gets in as well
///             | 'force_unconnected'                the session is not looked at; beside 'opt'
///             | 'state' '=' TYPE                   the router's state, where 'deny_fun' takes it
///             | 'cross_site' '=' STRING            other sites may send what changes something, and why
///             | 'crate' '=' PATH                   where this crate is found, if it is renamed or re-exported
/// who        := either | '[' either { ',' either } [ ',' ] ']'        a list is a choice
/// either     := both { '|' both }
/// both       := not { '&' not }
/// not        := '!' not | '(' either ')' | STRING | PATH
/// ```
///
/// A string is a group, and so is a path whose last part begins in upper case: a [`GroupName`](crate::GroupName). One whose last part
/// begins in lower case is a [`policy`].
///
/// ```
/// use os_session::connected;
///
/// #[connected(allow = "admin" | ("editor" & !"trainee"), deny = "banned")]
/// async fn publish() {}
/// ```
///
/// # What cannot be
///
/// A rule names at most 16 groups and policies, and the attribute tries it on every kind of user: one that nobody satisfies, or every
/// connected user, is a compile error with an example, and so are a group named twice and a `deny` that refuses nobody.
///
/// # A fresh proof
///
/// With `fresh = "15min"` (`s`, `min`, `h` or `d`) the user has logged in, or called [`Session::confirm`](crate::Session::confirm), no longer ago
/// than that. Otherwise the request is denied with [`Denial::NotFresh`](crate::Denial::NotFresh): 401, or a redirect to the page of
/// [`confirm_url`](crate::SessionsBuilder::confirm_url).
///
/// # The function
///
/// A free async function. Its parameters are axum extractors, in any order that axum accepts; generics, `where` clauses, patterns,
/// visibility and other attributes stay as they are. Attributes that look at the whole signature, such as `#[debug_handler]`, go below.
///
/// The attribute adds one parameter in front, which decides before any other is taken from the request: the body of a refused request
/// is never read. So there are at most 15 others, and a test calls the function with
/// [`testing::admitted()`](crate::testing::admitted) in front.
///
/// # Without a connection
///
/// Without `opt`, somebody who is not connected is refused: with 401, or by a redirect to the log-in page. With `allow` that is a denial, `on_denied_request`
/// hooks run and `deny_fun` answers; without it neither does.
///
/// With `opt` and without `allow` a handler takes `Option<UserId>` or `Option<User<T>>`; `UserId`
/// and `User<T>` are compile errors there. Under a type alias the attribute does not recognise
/// them: the handler compiles, and the extractor refuses visitors with 401.
///
/// # `deny_fun`
///
/// ```
/// use axum::http::{StatusCode, Uri};
/// use os_session::{Denial, UserId, connected};
///
/// async fn sorry(user: Option<UserId>, denial: Denial, uri: Uri) -> (StatusCode, String) {
///     let who = user.map_or("nobody".to_owned(), |user| user.to_string());
///     (StatusCode::NOT_FOUND, format!("{who} cannot see {uri}: {denial}"))
/// }
///
/// #[connected(allow = "admin", deny_fun = sorry)]
/// async fn secret() -> &'static str {
///     "hidden from the others"
/// }
/// ```
///
/// It may take `Option<UserId>`, `Option<User<T>>`, [`Denial`](crate::Denial),
/// [`WantsHtml`](crate::WantsHtml), `Uri`, `Method`, `HeaderMap`, and with `state = App` also
/// `State<T>`. A response of 2xx is sent with the refusal's status.
pub use os_session_macros::connected;

/// A question about a request that rules may ask: is this document the user's, is it office hours?
///
/// ```
/// use axum::extract::{Path, State};
/// use os_session::{UserId, connected, policy};
///
/// #[derive(Clone)]
/// struct Documents;
/// impl Documents {
///     async fn owner(&self, _document: u64) -> Option<UserId> {
///         Some(UserId::from("alice"))
///     }
/// }
///
/// #[policy]
/// async fn owns_document(user: UserId, Path(id): Path<u64>, State(documents): State<Documents>) -> bool {
///     documents.owner(id).await == Some(user)
/// }
///
/// #[connected(allow = "admin" | owns_document, deny = "banned")]
/// async fn document(Path(id): Path<u64>) -> String {
///     format!("document {id}")
/// }
/// ```
///
/// A free async function of extractors of the request's head (anything that is `FromRequestParts` with the router's state), which
/// answers with a `bool`, or with a `Result<bool, E>` where `E` is an axum response. It stays callable, in a test for example.
///
/// It is asked after the groups, once a request and rule at most, and only if the rule still depends on it; nobody who is not
/// connected reaches one. An error, and a parameter that cannot be taken from the request, refuses the request wherever the policy
/// stands, under `!` and in `deny` as well: it is the answer, without hooks and without `deny_fun`.
///
/// On a server function a policy sees the request in which it is called, and `state = App` names the state it works with. What depends
/// on the arguments of the call is decided in the body, with [`Error::PermissionDenied`](crate::Error::PermissionDenied).
///
/// ```text
/// policy   := '#[policy' [ '(' 'crate' '=' PATH ')' ] ']'
/// ```
pub use os_session_macros::policy;

/// Groups as an enum, so that a misspelt one does not compile.
///
/// ```
/// use os_session::{Group, Sessions, UserId, connected};
///
/// #[derive(Group)]
/// enum Group {
///     Admin,
///     #[group("on-call")]
///     OnCall,
/// }
///
/// #[connected(allow = Group::Admin | Group::OnCall)]
/// async fn pager() {}
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// async fn groups(user: UserId) -> Vec<Group> {
///     if user == "alice" { vec![Group::OnCall] } else { vec![] }
/// }
///
/// let sessions = Sessions::builder().groups(Group::ALL, groups).build().await?;
/// # let _ = sessions;
/// # Ok::<_, os_session::Error>(())
/// # })?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
///
/// The name of a group is that of its variant in lower case, with `_` between words, or what `#[group("…")]` says. The enum becomes a
/// [`GroupName`](crate::GroupName), an `AsRef<str>`, converts into `String`, and gets a constant `ALL` with every variant.
pub use os_session_macros::Group;

/// Makes a [`Slot`](crate::Slot) known when the program starts, so that [`build()`](crate::SessionsBuilder::build) refuses two persistent slots of one name
/// in one scope, and warns of a volatile slot over a store that several processes share. It changes nothing else; a slot without it works the same.
///
/// ```
/// use os_session::{Slot, scope, slot};
///
/// #[slot]
/// static THEME: Slot<String, scope::UserIndepSession> = Slot::persistent("theme");
/// ```
pub use os_session_macros::slot;

/// A handler that is open to all, for a reason that a reviewer reads in the access table.
///
/// ```
/// use os_session::public;
///
/// #[public(reason = "the shop window")]
/// async fn home() -> &'static str {
///     "welcome"
/// }
/// ```
///
/// Its requests look no session up, run no hooks and get no cookie and no `Vary`; it costs what a plain handler does. It cannot take the
/// session or its user: what is for everybody and knows who is connected is [`#[connected(opt)]`](connected).
///
/// ```text
/// public   := '#[public(' argument { ',' argument } [ ',' ] ')]'
/// argument := 'reason' '=' STRING | 'crate' '=' PATH
/// ```
pub use os_session_macros::public;

/// A rule on any async function that is called inside a request, a server function for example.
///
/// It hands over the user as first parameter, which the caller does not pass:
///
/// ```
/// use os_session::{Error, UserId, connected, connected_rpc};
///
/// #[connected_rpc(allow = "editor")]
/// async fn rename(user: UserId, title: String) -> Result<String, Error> {
///     Ok(format!("{user} renamed it to {title}"))
/// }
///
/// #[connected(opt)]
/// async fn endpoint(title: String) -> Result<String, Error> {
///     rename(title).await
/// }
/// ```
///
/// The user is any type that implements [`FromUser`](crate::FromUser), with `state = App` where that needs one, handed over once by
/// [`builder.state(app)`](crate::SessionsBuilder::state); with `opt` it is an `Option` of it. A refusal is `Err(E)` with
/// `E: From<os_session::Error>`, or what `deny_fun` returns, in the function's own type. Outside a request it is
/// [`Error::OutsideRequest`](crate::Error::OutsideRequest).
///
/// The arguments are those of [`connected`], without `cross_site`. Any number of such functions may run in one request: each rule is checked where
/// it stands, and the hooks of a request run once. In what outlives its request's answer a rule decides on facts at most a second old.
///
/// Above `#[server]` and its like, or the client would be asked for the user. On `wasm32` the function has its caller's signature and panics:
/// nothing on a client is a check.
pub use os_session_macros::connected_rpc;

/// [`connected_rpc`] for functions that do not need the user, and that, like the original's, require none unless `allow` is given.
///
/// ```
/// use os_session::{Error, connected_wrapper};
///
/// #[connected_wrapper(deny = "banned")]
/// async fn vote(for_whom: String) -> Result<(), Error> {
///     println!("a vote for {for_whom}");
///     Ok(())
/// }
/// ```
///
/// `force_unconnected` needs no `opt` here. On `wasm32` it is the bare function.
pub use os_session_macros::connected_wrapper;

macro_rules! hooks {
    ($($(#[doc = $doc:literal])* $hook:ident($params:literal);)*) => {$(
        $(#[doc = $doc])*
        ///
        /// ```text
        #[doc = concat!("hook     := '#[", stringify!($hook), "' [ '(' argument { ',' argument } [ ',' ] ')' ] ']'")]
        /// argument := 'order' '=' INTEGER | 'state' '=' TYPE | 'crate' '=' PATH
        /// ```
        ///
        #[doc = concat!("An async function, `-> ()` or `-> Result<(), E>`, that may take ", $params, " and, with `state = App`, `State<T>`.")]
        ///
        /// Hooks of one event run one after another, by `order` (default 0), then crate, file and line. They have a deadline; a panic is an
        /// error like others; connecting or disconnecting inside is [`Error::InsideHook`](crate::Error::InsideHook). One with `state = App` runs
        /// under the `Sessions` that were [given an `App`](crate::SessionsBuilder::state).
        pub use os_session_macros::$hook;
    )*};
}

hooks! {
    /// Runs before a wrapped request is decided, denied ones included. Its failure answers the request with 500.
    on_request("`Option<UserId>`, `Option<User<T>>`, `Session`, and what comes from the request's head");
    /// Runs when a page is loaded into a tab, and at log-in. One queue with the other two start hooks.
    on_start_process("`Option<UserId>`, `Option<User<T>>`, `Session`, and what comes from the request's head");
    /// Runs when a page is loaded into a tab while somebody is connected, and at log-in.
    on_start_connected_process("`UserId`, `User<T>`, `Session`, and what comes from the request's head");
    /// Runs when a page is loaded into a tab while nobody is connected.
    on_start_unconnected_process("`Session`, and what comes from the request's head");
    /// Runs when a connected user's request was admitted, before the handler.
    on_connected_request("`UserId`, `User<T>`, `Session`, and what comes from the request's head");
    /// Runs when a request is handled in which nobody is connected, or refused for want of a connection alone.
    on_unconnected_request("`Session`, and what comes from the request's head");
    /// Runs when a rule refused a request, once for each refusal. Its failure changes the answer to 500, and refuses all the same.
    on_denied_request("`Option<UserId>`, `Option<User<T>>`, `Denial`, `Session`, and what comes from the request's head");
    /// Runs at log-in. Its failure takes the log-in back.
    on_open_session("`UserId`, `User<T>`, `Session`, and what comes from the request's head");
    /// Runs at a session's first request in a process that did not open it: after a restart, or on another node. If it fails, the request is
    /// answered with 500 and the next one tries again.
    on_resume_session("`UserId`, `User<T>`, `Session`, and what comes from the request's head");
    /// Runs before the session of the current request is closed. Its failure keeps a `disconnect()` from happening; whatever else closes the
    /// session logs it and goes on.
    on_pre_close_session("`UserId`, `User<T>`, `CloseReason`, `Session`, and what comes from the request's head");
    /// Runs once for every session that ended, for whatever reason: log-out, expiry, eviction, replacement. All hooks run, failures are logged. If
    /// the process dies between the removal and the hook, it does not run.
    on_post_close_session("`UserId`, `User<T>`, `CloseReason`, `Option<Session>`");
}
