//! For tests of applications, and of stores.
//!
//! A [`Browser`] keeps cookies against a router in this process, and logs in in one call; a [`Clock`] is turned instead of waited
//! for; a [`Tour`] checks that the server does what its access table says; [`store_laws`] checks an own [`Store`](crate::Store); [`admitted`] calls a declared handler like any function.
//!
//! ```
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! use os_session::routing::{Router, get};
//! use os_session::testing::Browser;
//! use os_session::{Sessions, UserId, connected};
//!
//! #[connected]
//! async fn me(user: UserId) -> String {
//!     user.to_string()
//! }
//!
//! let sessions = Sessions::builder().build().await?;
//! let app = Router::new().route("/me", get(me)).with_sessions(&sessions)?;
//!
//! let mut anybody = Browser::new(&app);
//! assert_eq!(anybody.get("/me").await.status(), 401);
//!
//! let mut alice = Browser::connected(&app, &sessions, "alice").await?;
//! assert_eq!(alice.get("/me").await.text(), "alice");
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```

mod access;
mod browser;
mod laws;
mod tour;

pub use self::access::assert_access_table;
pub use self::browser::{Answer, Browser};
pub use self::laws::{
    law_names, lease_law, lease_law_names, lease_laws, news_law, news_law_names, news_laws, shared_law_names,
    shared_store_law, shared_store_laws, store_law, store_laws,
};
pub use self::tour::Tour;
pub use crate::clock::Clock;
use crate::guard::Admitted;

/// The hidden first parameter of a declared handler, for calling it directly in a test, past its rule.
///
/// ```
/// use os_session::{UserId, connected};
///
/// #[connected(allow = "admin")]
/// async fn hello(user: UserId) -> String {
///     format!("hello {user}")
/// }
///
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// assert_eq!(hello(os_session::testing::admitted(), "alice".into()).await, "hello alice");
/// # });
/// ```
#[must_use]
pub fn admitted<R>() -> Admitted<R> {
    Admitted::new()
}
