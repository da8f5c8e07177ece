use axum::debug_handler;
use axum::extract::Path;
use os_session::{connected, public};

#[debug_handler]
#[connected]
async fn home() {}

#[debug_handler]
#[public(reason = "the shop window")]
async fn item(_: Path<u64>) {}

fn main() {}
