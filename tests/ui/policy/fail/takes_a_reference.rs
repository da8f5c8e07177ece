use axum::http::HeaderMap;
use os_session::{connected, policy};

#[policy]
async fn is_browser(headers: &HeaderMap) -> bool {
    headers.contains_key("user-agent")
}

#[connected(allow = is_browser, state = ())]
async fn home() {}

fn main() {}
