//! The session cookie: read in place, written by the `cookie` crate.

use axum::http::{HeaderMap, HeaderValue, header};
use cookie::time;
use cookie::{Cookie, SameSite};
use std::time::Duration;

use crate::token::{SessionKey, Token};

/// The name of the cookie unless the configuration says otherwise. Browsers accept a cookie with the prefix `__Host-`
/// only over HTTPS, from the host itself and for all its paths (RFC 6265bis), so no sibling domain can plant one.
pub(crate) const NAME: &str = "__Host-os-session";

/// The name of the cookie that tells a browser whoever is connected in it, once something is stored for it.
pub(crate) const BROWSER_NAME: &str = "__Host-os-browser";

/// The same over plain HTTP.
pub(crate) const PLAIN_BROWSER_NAME: &str = "os-browser";

/// The name over plain HTTP, where a prefix would make the browser drop the cookie.
pub(crate) const PLAIN_NAME: &str = "os-session";

/// Browsers drop cookies that claim to live longer (RFC 6265bis): 400 days.
pub(crate) const LONGEST_LIFE: Duration = Duration::from_hours(400 * 24);

/// How long a log-out is marked where no answer takes the mark back.
const MARK_LIFE: Duration = Duration::from_mins(1);

/// How the cookies are called, and whether they are `Secure`.
#[derive(Debug, Clone)]
pub(crate) struct CookieConfig {
    pub(crate) name: String,
    pub(crate) browser_name: String,
    /// Of the mark that somebody has just logged out.
    pub(crate) left_name: String,
    pub(crate) secure: bool,
}

/// What a request's cookies say.
#[derive(Debug)]
pub(crate) struct Cookies {
    pub(crate) session: Option<SessionKey>,
    /// The browser's token: its key is a hash, which few requests ask for.
    pub(crate) browser: Option<Token>,
    /// Somebody has just logged out.
    pub(crate) left: bool,
}

/// The well-formed tokens of one name.
#[derive(Debug, Default)]
struct Tokens {
    first: Option<Token>,
    /// There is another, and it differs.
    several: bool,
}

impl Tokens {
    fn add(&mut self, value: &[u8]) {
        let Some(token) = Token::decode(value.trim_ascii_end()) else { return };
        match &self.first {
            None => self.first = Some(token),
            Some(first) => self.several |= *first != token,
        }
    }

    fn single(self) -> Option<Token> {
        if self.several {
            tracing::debug!("two different cookies of one name: neither counts");
        }
        self.first.filter(|_| !self.several)
    }
}

impl CookieConfig {
    /// The session, and the browser, that a request names, if it names exactly one.
    ///
    /// What is ill-formed is skipped, so that a stray cookie of that name locks nobody out; two different well-formed
    /// ones count as none, since choosing between them would let the one who planted the other decide.
    pub(crate) fn read(&self, headers: &HeaderMap) -> Cookies {
        let (mut session, mut browser, mut left) = (Tokens::default(), Tokens::default(), false);
        for pair in headers.get_all(header::COOKIE).iter().flat_map(pairs) {
            if let Some(value) = value_of(pair, &self.name) {
                session.add(value);
            } else if let Some(value) = value_of(pair, &self.browser_name) {
                browser.add(value);
            } else if pair.get(self.name.len()) == Some(&b'-') {
                left |= value_of(pair, &self.left_name).is_some();
            }
        }
        Cookies { session: session.single().map(|token| token.key()), browser: browser.single(), left }
    }

    /// The header that hands a token to the browser: until it exits, or for `life`.
    pub(crate) fn write(&self, token: &Token, life: Option<Duration>) -> HeaderValue {
        let mut cookie = self.cookie(&self.name, token.encode());
        cookie.set_max_age(life.map(max_age));
        header_value(&cookie)
    }

    /// The header that hands the browser its other token, for as long as browsers keep one.
    pub(crate) fn write_browser(&self, token: &Token) -> HeaderValue {
        let mut cookie = self.cookie(&self.browser_name, token.encode());
        cookie.set_max_age(max_age(LONGEST_LIFE));
        header_value(&cookie)
    }

    /// The same until it exits.
    pub(crate) fn name_browser(&self, token: &Token) -> HeaderValue {
        header_value(&self.cookie(&self.browser_name, token.encode()))
    }

    /// The header that takes the cookie from the browser.
    pub(crate) fn remove(&self) -> HeaderValue {
        self.removal(&self.name)
    }

    /// The header that marks a browser in which somebody has just logged out; the next answer takes the mark back.
    ///
    /// Browsers keep pages that were marked `no-store` in their history for the way back, and let go of them when a cookie changes that scripts
    /// cannot see, after the page was left: when the log-out removes its cookie, the page is still there.
    pub(crate) fn mark_left(&self) -> HeaderValue {
        let mut cookie = self.cookie(&self.left_name, "1".to_owned());
        cookie.set_max_age(max_age(MARK_LIFE));
        header_value(&cookie)
    }

    pub(crate) fn unmark_left(&self) -> HeaderValue {
        self.removal(&self.left_name)
    }

    fn removal(&self, name: &str) -> HeaderValue {
        let mut cookie = self.cookie(name, String::new());
        cookie.make_removal();
        header_value(&cookie)
    }

    fn cookie<'a>(&self, name: &'a str, value: String) -> Cookie<'a> {
        Cookie::build((name, value)).path("/").http_only(true).secure(self.secure).same_site(SameSite::Lax).build()
    }
}

fn max_age(life: Duration) -> time::Duration {
    time::Duration::try_from(life.min(LONGEST_LIFE)).expect("400 days fit")
}

fn value_of<'a>(pair: &'a [u8], name: &str) -> Option<&'a [u8]> {
    // Most pairs are none of ours, which the one byte tells sooner.
    (pair.get(name.len()) == Some(&b'=')).then(|| pair.strip_prefix(name.as_bytes())?.strip_prefix(b"="))?
}

/// The pairs of a `Cookie` header, without the white space before each.
fn pairs(header: &HeaderValue) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(header.as_bytes());
    std::iter::from_fn(move || {
        let text = rest?;
        let (pair, after) = match memchr::memchr(b';', text) {
            Some(end) => (&text[..end], Some(&text[end + 1..])),
            None => (text, None),
        };
        rest = after;
        Some(pair.trim_ascii_start())
    })
}

fn header_value(cookie: &Cookie<'_>) -> HeaderValue {
    let mut value = HeaderValue::try_from(cookie.to_string()).expect("a checked name and base64url are visible ASCII");
    value.set_sensitive(true);
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> CookieConfig {
        CookieConfig {
            name: NAME.into(),
            browser_name: BROWSER_NAME.into(),
            left_name: format!("{NAME}-left"),
            secure: true,
        }
    }

    fn read(cookies: &[&str]) -> Option<SessionKey> {
        let mut headers = HeaderMap::new();
        for cookie in cookies {
            headers.append(header::COOKIE, HeaderValue::from_bytes(cookie.as_bytes()).unwrap());
        }
        config().read(&headers).session
    }

    #[test]
    fn the_cookie_is_found_among_others() {
        let token = Token::random().unwrap();
        let pair = format!("{NAME}={}", token.encode());
        for cookies in [
            vec![pair.clone()],
            vec![format!("a=b; {pair}; c=d")],
            vec![format!("a=b;{pair}")],
            vec!["a=b".into(), pair.clone()],
            vec![pair.clone(), pair.clone()],
            vec![format!("{NAME}=garbage; {pair}")],
        ] {
            let cookies: Vec<_> = cookies.iter().map(String::as_str).collect();
            assert_eq!(read(&cookies), Some(token.key()), "{cookies:?}");
        }
    }

    #[test]
    fn what_only_looks_like_the_cookie_is_none() {
        let value = Token::random().unwrap().encode();
        let other = Token::random().unwrap().encode();
        for cookie in [
            format!("os-session={value}"),
            format!("__host-os-session={value}"),
            format!("x{NAME}={value}"),
            format!("{NAME}x={value}"),
            format!("{NAME} ={value}"),
            format!("{NAME}=\"{value}\""),
            format!("{NAME}={value}; {NAME}={other}"),
            NAME.to_owned(),
            format!("{NAME}=\u{fe}"),
        ] {
            assert_eq!(read(&[&cookie]), None, "{cookie}");
        }
    }

    #[test]
    fn the_cookie_has_the_strictest_attributes_that_leave_links_working() {
        let token = Token::random().unwrap();
        let written = config().write(&token, Some(Duration::from_mins(1)));
        assert_eq!(
            written.to_str().unwrap(),
            format!("{NAME}={}; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=60", token.encode())
        );
        assert!(!config().write(&token, None).to_str().unwrap().contains("Max-Age"));
        let forever = config().write(&token, Some(Duration::MAX));
        assert!(forever.to_str().unwrap().ends_with("Max-Age=34560000"));
        assert!(
            config()
                .remove()
                .to_str()
                .unwrap()
                .starts_with(&format!("{NAME}=; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=0"))
        );
    }

    /// `__Http-` and `__Host-Http-` promise that a server set the cookie over HTTPS, and that
    /// scripts cannot read it.
    #[test]
    fn every_cookie_has_the_attributes_that_the_prefixes_require() {
        let token = Token::random().unwrap();
        let config = config();
        let written = [
            config.write(&token, None),
            config.write_browser(&token),
            config.name_browser(&token),
            config.remove(),
            config.mark_left(),
            config.unmark_left(),
        ];
        for line in &written {
            let line = line.to_str().unwrap();
            for attribute in ["; HttpOnly", "; Secure", "; Path=/"] {
                assert!(line.contains(attribute), "{line}");
            }
            assert!(!line.contains("Domain"), "{line}");
        }
    }
}
