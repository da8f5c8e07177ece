//! The way back after a log-in.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::{Uri, request::Parts};
use axum::response::Redirect;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

/// Where a browser wanted to go when it was sent to log in: the query's `next`, if it is a path of this site.
///
/// A form keeps it by being posted to the address it was shown at. Anything that could lead elsewhere (`//evil`,
/// `/\evil`, `https:…`, control characters) counts as absent.
///
/// ```
/// use axum::response::Redirect;
/// use os_session::{Error, ReturnTo, Session, connected};
///
/// #[connected(opt)]
/// async fn login(session: Session, next: ReturnTo) -> Result<Redirect, Error> {
///     session.connect("alice").await?;
///     Ok(next.or("/"))
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReturnTo(Option<String>);

impl ReturnTo {
    /// The path and query to return to, if there is one.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        self.0.as_deref()
    }

    /// Sends the browser back, with 303, or to `default` if there is no way back.
    pub fn or(&self, default: &str) -> Redirect {
        Redirect::to(self.path().unwrap_or(default))
    }
}

#[derive(Deserialize)]
struct Query {
    next: Option<String>,
}

impl<S> FromRequestParts<S> for ReturnTo
where
    S: Send + Sync,
{
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let query = axum::extract::Query::<Query>::try_from_uri(&parts.uri);
        let next = query.ok().and_then(|query| query.0.next);
        Ok(Self(next.filter(|next| is_local(next))))
    }
}

/// Whether a browser that follows this stays on the site: browsers read `\` as `/`, and drop tabs and line breaks.
pub(crate) fn is_local(path: &str) -> bool {
    path.starts_with('/')
        && !path.starts_with("//")
        && !path.contains(|character: char| character == '\\' || character.is_ascii_control())
        && path.parse::<Uri>().is_ok()
}

/// Everything but what may stand in a query as it is, and reads best so.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The address of a page, of the log-in page for example, that leads back to where the browser is.
pub(crate) fn address_with_way_back(page: &str, wanted: &Uri) -> String {
    let wanted = wanted.path_and_query().map_or("/", |path| path.as_str());
    let mark = if page.contains('?') { '&' } else { '?' };
    format!("{page}{mark}next={}", utf8_percent_encode(wanted, QUERY))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_this_site_are_ways_back() {
        for path in ["/", "/admin", "/a?b=c&d=%2F", "/a/./b//c"] {
            assert!(is_local(path), "{path}");
        }
        for path in [
            "",
            "admin",
            "//evil.example",
            "/\\evil.example",
            "\\/evil",
            "https://evil.example",
            "https:evil",
            "/a\r\nSet-Cookie: b=c",
            "/\t/evil.example",
            "javascript:alert(1)",
            "/a b",
        ] {
            assert!(!is_local(path), "{path}");
        }
    }

    #[test]
    fn the_way_back_survives_the_query() {
        let wanted = "/a?b=c&d=e f".replace(' ', "%20").parse().unwrap();
        assert_eq!(address_with_way_back("/login", &"/admin".parse().unwrap()), "/login?next=/admin");
        assert_eq!(address_with_way_back("/login?x=1", &wanted), "/login?x=1&next=/a%3Fb%3Dc%26d%3De%2520f");
    }
}
