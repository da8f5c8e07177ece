//! What a page puts into its head.

use std::fmt::Write as _;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::live::module;
use crate::process::Process;

/// What may stand in the path of an attribute as it is. Routes are written as requests name them, with what is encoded there.
const IN_PATH: AsciiSet =
    NON_ALPHANUMERIC.remove(b'%').remove(b'/').remove(b'-').remove(b'_').remove(b'.').remove(b'~');

impl Process {
    /// The HTML that a page puts into its `<head>` to take part: the client module, as a script of this site and never inline, and what the
    /// module has to know of the page. It needs no store and sets no cookie.
    ///
    /// With it, the page restarts when its connection is changed elsewhere, in another tab, by a log-out everywhere, by a change of groups:
    /// it shows a warning and loads itself anew. [`Sessions::routes`](crate::Sessions::routes) serves what it needs.
    ///
    /// ```
    /// use axum::response::Html;
    /// use os_session::{Session, UserId, connected};
    ///
    /// #[connected]
    /// async fn dashboard(user: UserId, session: Session) -> Html<String> {
    ///     let head = session.process().head();
    ///     Html(format!("<!doctype html><head><title>Dashboard</title>{head}</head><h1>{user}</h1>"))
    /// }
    /// ```
    #[must_use]
    pub fn head(&self) -> String {
        let mut head = String::from("<meta name=\"os-session\"");
        // What is written here are hexadecimal digits, base64url and an encoded path: nothing that HTML would read otherwise.
        let mut attribute = |name, value: &dyn std::fmt::Display| {
            write!(head, " {name}=\"{value}\"").expect("a string takes everything");
        };
        if let Some(connection) = self.session.shown() {
            attribute("content", &connection);
        }
        if let Some(id) = self.id() {
            attribute("data-process", id);
        }
        if !self.session.0.origin.is_safe() {
            // To load it anew would be to send its form again.
            attribute("data-restart", &"replace");
        }
        head.push('>');

        let inner = &self.session.sessions().0;
        if let Some(path) = inner.config.client_url.as_ref().or(inner.client_path.get()) {
            let path = utf8_percent_encode(path.trim_end_matches('/'), &IN_PATH);
            write!(head, "<script type=\"module\" src=\"{path}/client.js?v={}\"></script>", module::version())
                .expect("a string takes everything");
        } else {
            tracing::warn!(
                "a page wants to take part in changes of its connection, and nothing serves the client: \
                 `.merge(sessions.routes())` routes it"
            );
        }
        head
    }
}
