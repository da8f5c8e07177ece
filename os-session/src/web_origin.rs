//! Origins as browsers compare them (RFC 6454): scheme, host and port, whatever the spelling.

use std::net::{Ipv4Addr, Ipv6Addr};

use axum::http::uri::Authority;
use axum::http::{header, request::Parts};

/// The origin of a page that sent a request, or one that the application trusts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WebOrigin<'a> {
    scheme: &'a str,
    host: &'a str,
    port: Option<u16>,
}

impl<'a> WebOrigin<'a> {
    /// Reads `scheme://host[:port]`. `null` and everything else is no origin.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
        let (host, port) = host_and_port(rest)?;
        is_scheme.then_some(Self { scheme, host, port })
    }

    /// The origin of the page that sent this request, if the request names exactly one.
    pub(crate) fn of_sender(parts: &'a Parts) -> Option<Self> {
        let mut origins = parts.headers.get_all(header::ORIGIN).iter();
        let origin = Self::parse(origins.next()?.to_str().ok()?)?;
        origins.next().is_none().then_some(origin)
    }

    /// Returns `true` if both are one origin.
    pub(crate) fn is(&self, other: &WebOrigin<'_>) -> bool {
        self.has_scheme(other.scheme) && is_same_host(self.host, other.host) && self.port() == other.port()
    }

    /// Returns `true` if the request was sent to the host and the port of this origin. The port
    /// that a request leaves out is the default of this origin's scheme: which scheme the request
    /// came by is not known here.
    pub(crate) fn is_of_host(&self, parts: &Parts) -> bool {
        let named = match parts.uri.authority().map(Authority::as_str) {
            Some(authority) => Some(authority),
            None => parts.headers.get(header::HOST).and_then(|host| host.to_str().ok()),
        };
        let Some((host, port)) = named.and_then(host_and_port) else { return false };
        (self.is_http() || self.is_https())
            && is_same_host(self.host, host)
            && port.or_else(|| self.default_port()) == self.port()
    }

    pub(crate) fn is_http(&self) -> bool {
        self.has_scheme("http")
    }

    pub(crate) fn is_https(&self) -> bool {
        self.has_scheme("https")
    }

    fn has_scheme(&self, scheme: &str) -> bool {
        self.scheme.eq_ignore_ascii_case(scheme)
    }

    fn port(&self) -> Option<u16> {
        self.port.or_else(|| self.default_port())
    }

    fn default_port(&self) -> Option<u16> {
        match () {
            () if self.is_https() => Some(443),
            () if self.is_http() => Some(80),
            () => None,
        }
    }
}

/// The parts of `host[:port]`, if a browser could send it.
fn host_and_port(text: &str) -> Option<(&str, Option<u16>)> {
    let (host, port) = match text.rfind(':').filter(|colon| !text[*colon..].contains(']')) {
        None => (text, None),
        Some(colon) => {
            let digits = &text[colon + 1..];
            let port = digits.parse().ok().filter(|_| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
            (&text[..colon], Some(port))
        }
    };
    let is_name = !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte));
    (is_name || address(host).is_some()).then_some((host, port))
}

/// The address in brackets.
fn address(host: &str) -> Option<Ipv6Addr> {
    host.strip_prefix('[')?.strip_suffix(']')?.parse().ok()
}

fn is_same_host(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other) || address(one).is_some_and(|one| address(other) == Some(one))
}

/// What keeps an origin from ever being the one in a request, and what to write instead.
pub(crate) fn mistake(text: &str) -> Option<String> {
    let (scheme, rest) = match text.split_once("://") {
        Some(parts) => parts,
        None if text == "null" => return Some("every sandboxed page and every file sends `null`".to_owned()),
        None => return Some("it has no `scheme://`".to_owned()),
    };
    let end = rest.find(['/', '\\', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let instead = |scheme: &str, host: &str| format!("write `{scheme}://{host}`");
    match () {
        () if text.contains(|character: char| character.is_whitespace() || character.is_control()) => {
            Some("it has white space or a control character in it".to_owned())
        }
        () if host.is_empty() => Some("it has no host".to_owned()),
        () if host.contains('*') => Some("there are no wildcards; name each origin".to_owned()),
        () if !host.is_ascii() => {
            Some("write a host in its ASCII form (punycode, `xn--…`), as browsers send it".to_owned())
        }
        () if host != authority => Some(format!("browsers send no user; {}", instead(scheme, host))),
        () if !path.is_empty() => Some(format!("an origin has no path; {}", instead(scheme, host))),
        () if ["ws", "wss"].contains(&&*scheme.to_ascii_lowercase()) => {
            let page = if scheme.len() == 2 { "http" } else { "https" };
            Some(format!("a WebSocket has the origin of its page; {}", instead(page, host)))
        }
        () => match WebOrigin::parse(text) {
            None => Some("it is no `scheme://host` or `scheme://host:port`".to_owned()),
            Some(origin) if (origin.is_http() || origin.is_https()) && !is_host_of_web(origin.host) => {
                Some("browsers write an address with four decimal numbers".to_owned())
            }
            Some(_) => None,
        },
    }
}

/// Returns `true` if browsers leave the host of a web page as it is. A name that ends in a number
/// is an address for them.
fn is_host_of_web(host: &str) -> bool {
    let last = host.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
    let hexadecimal = last.strip_prefix("0x").or_else(|| last.strip_prefix("0X"));
    let is_number = match hexadecimal {
        Some(digits) => digits.bytes().all(|byte| byte.is_ascii_hexdigit()),
        None => !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit()),
    };
    !is_number || host.parse::<Ipv4Addr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_compared_by_scheme_host_and_port() {
        let is = |one: &str, other: &str| WebOrigin::parse(one).unwrap().is(&WebOrigin::parse(other).unwrap());
        for (one, other) in [
            ("https://app.example", "https://app.example:443"),
            ("HTTPS://App.Example", "https://app.example"),
            ("http://app.example:80", "http://app.example"),
            ("http://[::1]:3000", "http://[0:0:0:0:0:0:0:1]:3000"),
            ("capacitor://localhost", "capacitor://localhost"),
        ] {
            assert!(is(one, other), "{one} {other}");
        }
        for (one, other) in [
            ("https://app.example", "http://app.example"),
            ("https://app.example:80", "http://app.example:80"),
            ("https://app.example", "https://app.example:8443"),
            ("https://app.example", "https://app.example."),
            ("http://[::1]", "http://[::2]"),
            ("capacitor://localhost", "ionic://localhost"),
            ("capacitor://localhost", "capacitor://localhost:443"),
        ] {
            assert!(!is(one, other), "{one} {other}");
        }
    }

    #[test]
    fn what_no_browser_sends_is_no_origin() {
        for text in [
            "",
            "null",
            "*",
            "app.example",
            "https://",
            "://app.example",
            "https://app.example/",
            "https://app.example:",
            "https://app.example:+443",
            "https://app.example:65536",
            "https://me@app.example",
            "https://a.example https://b.example",
            "https://[::1",
            "https://[app]",
            "https://caf\u{e9}.example",
        ] {
            assert_eq!(WebOrigin::parse(text), None, "{text}");
        }
    }
}
