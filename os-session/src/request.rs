//! What a request says of itself: where it comes from, and what kind of client sent it.

use std::sync::OnceLock;

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header, request::Parts};

use crate::web_origin::WebOrigin;

mod accept;

pub(crate) const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");
const SEC_FETCH_USER: HeaderName = HeaderName::from_static("sec-fetch-user");
const SEC_PURPOSE: HeaderName = HeaderName::from_static("sec-purpose");
const PURPOSE: HeaderName = HeaderName::from_static("purpose");
const HX_REQUEST: HeaderName = HeaderName::from_static("hx-request");

/// What the answer needs to know of the request, kept since the request itself is gone by then.
#[derive(Debug)]
pub(crate) struct Origin {
    /// Its method is not safe.
    unsafe_method: Option<Sender>,
    user_agent: OnceLock<HeaderValue>,
}

/// Who sent what could change something.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sender {
    /// A page of this host that came over plain HTTP. A request for a page has no sign of it.
    pub(crate) plain_http: bool,
    pub(crate) htmx: bool,
    /// Somebody who pressed a button: a page follows.
    pub(crate) person: bool,
}

impl Origin {
    pub(crate) fn of(parts: &Parts) -> Self {
        let headers = &parts.headers;
        let unsafe_method = (!is_safe(&parts.method)).then(|| Sender {
            plain_http: is_of_plain_http(parts),
            htmx: is_htmx(headers),
            person: headers.get(&SEC_FETCH_USER).is_some_and(|user| user == "?1"),
        });
        let origin = Self { unsafe_method, user_agent: OnceLock::new() };
        if unsafe_method.is_some() {
            origin.note_user_agent(headers);
        }
        origin
    }

    /// Whether it was sent by a method that is safe.
    pub(crate) fn is_safe(&self) -> bool {
        self.unsafe_method.is_none()
    }

    /// Whether who sent it, by a method that is not safe, is like that.
    pub(crate) fn by(&self, is: impl FnOnce(Sender) -> bool) -> bool {
        self.unsafe_method.is_some_and(is)
    }

    /// Notes the device, where a session may be opened.
    pub(crate) fn note_user_agent(&self, headers: &HeaderMap) {
        if let Some(user_agent) = headers.get(header::USER_AGENT) {
            let _ = self.user_agent.set(user_agent.clone());
        }
    }

    pub(crate) fn user_agent(&self) -> Option<&HeaderValue> {
        self.user_agent.get()
    }
}

/// Whether the browser says that the request comes from this origin, or from no page at all.
pub(crate) fn is_same_origin(headers: &HeaderMap) -> bool {
    headers.get(&SEC_FETCH_SITE).is_some_and(|site| site == "same-origin" || site == "none")
}

/// Returns `true` if a page of this very host sent the request over plain HTTP. The scheme of
/// another host's page is not the scheme of this host.
fn is_of_plain_http(parts: &Parts) -> bool {
    let is_elsewhere = tells_its_site(&parts.headers) && !is_same_origin(&parts.headers);
    !is_elsewhere && WebOrigin::of_sender(parts).is_some_and(|origin| origin.is_http() && origin.is_of_host(parts))
}

/// Returns `true` if the browser sent fetch metadata, which it does to HTTPS and to this machine
/// alone.
pub(crate) fn tells_its_site(headers: &HeaderMap) -> bool {
    headers.get(&SEC_FETCH_SITE).is_some_and(|site| !site.is_empty())
}

/// Whether the request says anything of where it comes from, as browsers do.
pub(crate) fn tells_its_origin(headers: &HeaderMap) -> bool {
    tells_its_site(headers) || headers.get(header::ORIGIN).is_some_and(|origin| !origin.is_empty())
}

/// Whether the method is safe in the sense of RFC 9110: it asks for nothing to change.
pub(crate) fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Whether the request opens a channel that another site's page could then read or write: a WebSocket, an event stream.
pub(crate) fn is_handshake(headers: &HeaderMap) -> bool {
    headers.contains_key(header::UPGRADE)
        || headers.get(header::ACCEPT).is_some_and(|accept| accept.as_bytes().starts_with(b"text/event-stream"))
}

/// Whether a person waits for a page: a tab or a frame loads one, or sends a form. Clients that
/// send no fetch metadata are asked whether they prefer HTML.
pub(crate) fn is_navigation(method: &Method, headers: &HeaderMap) -> bool {
    *method != Method::OPTIONS
        && match headers.get(&SEC_FETCH_MODE) {
            Some(mode) => mode == "navigate",
            None => accept::prefers_html(headers),
        }
}

/// Whether a client that is refused shows HTML: a person waits for a page, htmx for a part of one,
/// or it prefers HTML.
pub(crate) fn wants_html(method: &Method, headers: &HeaderMap) -> bool {
    is_htmx(headers) || is_navigation(method, headers) || accept::prefers_html(headers)
}

/// Whether the request was sent by htmx, which follows a header where a browser follows a redirect.
pub(crate) fn is_htmx(headers: &HeaderMap) -> bool {
    headers.get(&HX_REQUEST).is_some_and(|value| value == "true")
}

/// What a request is sent for, as far as it says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Destination {
    /// A page in a tab: a top-level navigation.
    Document,
    /// Anything else: a fetch, an image, a frame.
    Other,
    /// The client says nothing of the kind.
    Unsaid,
}

impl Destination {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        match headers.get(&SEC_FETCH_DEST) {
            Some(destination) if destination == "document" => Self::Document,
            Some(_) => Self::Other,
            None => Self::Unsaid,
        }
    }

    /// Whether a page may be loaded into a tab by it.
    pub(crate) fn loads_page(self) -> bool {
        self != Self::Other
    }
}

/// Whether the browser asks before anybody wants to see the page, which may never be shown.
pub(crate) fn is_prefetch(headers: &HeaderMap) -> bool {
    [SEC_PURPOSE, PURPOSE]
        .iter()
        .filter_map(|name| headers.get(name))
        .any(|purpose| purpose.as_bytes().starts_with(b"prefetch"))
}
