//! Run with `cargo run --release` in this folder (valgrind installed; two or three minutes).
//!
//! The peers of os-session beside it, beside plain axum and the floor: the same requests, the same harness, one run.
//! How it is measured, and why that is fair, stands in `os_session_benches`. What is specific to peers:
//! - each is set up as its documentation shows, with its own store in memory and its defaults;
//! - its layers go around the whole router, public routes included, since that is how they are used;
//! - loading a user costs nothing: the backend answers from constants;
//! - one permission is asked for. os-session's rule, and the floor's, has a group to deny in addition.

mod axum_login;
mod axum_session;

use os_session_benches::{
    allocator::Counting,
    harness::{self, Case, Shape},
    plain::USER,
};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn main() {
    let mut cases = os_session_benches::cases();
    cases.extend([
        Case::new("axum-login", Shape::Protected, axum_login::app).holding(axum_login::fill),
        Case::new("axum-login-public", Shape::Public, axum_login::app),
        Case::new("axum_session", Shape::Protected, axum_session::app).holding(axum_session::fill),
        Case::new("axum_session-public", Shape::Public, axum_session::app),
    ]);
    harness::main("cargo run --release (in tests/peers)", &cases);
}

/// A number for each user name, `user-17` or the benchmarks' own. It is never 0, which axum_session takes for nobody.
fn number(user: &str) -> i64 {
    user.strip_prefix("user-").and_then(|number| number.parse().ok()).map_or(FIRST, |number: i64| number + FIRST + 1)
}

/// The number of [`os_session_benches::plain::USER`].
const FIRST: i64 = 1;

/// The text of the answer: the name behind a number.
fn name(number: i64) -> &'static str {
    if number == FIRST { USER } else { "somebody else" }
}
