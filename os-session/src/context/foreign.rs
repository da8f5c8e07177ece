//! A request that another site sent: what was compared, and the line in the log if it is refused.

use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::http::{HeaderName, HeaderValue, Method, header, request::Parts};
use tracing::field::display;

use crate::declaration::Declaration;
use crate::request;

pub(super) struct Foreign {
    /// It opens a channel that the other site's page could read or write.
    pub(super) opens_channel: bool,
    /// The rule of the handler that it is for, if that has one.
    handler: OnceLock<&'static Declaration>,
    method: Method,
    sec_fetch_site: Option<HeaderValue>,
    origin: Option<HeaderValue>,
    host: Option<HeaderValue>,
    is_logged: AtomicBool,
}

impl Foreign {
    pub(super) fn of(parts: &Parts) -> Self {
        let header = |name: HeaderName| parts.headers.get(name).cloned();
        let authority = parts.uri.authority().and_then(|authority| authority.as_str().parse().ok());
        Self {
            opens_channel: request::is_handshake(&parts.headers),
            handler: OnceLock::new(),
            method: parts.method.clone(),
            sec_fetch_site: header(request::SEC_FETCH_SITE),
            origin: header(header::ORIGIN),
            host: authority.or_else(|| header(header::HOST)),
            is_logged: AtomicBool::new(false),
        }
    }

    pub(super) fn note_handler(&self, rule: &'static Declaration) {
        self.handler.get_or_init(|| rule);
    }

    /// Writes once that the request was refused. Below `INFO`, since any client can cause it.
    pub(super) fn log_refusal(&self) {
        if self.is_logged.swap(true, Ordering::Relaxed) {
            return;
        }
        let sent =
            |value: &Option<HeaderValue>| value.as_ref().map(|value| display(Sent(value.as_bytes()).to_string()));
        tracing::debug!(
            handler = self.handler.get().map(|rule| display(rule.place())),
            method = %Sent(self.method.as_str().as_bytes()),
            sec_fetch_site = sent(&self.sec_fetch_site),
            origin = sent(&self.origin),
            host = sent(&self.host),
            "cross-site request refused"
        );
    }
}

/// What a client sent, for the log: quoted, escaped and cut.
struct Sent<'a>(&'a [u8]);

impl fmt::Display for Sent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MOST: usize = 100;
        let shown = &self.0[..self.0.len().min(MOST)];
        let cut = if shown.len() < self.0.len() { "…" } else { "" };
        write!(f, "\"{}{cut}\"", shown.escape_ascii())
    }
}
