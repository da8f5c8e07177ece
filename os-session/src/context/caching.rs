//! What a response lets caches and other sites do with it.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// nginx reads this one before `Cache-Control`.
const X_ACCEL_EXPIRES: HeaderName = HeaderName::from_static("x-accel-expires");

const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// Names in `Vary` what the response depends on. Which site may send a request depends on whether
/// it has a cookie.
pub(super) fn vary(headers: &mut HeaderMap, by_cookie: bool, by_site: bool) {
    let line = match (by_cookie, by_site) {
        (_, true) => "Cookie, Sec-Fetch-Site, Origin",
        (true, false) => "Cookie",
        (false, false) => return,
    };
    match headers.entry(header::VARY) {
        header::Entry::Vacant(vacant) => {
            vacant.insert(HeaderValue::from_static(line));
        }
        header::Entry::Occupied(mut occupied) => {
            for name in line.split(", ") {
                let listed = occupied.iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
                if !listed.map(str::trim).any(|listed| listed == "*" || listed.eq_ignore_ascii_case(name)) {
                    occupied.append(HeaderValue::from_static(name));
                }
            }
        }
    }
}

/// Asks caches not to store the response, unless its handler decided that itself.
pub(super) fn advise_no_store(headers: &mut HeaderMap) {
    headers.entry(header::CACHE_CONTROL).or_insert(NO_STORE);
}

/// Forbids every cache to store the response, whatever its handler decided: a cookie that another
/// visitor gets from a cache is that visitor's way into this browser.
pub(super) fn forbid_storing(headers: &mut HeaderMap) {
    headers.insert(header::CACHE_CONTROL, NO_STORE);
    for (name, value) in headers.iter_mut() {
        if targets_caches(name) {
            *value = NO_STORE;
        }
    }
    // A cache updates what it has stored by the headers of a 304, `Set-Cookie` included, if that
    // names the stored version.
    for name in [header::EXPIRES, header::PRAGMA, X_ACCEL_EXPIRES, header::ETAG, header::LAST_MODIFIED] {
        headers.remove(name);
    }
}

/// Whether a header is a `Cache-Control` for some caches alone: a targeted field of RFC 9213, such
/// as `CDN-Cache-Control`, or one of those that were there before it.
fn targets_caches(name: &HeaderName) -> bool {
    let name = name.as_str();
    name.ends_with("-cache-control") || matches!(name, "surrogate-control" | "edge-control")
}

/// Keeps the pages of other origins from embedding the response, unless its handler or the
/// configuration admits them.
pub(super) fn restrict_embedding(headers: &mut HeaderMap, trusts_other_origins: bool) {
    const SAME_ORIGIN: HeaderValue = HeaderValue::from_static("same-origin");
    const CROSS_ORIGIN: HeaderValue = HeaderValue::from_static("cross-origin");
    let policy = if trusts_other_origins { CROSS_ORIGIN } else { SAME_ORIGIN };
    headers.entry(CROSS_ORIGIN_RESOURCE_POLICY).or_insert(policy);
}
