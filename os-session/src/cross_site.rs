//! Requests from other sites, judged by `tower-http`'s `csrf`.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll};

use axum::http::{HeaderName, Method, Request, Response, StatusCode, header, request::Parts};
use futures_util::FutureExt as _;
use tower::{Layer as _, Service};
use tower_http::csrf::{ConfigError, CsrfLayer};

use crate::request;

/// Refuses what another site could have made a user's browser send.
///
/// The rule is the one of Go's `CrossOriginProtection`: `Sec-Fetch-Site` decides, else `Origin` against the request's
/// host; a client that sends neither is no browser of today, and passes.
#[derive(Debug, Clone, Default)]
pub(crate) struct CrossSite(CsrfLayer);

impl CrossSite {
    pub(crate) fn new<'a>(trusted_origins: impl IntoIterator<Item = &'a str>) -> Result<Self, ConfigError> {
        trusted_origins.into_iter().try_fold(CsrfLayer::new(), CsrfLayer::add_trusted_origin).map(Self)
    }

    /// Whether another site sent the request, as far as it can be known, and is not trusted. Whether that matters depends on what the
    /// request could change.
    pub(crate) fn is_foreign(&self, parts: &Parts) -> bool {
        let headers = &parts.headers;
        // These two answers are nearly all there are.
        if request::is_same_origin(headers) || !request::tells_its_origin(headers) {
            return false;
        }
        let judged: [HeaderName; 3] = [HeaderName::from_static("sec-fetch-site"), header::ORIGIN, header::HOST];
        let mut request = Request::new(());
        // Whatever the method is, it is judged as one that could change something.
        *request.method_mut() = Method::POST;
        *request.uri_mut() = parts.uri.clone();
        for name in judged {
            if let Some(value) = parts.headers.get(&name) {
                request.headers_mut().insert(name, value.clone());
            }
        }
        let verdict = self.0.layer(Admitting).call(request).now_or_never();
        !matches!(verdict, Some(Ok(response)) if response.status() == StatusCode::OK)
    }
}

/// The service behind the judge: whoever reaches it is admitted.
#[derive(Debug, Clone, Default)]
struct Admitting;

impl Service<Request<()>> for Admitting {
    type Response = Response<()>;
    type Error = Infallible;
    type Future = Ready<Result<Response<()>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        ready(Ok(Response::new(())))
    }
}
