//! Plain axum: what an answer costs before anybody asks who is there.

use axum::{Router, routing::get};
use std::hint::black_box;

use crate::harness::{Prepared, Shape};

/// The user in every case. The text of every answer, too: formatting one would be measured with the rest.
pub const USER: &str = "alice";

async fn me() -> String {
    // The user is a constant nowhere else, so the copy must not be folded away here.
    black_box(USER).to_owned()
}

/// One route under the two addresses of the other applications. The protected shape carries a session cookie
/// of the usual length that nobody reads.
pub async fn app(shape: Shape) -> Prepared {
    let router = Router::new().route("/me", get(me)).route("/about", get(me));
    let cookie = format!("{}={}", crate::floor::COOKIE, "A".repeat(43));
    Prepared::new(shape, router, &cookie, USER)
}
