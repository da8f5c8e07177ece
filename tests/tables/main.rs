//! The access table of one application: read, asked, explained, and walked.

use axum::extract::Path;
use os_session::routing::{Router, get};
use os_session::{Error, UserId, connected, connected_rpc, connected_wrapper, policy, public};

mod explain;
mod json;
mod reach;
mod security;
mod text;
mod tour;

#[policy]
async fn owns(user: UserId, Path(owner): Path<String>) -> bool {
    user.as_str() == owner
}

/// A word says no, a number cannot be asked.
#[policy]
async fn is_word(Path(word): Path<String>) -> Result<bool, axum::http::StatusCode> {
    if word.parse::<u32>().is_ok() { Err(axum::http::StatusCode::IM_A_TEAPOT) } else { Ok(true) }
}

#[public(reason = "the shop window")]
async fn home() {}

#[connected(opt)]
async fn login() {}

#[connected]
async fn me() {}

#[connected(allow = ["admin", "staff"], deny = "banned")]
async fn stock() {}

#[connected(allow = "admin" | (owns & !"banned"), deny = "on leave" & is_word, fresh = "15min")]
async fn cancel(_: Path<String>) {}

#[connected(cross_site = "the payment provider posts here")]
async fn paid() {}

#[expect(dead_code, reason = "the table names it all the same")]
#[connected(allow = "admin")]
async fn forgotten() {}

#[expect(dead_code, reason = "the table names it all the same")]
#[connected_rpc(allow = "staff")]
async fn refund(user: UserId) -> Result<String, Error> {
    Ok(user.to_string())
}

#[expect(dead_code, reason = "the table names it all the same")]
#[connected_wrapper(deny = "banned")]
async fn search() -> Result<(), Error> {
    Ok(())
}

fn router() -> Router {
    let account = Router::new().route("/", get(me)).route("/paid", os_session::routing::post(paid)).fallback(stock);
    Router::new()
        .route("/", get(home))
        .route("/login", get(login).post(login).fallback(me))
        .route("/stock", os_session::routing::any(stock))
        .route("/orders/{owner}", os_session::routing::delete(cancel))
        .route(
            "/health",
            os_session::routing::MethodRouter::from_axum(axum::routing::get(|| async {}), "for the load balancer"),
        )
        .nest("/account", account)
        .fallback(me)
        .method_not_allowed_fallback(me)
}
