//! How requests get to Leptos: through handlers of `os_session::routing`, which give them their session.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use leptos::prelude::FromServerFnError;
use leptos::server_fn::error::SERVER_FN_ERROR_HEADER;
use leptos_axum::{handle_server_fns, render_app_async};
use os_session::connected;

use crate::error::AppError;
use crate::home::Home;

/// Everybody gets here; who may call a function is said by the rule of that function.
#[connected(opt)]
pub async fn server_functions(request: Request) -> Response {
    with_status_of_error(handle_server_fns(request).await.into_response()).await
}

/// The page is whole before it leaves: what a page calls while it is streamed is called when its request is over.
#[connected(opt)]
pub async fn page(request: Request) -> Response {
    render_app_async(Home)(request).await
}

/// Leptos answers whatever error with 500, unless it sends a form back to its page.
async fn with_status_of_error(response: Response) -> Response {
    let is_error = response.headers().contains_key(SERVER_FN_ERROR_HEADER);
    if !is_error || response.status() != StatusCode::INTERNAL_SERVER_ERROR {
        return response;
    }
    let (mut head, body) = response.into_parts();
    let Ok(body) = to_bytes(body, usize::MAX).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    head.status = AppError::de(body.clone()).status();
    Response::from_parts(head, Body::from(body))
}
