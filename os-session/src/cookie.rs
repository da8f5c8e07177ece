//! The session cookie: read in place, written by the `cookie` crate.

use axum::http::{HeaderMap, HeaderValue, header};
use cookie::time;
use cookie::{Cookie, SameSite};
use std::time::Duration;

use crate::token::{SessionKey, Token};

/// The name of the cookie unless the configuration says otherwise. Browsers accept a cookie with the prefix `__Host-`
/// only over HTTPS, from the host itself and for all its paths (RFC 6265bis), so no sibling domain can plant one.
pub(crate) const NAME: &str = "__Host-os-session";

/// The name over plain HTTP, where a prefix would make the browser drop the cookie.
pub(crate) const PLAIN_NAME: &str = "os-session";

/// Browsers drop cookies that claim to live longer (RFC 6265bis): 400 days.
pub(crate) const LONGEST_LIFE: Duration = Duration::from_hours(400 * 24);

/// How the cookie is called, and whether it is `Secure`.
#[derive(Debug, Clone)]
pub(crate) struct CookieConfig {
    pub(crate) name: String,
    pub(crate) secure: bool,
}

impl CookieConfig {
    /// The session that a request names, if it names exactly one.
    ///
    /// What is ill-formed is skipped, so that a stray cookie of that name locks nobody out; two different well-formed
    /// ones count as none, since choosing between them would let the one who planted the other decide.
    pub(crate) fn read(&self, headers: &HeaderMap) -> Option<SessionKey> {
        let mut tokens = headers.get_all(header::COOKIE).iter().flat_map(pairs).filter_map(|pair| {
            let value = pair.strip_prefix(self.name.as_bytes())?.strip_prefix(b"=")?;
            Token::decode(value.trim_ascii_end())
        });
        let token = tokens.next()?;
        tokens.all(|other| other == token).then(|| token.key())
    }

    /// The header that hands a token to the browser: until it exits, or for `life`.
    pub(crate) fn write(&self, token: &Token, life: Option<Duration>) -> HeaderValue {
        let max_age = life.map(|life| time::Duration::try_from(life.min(LONGEST_LIFE)).expect("400 days fit"));
        let mut cookie = self.cookie(token.encode());
        cookie.set_max_age(max_age);
        header_value(&cookie)
    }

    /// The header that takes the cookie from the browser.
    pub(crate) fn remove(&self) -> HeaderValue {
        let mut cookie = self.cookie(String::new());
        cookie.make_removal();
        header_value(&cookie)
    }

    fn cookie(&self, value: String) -> Cookie<'_> {
        Cookie::build((&*self.name, value))
            .path("/")
            .http_only(true)
            .secure(self.secure)
            .same_site(SameSite::Lax)
            .build()
    }
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
        CookieConfig { name: NAME.into(), secure: true }
    }

    fn read(cookies: &[&str]) -> Option<SessionKey> {
        let mut headers = HeaderMap::new();
        for cookie in cookies {
            headers.append(header::COOKIE, HeaderValue::from_bytes(cookie.as_bytes()).unwrap());
        }
        config().read(&headers)
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
}
