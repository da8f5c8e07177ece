use os_session::{connected, policy};

#[policy]
async fn is_admin() -> bool {
    true
}

#[connected(allow = is_admim)]
async fn home() {}

fn main() {}
