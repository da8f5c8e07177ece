//! The way back after a log-in.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::uri::PathAndQuery;
use axum::http::{Uri, request::Parts};
use axum::response::Redirect;
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

/// Where a browser wanted to go when it was sent to log in: the query's `next`, if it is a path of this site.
///
/// A form keeps it by being posted to the address it was shown at. Anything that could lead
/// elsewhere (`//evil`, `/\evil`, `https:…`, control characters) counts as absent, and so does an
/// address of more than 2048 bytes.
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
    /// Returns the path and query to return to, if there is one, as they stand in a URI:
    /// `/caf%C3%A9`.
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
        let next = next.filter(|next| is_local(next)).map(|next| as_uri(&next));
        Ok(Self(next.filter(|next| next.len() <= LONGEST)))
    }
}

/// The longest way back: servers refuse much longer addresses with 414.
const LONGEST: usize = 2048;

/// What may not stand in a URI (RFC 3986), except `[` and `]`, which browsers send as they are.
const NOT_IN_URI: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'^').add(b'`').add(b'{').add(b'|').add(b'}');

/// Encodes what may not stand in a URI; what is encoded already stays as it is.
fn as_uri(address: &str) -> String {
    let mut parts = address.split('%');
    let first = parts.next().unwrap_or_default();
    let mut uri = utf8_percent_encode(first, NOT_IN_URI).to_string();
    for part in parts {
        let is_encoded = part.as_bytes().get(..2).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        uri.push_str(if is_encoded { "%" } else { "%25" });
        uri.extend(utf8_percent_encode(part, NOT_IN_URI));
    }
    uri
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
/// A way back that is too long is left out.
pub(crate) fn address_with_way_back(page: &str, wanted: Option<&PathAndQuery>) -> String {
    // Encoded, it is no shorter.
    let wanted = wanted.map(PathAndQuery::as_str).filter(|wanted| wanted.len() <= LONGEST);
    let next = wanted.map(|wanted| utf8_percent_encode(wanted, QUERY).to_string());
    let mark = if page.contains('?') { '&' } else { '?' };
    match next.filter(|next| next.len() <= LONGEST) {
        Some(next) => format!("{page}{mark}next={next}"),
        None => page.to_owned(),
    }
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
        let address = |page, wanted: &str| address_with_way_back(page, Some(&wanted.parse().unwrap()));
        assert_eq!(address("/login", "/admin"), "/login?next=/admin");
        assert_eq!(address("/login?x=1", "/a?b=c&d=e%20f"), "/login?x=1&next=/a%3Fb%3Dc%26d%3De%2520f");
        assert_eq!(address_with_way_back("/login?x=1", None), "/login?x=1");
    }

    #[test]
    fn a_way_back_has_a_longest_length_as_it_is_written() {
        let address = |path: String| address_with_way_back("/login", Some(&path.parse().unwrap()));
        assert_eq!(address(format!("/{}", "a".repeat(2047))).len(), "/login?next=".len() + 2048);
        for path in [format!("/{}", "a".repeat(2048)), format!("/{}", "%".repeat(683)), "/a".repeat(30_000)] {
            assert_eq!(address(path), "/login");
        }
    }

    #[test]
    fn a_way_back_is_a_uri() {
        for (address, uri) in [
            ("/a/b?c=d&e[]=%C3%A9#f", "/a/b?c=d&e[]=%C3%A9#f"),
            ("/é?ü", "/%C3%A9?%C3%BC"),
            ("/%", "/%25"),
            ("/%%41%4", "/%25%41%254"),
            ("/%é", "/%25%C3%A9"),
            ("/{a}|\"^", "/%7Ba%7D%7C%22%5E"),
        ] {
            assert_eq!(as_uri(address), uri);
        }
    }
}
