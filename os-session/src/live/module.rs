//! The client module as it is served.

use std::fmt::Write as _;
use std::sync::LazyLock;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest as _, Sha256};

const CLIENT: &str = include_str!("../../client/client.js");

/// Says which version of the module an address means: a new release has a new one.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let hash = Sha256::digest(CLIENT.as_bytes());
    hash[..8].iter().fold(String::new(), |mut version, byte| {
        let _ = write!(version, "{byte:02x}");
        version
    })
});

/// The address without a version is what applications write into their own scripts. It leads to the one with it, so that a page has one instance.
static LATEST: LazyLock<String> = LazyLock::new(|| format!("export * from \"./client.js?v={}\";\n", version()));

pub(super) fn version() -> &'static str {
    &VERSION
}

/// Serves the module; browsers keep it for as long as they like, as long as its address names this version.
pub(super) fn serve(query: Option<&str>, headers: &HeaderMap) -> Response {
    let is_this = query.and_then(|query| query.strip_prefix("v=")) == Some(version());
    let (body, caching): (&str, _) =
        if is_this { (CLIENT, "public, max-age=31536000, immutable") } else { (&LATEST, "no-cache") };
    let tag = HeaderValue::try_from(format!("\"{}\"", version())).expect("hexadecimal digits are a header value");
    let about = [
        (header::CACHE_CONTROL, HeaderValue::from_static(caching)),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::ETAG, tag.clone()),
    ];
    if !is_this && headers.get(header::IF_NONE_MATCH) == Some(&tag) {
        return (StatusCode::NOT_MODIFIED, about).into_response();
    }
    (about, [(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], body).into_response()
}
