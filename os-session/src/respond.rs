//! Errors as answers: problem details, and the way to the log-in page.

use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::json;

use crate::context::{Context, Session, WayBack};
use crate::error::{Error, FunctionError, SlotError, SlotFailure};
use crate::return_to::address_with_way_back;

const HX_REDIRECT: HeaderName = HeaderName::from_static("hx-redirect");

/// The problem type (RFC 9457) by which a client tells that the user has to authenticate once more from one who is not connected.
const NOT_FRESH: &str = "urn:os-session:problem:not-fresh";

impl Error {
    /// The status that this error is answered with.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::NotConnected | Self::NotFresh => StatusCode::UNAUTHORIZED,
            Self::PermissionDenied | Self::CrossSite => StatusCode::FORBIDDEN,
            Self::TooManySessions(_) | Self::BrowserRenewed => StatusCode::CONFLICT,
            Self::NoProcess | Self::UserId(_) => StatusCode::BAD_REQUEST,
            Self::Slot(SlotError { failure: SlotFailure::TooLarge { .. } | SlotFailure::TooMany(_), .. }) => {
                StatusCode::PAYLOAD_TOO_LARGE
            }
            Self::Slot(SlotError { failure: SlotFailure::Contended, .. })
            | Self::Store(_)
            | Self::Groups(_)
            | Self::User(_)
            | Self::Random(_)
            | Self::Function(FunctionError { timed_out: true, .. }) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Policy { status, .. } => *status,
            Self::OutsideRequest
            | Self::NoLayer
            | Self::NoSuchGroup(_)
            | Self::Slot(_)
            | Self::NoSuchHandler(_)
            | Self::Hook(_)
            | Self::Function(_)
            | Self::InsideHook
            | Self::AnswerSent
            | Self::UserIdType(_)
            | Self::PlainHttp
            | Self::NoState(_)
            | Self::Config(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// What happened, in words that quote no request.
    pub(crate) fn title(&self) -> &'static str {
        self.public_text().0
    }

    /// What a client may know: for its own mistakes what to change, for ours nothing.
    fn public_text(&self) -> (&'static str, Option<String>) {
        match self {
            Self::NotConnected => ("Not connected", None),
            Self::PermissionDenied => ("Permission denied", None),
            Self::NotFresh => ("Fresh authentication required", None),
            Self::CrossSite => ("Cross-site request refused", Some(self.to_string())),
            Self::TooManySessions(_) => ("Too many sessions", None),
            Self::BrowserRenewed => ("Browser logged in meanwhile", Some(self.to_string())),
            Self::NoProcess => ("No client process", Some(self.to_string())),
            Self::UserId(_) => ("Invalid user id", Some(self.to_string())),
            Self::Slot(_) if self.status() == StatusCode::PAYLOAD_TOO_LARGE => ("Too much to keep", None),
            _ if self.status() == StatusCode::SERVICE_UNAVAILABLE => ("Temporarily unavailable", None),
            _ => ("Internal server error", None),
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let status = self.status();
        if status.is_server_error() {
            tracing::error!(error = %self, "answered with {status}");
        }
        if let Ok(Session(context)) = Session::current() {
            let elsewhere = match self {
                Self::NotConnected => to_login(&context),
                Self::NotFresh => to_confirm(&context),
                _ => None,
            };
            if let Some(response) = elsewhere {
                return response;
            }
        }
        let (title, detail) = self.public_text();
        let problem_type = if matches!(self, Self::NotFresh) { NOT_FRESH } else { "about:blank" };
        let mut problem = json!({ "type": problem_type, "title": title, "status": status.as_u16() });
        if let Some(detail) = detail {
            problem["detail"] = detail.into();
        }
        let mut response = (status, Json(problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        match status {
            // RFC 9110 wants a challenge with every 401; there is no registered scheme for a cookie.
            StatusCode::UNAUTHORIZED => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Cookie"));
            }
            StatusCode::SERVICE_UNAVAILABLE => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
            }
            _ => {}
        }
        response
    }
}

/// Sends a browser that lacks a connection to the log-in page, if there is one and the request is one that follows.
pub(crate) fn to_login(context: &Context) -> Option<Response> {
    to_page(context.sessions.0.config.login_url.as_deref()?, context)
}

/// The same to the page where users prove once more who they are.
pub(crate) fn to_confirm(context: &Context) -> Option<Response> {
    to_page(context.sessions.0.config.confirm_url.as_deref()?, context)
}

fn to_page(page: &str, context: &Context) -> Option<Response> {
    match context.way_back()? {
        WayBack::Redirect(wanted) => Some(Redirect::to(&address_with_way_back(page, wanted.as_ref())).into_response()),
        WayBack::Htmx(wanted) => {
            let address = HeaderValue::try_from(address_with_way_back(page, wanted.as_ref())).ok()?;
            Some((StatusCode::UNAUTHORIZED, [(HX_REDIRECT, address)]).into_response())
        }
    }
}
