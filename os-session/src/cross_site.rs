//! Requests from other sites.

use axum::http::request::Parts;

use crate::request;
use crate::web_origin::{WebOrigin, mistake};

/// Refuses what another site could have made a user's browser send.
///
/// The rule is the one of Go's `CrossOriginProtection`: `Sec-Fetch-Site` decides, else `Origin` against the request's
/// host; a client that sends neither is no browser of today, and passes.
#[derive(Debug, Clone, Default)]
pub(crate) struct CrossSite {
    pub(crate) trusted_origins: Vec<String>,
    /// The cookies are `Secure`, so that a page of this site came over HTTPS.
    pub(crate) is_secure: bool,
    /// A request with a cookie needs `Sec-Fetch-Site` or `Origin`.
    pub(crate) requires_origin: bool,
}

impl CrossSite {
    /// The origins that no request can have, each with what to write instead.
    pub(crate) fn mistakes(&self) -> impl Iterator<Item = String> {
        self.trusted_origins.iter().filter_map(|origin| {
            let mistake = mistake(origin)?;
            Some(format!(
                "`trusted_origin` must be an origin as browsers send it, such as `https://app.example`, got {origin:?}: {mistake}"
            ))
        })
    }

    /// Returns `true` if another site sent the request, as far as it can be known, and is not
    /// trusted. Whether that matters depends on what the request could change.
    pub(crate) fn is_foreign(&self, parts: &Parts, has_cookie: bool) -> bool {
        let headers = &parts.headers;
        // These two answers are nearly all there are.
        if request::is_same_origin(headers) {
            return false;
        }
        if !request::tells_its_origin(headers) {
            return self.requires_origin && has_cookie;
        }
        let origin = WebOrigin::of_sender(parts);
        let is_ours = |origin: &WebOrigin<'_>| {
            !request::tells_its_site(headers)
                && origin.is_of_host(parts)
                // An attacker on the network can write a page over plain HTTP. Without a cookie
                // there is nothing to protect from it, and a log-in fails with the error that names
                // plain HTTP.
                && (!self.is_secure || origin.is_https() || !has_cookie)
        };
        !origin.is_some_and(|origin| is_ours(&origin) || self.trusts(&origin))
    }

    fn trusts(&self, origin: &WebOrigin<'_>) -> bool {
        self.trusted_origins.iter().filter_map(|trusted| WebOrigin::parse(trusted)).any(|trusted| trusted.is(origin))
    }
}
