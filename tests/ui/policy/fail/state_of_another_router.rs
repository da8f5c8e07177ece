use axum::extract::State;
use os_session::{connected, policy};

#[derive(Clone)]
struct App;
#[derive(Clone)]
struct Shop;

#[policy]
async fn is_open(_: State<Shop>) -> bool {
    true
}

#[connected(allow = is_open, state = App)]
async fn home() {}

fn main() {}
