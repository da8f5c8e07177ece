//! axum's routing, where a handler without a rule does not compile.
//!
//! [`Router`], [`MethodRouter`], [`get`], [`post`] and the rest have axum's names, arguments and chaining, and are thin over them. Two
//! things differ: a handler must carry `#[connected]` or `#[public]`, and the one way out is
//! [`with_sessions`](Router::with_sessions), which checks every routed rule and hands out an [`axum::Router`].
//!
//! ```
//! use os_session::routing::{Router, get};
//! use os_session::{Sessions, UserId, connected, public};
//!
//! #[public(reason = "the shop window")]
//! async fn home() -> &'static str {
//!     "welcome"
//! }
//!
//! #[connected]
//! async fn me(user: UserId) -> String {
//!     user.to_string()
//! }
//!
//! # async fn app() -> Result<(), os_session::Error> {
//! let sessions = Sessions::builder().build().await?;
//! let router = Router::new().route("/", get(home)).route("/me", get(me));
//! println!("{}", router.access_table());
//! let app: axum::Router = router.with_sessions(&sessions)?;
//! # Ok(())
//! # }
//! ```
//!
//! What has no handler to annotate says why it is open to all, with a reason that stands in the access table: a closure as
//! `MethodRouter::from_axum(axum::routing::get(|| async { "ok" }), "the health check")`, a router from elsewhere as
//! [`Router::from_axum`], services by [`Router::route_service`], [`Router::nest_service`] and [`Router::fallback_service`].
//!
//! A session is made for the handlers that ask for one, so middleware inside such a router sees none; put
//! [`Sessions::layer`](crate::Sessions::layer) outside a middleware that wants it.

mod handler;
mod method_router;
mod router;
mod unserved;

pub use self::handler::{DeclaredFn, Extractor, ExtractorList, Extractors, Incoming, LastExtractor, OtherExtractors};
pub use self::method_router::{MethodRouter, any, connect, delete, get, head, on, options, patch, post, put, trace};
pub use self::router::{Router, Routes};
pub use crate::deny::Answer;
pub use axum::routing::MethodFilter;
