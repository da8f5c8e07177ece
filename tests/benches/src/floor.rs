//! A protected request written by hand, for this one route: what os-session is compared with.
//!
//! It does everything that such a request must do, and does it in one pass:
//! find the session cookie in place, decode the token, hash it, find the session and its user, compare both lifetimes
//! with one reading of the clock, note the activity, test the user's groups against what the route allows and denies,
//! put a context where extractors find it, and mark the answer as one that depends on the session.
//!
//! The guard wraps the handler itself, inside the one box that axum makes for every handler. A layer would be
//! shorter to write, but costs allocations before it does anything.
//!
//! What a library has to do and this has not: hooks, policies, more than one store, any other route.

mod store;

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use axum::{
    Router,
    extract::{FromRequestParts, Request},
    handler::Handler,
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
    routing::get,
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};

use crate::{
    harness::{Prepared, Shape},
    plain::USER,
};
pub use store::{Store, UserId};

/// The session cookie's name, the same as os-session's.
pub const COOKIE: &str = "__Host-os-session";

const ADMIN: u64 = 1 << 0;
const BANNED: u64 = 1 << 1;

/// Who is connected in this request, and since when: shared by all who ask.
struct Context {
    user: UserId,
    #[expect(dead_code, reason = "carried for whoever asks; this route does not")]
    since: u32,
    groups: u64,
}

impl FromRequestParts<()> for UserId {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &()) -> Result<Self, StatusCode> {
        let context = parts.extensions.get::<Arc<Context>>().ok_or(StatusCode::UNAUTHORIZED)?;
        Ok(context.user.clone())
    }
}

/// `handler`, for users in a group of `allow` and in none of `deny`.
#[derive(Clone)]
struct Protected<H> {
    handler: H,
    store: Arc<Store>,
    allow: u64,
    deny: u64,
}

impl<H> Protected<H> {
    fn admit(&self, headers: &HeaderMap) -> Result<Context, StatusCode> {
        let token = session_cookie(headers).and_then(decode).ok_or(StatusCode::UNAUTHORIZED)?;
        let context = self.store.find(&Sha256::digest(token).into(), now()).ok_or(StatusCode::UNAUTHORIZED)?;
        if context.groups & self.allow == 0 || context.groups & self.deny != 0 {
            return Err(StatusCode::FORBIDDEN);
        }
        Ok(context)
    }
}

impl<H, F, E, R> Handler<(E, R), ()> for Protected<H>
where
    H: Fn(E) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = R> + Send,
    E: FromRequestParts<()> + Send,
    R: IntoResponse,
{
    type Future = Pin<Box<dyn Future<Output = Response> + Send>>;

    fn call(self, request: Request, (): ()) -> Self::Future {
        Box::pin(async move {
            let (mut parts, _body) = request.into_parts();
            let mut response = match self.admit(&parts.headers) {
                Ok(context) => {
                    parts.extensions.insert(Arc::new(context));
                    let extracted = E::from_request_parts(&mut parts, &()).await;
                    match extracted.map_err(IntoResponse::into_response) {
                        Ok(extracted) => (self.handler)(extracted).await.into_response(),
                        Err(rejection) => rejection,
                    }
                }
                Err(status) => status.into_response(),
            };
            let headers = response.headers_mut();
            headers.insert(header::VARY, HeaderValue::from_static("Cookie"));
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            response
        })
    }
}

/// The value of the session cookie, in place.
fn session_cookie(headers: &HeaderMap) -> Option<&[u8]> {
    headers.get_all(header::COOKIE).iter().find_map(|field| {
        let mut rest = field.as_bytes();
        loop {
            let end = memchr::memchr(b';', rest).unwrap_or(rest.len());
            let pair = rest[..end].trim_ascii_start().strip_prefix(COOKIE.as_bytes());
            if let Some(value) = pair.and_then(|pair| pair.strip_prefix(b"=")) {
                return Some(value);
            }
            rest = rest.get(end + 1..)?;
        }
    })
}

/// 43 characters of base64url are 32 bytes.
fn decode(text: &[u8]) -> Option<[u8; 32]> {
    let mut token = [0; 32];
    let length = BASE64_URL_SAFE_NO_PAD.decode_slice(text, &mut token).ok()?;
    (length == token.len()).then_some(token)
}

fn now() -> u32 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u32::try_from(since.as_secs()).unwrap_or(u32::MAX)
}

async fn me(user: UserId) -> String {
    user.as_str().to_owned()
}

/// The protected route, and its user logged in. A public route needs nothing by hand: its floor is plain axum.
pub async fn app(shape: Shape) -> Prepared {
    let token = [7; 32];
    let store = Arc::new(Store::default());
    store.insert(Sha256::digest(token).into(), &UserId::from(USER), ADMIN, now());
    let router = Router::new().route("/me", get(Protected { handler: me, store, allow: ADMIN, deny: BANNED }));
    let cookie = format!("{COOKIE}={}", BASE64_URL_SAFE_NO_PAD.encode(token));
    Prepared::new(shape, router, &cookie, USER)
}

/// A store with `count` sessions of as many users.
pub async fn fill(count: u64) -> Store {
    let store = Store::default();
    for user in 0..count {
        store.insert(Sha256::digest(user.to_le_bytes()).into(), &UserId::from(&*format!("user-{user}")), ADMIN, now());
    }
    store
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::harness::{send, session_request};

    async fn status(groups: u64, at: u32, cookie: &str) -> StatusCode {
        let store = Arc::new(Store::default());
        store.insert(Sha256::digest([7; 32]).into(), &UserId::from(USER), groups, at);
        let router = Router::new().route("/me", get(Protected { handler: me, store, allow: ADMIN, deny: BANNED }));
        let request = session_request(Shape::Protected, cookie);
        send(&router, request).await.0
    }

    /// A floor that lets everybody in would be a cheap one.
    #[tokio::test]
    async fn the_floor_refuses() {
        let good = format!("{COOKIE}={}", BASE64_URL_SAFE_NO_PAD.encode([7; 32]));
        let wrong = format!("{COOKIE}={}", BASE64_URL_SAFE_NO_PAD.encode([8; 32]));
        assert_eq!(status(ADMIN, now(), &good).await, StatusCode::OK);
        assert_eq!(status(0, now(), &good).await, StatusCode::FORBIDDEN);
        assert_eq!(status(ADMIN | BANNED, now(), &good).await, StatusCode::FORBIDDEN);
        assert_eq!(status(ADMIN, now(), &wrong).await, StatusCode::UNAUTHORIZED);
        assert_eq!(status(ADMIN, now(), &format!("{COOKIE}=short")).await, StatusCode::UNAUTHORIZED);
        assert_eq!(status(ADMIN, now() - store::IDLE - 1, &good).await, StatusCode::UNAUTHORIZED);
    }
}
