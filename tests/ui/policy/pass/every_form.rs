#![deny(warnings, missing_docs)]
//! Every form that is allowed.

use axum::extract::{Path, Query, State};
use axum::http::{Method, StatusCode};
use os_session::routing::{Router, get};
use os_session::{UserId, connected, connected_rpc, connected_wrapper, policy};

/// The application.
#[derive(Clone)]
pub struct App;

/// Policies that others use.
pub mod policies {
    use super::*;

    /// A policy over extractors.
    #[policy]
    pub async fn owns(user: UserId, Path(id): Path<String>, State(_app): State<App>) -> Result<bool, StatusCode> {
        if id.is_empty() { Err(StatusCode::NOT_FOUND) } else { Ok(user == id.as_str()) }
    }

    /// Named as what generated code may have in hand, and with more parameters than a tuple of axum's.
    #[policy]
    pub async fn state(
        _: Method, _: Method, _: Method, _: Method, _: Method, _: Method, _: Method, _: Method, _: Method,
        _: Method, _: Method, _: Method, _: Method, _: Method, _: Method, _: Method, _: Method, _: Method,
    ) -> bool {
        true
    }

    /// An extractor of the request's head with the name of one that is none.
    pub struct Form;

    impl<S: Sync> axum::extract::FromRequestParts<S> for Form {
        type Rejection = std::convert::Infallible;

        async fn from_request_parts(_: &mut axum::http::request::Parts, _: &S) -> Result<Self, Self::Rejection> {
            Ok(Self)
        }
    }

    #[policy]
    pub(crate) async fn parts(_user: Option<UserId>, _form: Form) -> bool {
        true
    }

    #[policy]
    pub(crate) async fn reads(method: Method, Query(_query): Query<Vec<(String, String)>>) -> bool {
        method == Method::GET
    }
}

mod renamed {
    use os_session as other;

    #[other::policy(crate = other)]
    pub(super) async fn r#yes() -> bool {
        true
    }
}

use policies::{owns, reads};

#[connected(allow = "admin" | owns & !reads | renamed::r#yes | policies::state & policies::parts, deny = ["banned", policies::reads & "guest"], fresh = "1d")]
async fn home() {}

#[connected_rpc(allow = owns, state = App)]
async fn rpc(_user: UserId) -> Result<(), os_session::Error> {
    Ok(())
}

#[connected_wrapper(deny = !reads)]
async fn wrapper() -> Result<(), os_session::Error> {
    Ok(())
}

fn main() {
    let _ = Router::new().route("/{id}", get(home)).with_state(App) as Router;
    // A policy stays a function.
    let _ = policies::reads(Method::GET, Query(Vec::new()));
    let _ = (rpc(), wrapper());
}
