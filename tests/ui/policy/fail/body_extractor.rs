use axum::Json;
use os_session::{connected, policy};

#[policy]
async fn is_short(Json(text): Json<String>) -> bool {
    text.len() < 10
}

#[connected(allow = is_short, state = ())]
async fn home() {}

fn main() {}
